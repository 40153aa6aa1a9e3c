"""Files of money as lines of cells: a bank's statement, or whatever writes amounts, currencies and days in columns.

Read it in this order: `lines`, a file as cells; `banks`, the formats of banks as such lines; `layout`, how a table of
whence.toml says that they are read; `sides`, a file that is compared. What else a line is for is left to whoever adds
keys of their own."""

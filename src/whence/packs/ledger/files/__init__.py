"""Files of money: what a line of a source comes to as a balanced transaction, once, or why it is refused.

Read it in this order: `lines`, a file as cells; `layout`, how whence.toml says that they are read; `sources`, the rules
by which a line is posted; `posting`, a whole file. `banks` reads the formats of banks as such lines."""

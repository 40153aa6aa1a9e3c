"""Files: what comes in and goes out. `mapping` says how a row of a file is an event; `rows` reads rows, `reader` and
`intake` make events of them, `importer` appends them and `exporter` writes them; `rehearsal` is a store to try that on.
`eventfile` and `valuefile` are read and not appended: events of a changed past, values that something else came to."""

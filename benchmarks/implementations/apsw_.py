"""The limit of SQLite: bare apsw, the same table, settings and statements that Whence runs for an append, no index."""

from __future__ import annotations

import os
import time

from benchmarks.workload import Parts, encode
from whence.stores.sqlite import SQLiteStore
from whence.stores.sqlite.connection import connect
from whence.stores.sqlite.sql import statement

INSERT = statement("insert_event")


class Apsw:
    settings = "WAL, synchronous=FULL"

    def __init__(self, folder: str) -> None:
        path = os.path.join(folder, "events.db")
        SQLiteStore.open(path, create=True).close()
        self.db = connect(path)
        self.db.execute("INSERT INTO type VALUES (1, 'EmailOpened', 1, NULL), (2, 'LeadScored', 1, NULL)")
        self.codes = {"EmailOpened": 1, "LeadScored": 2}
        self.cursor = self.db.cursor()
        self.position = 0

    def append(self, batch: list[Parts]) -> None:
        now = time.time_ns() // 1000
        rows = []
        for self.position, parts in enumerate(batch, self.position + 1):  # noqa: B020 - it goes on from where it was
            data, tags = encode(parts.data).decode(), "\n".join(sorted(parts.tags))
            rest = (None, now, None, None, None, None, None)
            rows.append((self.position, parts.id.bytes, self.codes[parts.type], tags, data, *rest))
        execute = self.cursor.execute
        execute("BEGIN IMMEDIATE")
        execute("PRAGMA data_version").fetchone()
        if len(rows) == 1:
            execute(INSERT, rows[0])
        else:
            self.cursor.executemany(INSERT, rows)
        execute("COMMIT")

    def close(self) -> None:
        self.db.close()

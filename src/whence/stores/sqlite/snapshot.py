"""What one connection sees: the head, the types and the runs as of its last transaction, read again only when another
connection has changed the file since."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import apsw
import msgspec

from whence import jsonvalue
from whence.admission import refuse_other_spelling
from whence.events import Kind, Row
from whence.postings import Postings
from whence.query import QueryItem
from whence.stores.sqlite.runs import Run, flushed_upto, load_runs
from whence.stores.sqlite.sql import statement

ROWS_AT_ONCE = 32
"""So many event rows are written by one statement; more are no quicker."""

ITEMS_MAX = 50_000
"""The numbers of so many items of queries are kept in memory, before they are forgotten and read again."""

_INSERT_EVENT = statement("insert_event")
COLUMNS = _INSERT_EVENT.count("?")
"""So many values of an event row are bound."""
_INSERT_TYPE = "INSERT INTO type (name, version, content_type) VALUES (?, ?, ?) RETURNING code"


class Types:
    """The interned types: a code for each name, version and content type."""

    def __init__(self) -> None:
        self.codes: dict[tuple[str, int, str | None], int] = {}
        self.by_name: dict[str, list[int]] = {}
        self.kinds: dict[int, Kind] = {}

    def add(self, code: int, name: str, version: int, content_type: str | None) -> None:
        self.codes[name, version, content_type] = code
        self.by_name.setdefault(name, []).append(code)
        self.kinds[code] = Kind(name, version, content_type)


class Snapshot:
    """A connection and what it saw. `refresh` is the first thing in every transaction."""

    def __init__(self, db: apsw.Connection) -> None:
        self.db = db
        cursor = db.cursor()
        self.execute = cursor.execute
        self.head = 0
        self.recorded_us = 0
        self.runs: Sequence[Run] = ()
        self.flushed = 0
        self.types = Types()
        self.postings = Postings()  # of the events beyond `flushed`, set by the store in every transaction
        self.unwritten: list[Any] = []  # the values of the rows of the transaction under way, written together
        self._items: dict[QueryItem, int] = {}  # numbers of interned items, kept by the writer
        self._version = -1

    def is_current(self) -> bool:
        """Whether no other connection has changed the file since the last transaction of this one. Reads to the end: a
        statement under way would keep what the file was, for all that is read on this connection."""
        return self.execute("PRAGMA data_version").fetchall() == [(self._version,)]

    def refresh(self) -> None:
        """See what other connections changed since the last transaction of this one."""
        version = self.execute("PRAGMA data_version").fetchone()[0]  # type: ignore[index]
        if version != self._version:
            self.reload()
            self._version = version

    def reload(self) -> None:
        last = self.execute("SELECT position, recorded FROM event ORDER BY position DESC LIMIT 1").fetchone()
        self.head, self.recorded_us = last or (0, 0)
        self.reload_runs()
        if self.execute("SELECT count(*) FROM type").fetchone() != (len(self.types.codes),):
            self.types = Types()
            for code, name, version, content_type in self.execute("SELECT code, name, version, content_type FROM type"):
                self.types.add(code, name, version, content_type)

    def reload_runs(self) -> None:
        self.runs = load_runs(self.db)
        self.flushed = flushed_upto(self.runs)

    def forget(self) -> None:
        """Trust nothing that was seen: a transaction of this connection did not commit."""
        self._version = -1
        self.types = Types()
        self._items.clear()
        self.unwritten.clear()

    def write_out(self) -> None:
        """Write the rows of the transaction under way, many in one statement: each lets other threads go first."""
        for start in range(0, len(self.unwritten), ROWS_AT_ONCE * COLUMNS):
            values = self.unwritten[start : start + ROWS_AT_ONCE * COLUMNS]
            self.execute(_insert_events(len(values) // COLUMNS), values)
        self.unwritten.clear()

    def type_codes(self, rows: Sequence[Row]) -> list[int]:
        """The code of each row's type, made when it is new. Inside a write transaction.

        Raises InvalidEvent for a type that differs from one in use only in case.
        """
        codes = self.types.codes
        if len(rows) == 1:
            row = rows[0]
            kind = (row.type, row.version, row.content_type)
            if kind in codes:
                return [codes[kind]]
        if new := {(row.type, row.version, row.content_type) for row in rows} - codes.keys():
            refuse_other_spelling((row.type for row in rows), self.types.by_name)
            for name, version, content_type in new:
                code = self.execute(_INSERT_TYPE, (name, version, content_type)).fetchone()[0]  # type: ignore[index]
                self.types.add(code, name, version, content_type)
        return [codes[row.type, row.version, row.content_type] for row in rows]

    def item_number(self, item: QueryItem) -> int:
        """The number of a query's item, interned when it is new. Inside a write transaction."""
        if (number := self._items.get(item)) is None:
            text = jsonvalue.canonical(msgspec.to_builtins(item)).decode()
            found = self.execute("SELECT number FROM query_item WHERE json = ?", (text,)).fetchone()
            if found is None:
                self.execute("INSERT INTO query_item (json) VALUES (?)", (text,))
            number = self.db.last_insert_rowid() if found is None else int(found[0])
            if len(self._items) >= ITEMS_MAX:
                self._items.clear()
            self._items[item] = number
        return number


@cache
def _insert_events(count: int) -> str:
    """The statement that inserts so many event rows."""
    values = _INSERT_EVENT[_INSERT_EVENT.index("(?") :]
    return ", ".join([_INSERT_EVENT, *[values] * (count - 1)])

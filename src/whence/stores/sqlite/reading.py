"""How a query is read: by the index where it is selective, by a scan where it is not, always confirmed on the event
row, page by page. Which snapshot it is read in is left to the store."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import starmap
from typing import Any

import apsw

from whence.events import FactRow, Recorded
from whence.postings import Postings
from whence.query import Query, QueryItem
from whence.stores.sqlite.keys import tag_hashes, type_hashes
from whence.stores.sqlite.runs import Filters, find
from whence.stores.sqlite.snapshot import Snapshot, Types
from whence.stores.sqlite.sql import statement

PAGE_EVENTS = 1000
SCAN_SHARE = 8
"""A query that may match more than one event in so many is answered by a scan."""
ALWAYS_INDEXED = 20 * PAGE_EVENTS
"""A query that matches fewer events is answered by the index in any case."""

SCAN_EVENTS = 100_000
"""One statement of a scan looks at no more events, so that no transaction is long."""

Execute = Callable[..., apsw.Cursor]
"""`execute` of a connection, or of a cursor that is kept, which is a little quicker."""
Fetch = Callable[..., list[Any]]
"""Calls one of the page functions with an `execute` of its own in front of the arguments."""

_SELECT = statement("select_event")
_SELECT_FACT = statement("select_fact")
_BY_POSITION = "FROM carray(?) AS c CROSS JOIN event e ON e.position = c.value"
_WITH_TYPE = "CROSS JOIN type t ON t.code = e.type"
_BETWEEN = "WHERE e.position > ? AND e.position <= ?"


class Filtering:
    """The part of a WHERE clause that confirms a query on the event row, with its bindings."""

    def __init__(self, query: Query, types: Types) -> None:
        self.bindings: list[str] = []
        self.sql = "1" if query.is_all else _any([self._item(item, types) for item in query.items])

    def _item(self, item: QueryItem, types: Types) -> str:
        parts = []
        if item.types:
            codes = [code for name in item.types for code in types.by_name.get(name, ())]
            parts.append(f"e.type IN ({', '.join(map(str, codes))})")
        for tag in item.tags:
            self.bindings.append(f"\n{tag}\n")
            parts.append("instr(char(10) || e.tags || char(10), ?) > 0")
        return f"({' AND '.join(parts)})"


def _any(parts: Sequence[str]) -> str:
    """Alternatives nested as a balanced tree: SQLite refuses an expression that is 1,000 deep, as a long OR is."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return f"({_any(parts[:middle])} OR {_any(parts[middle:])})"


def candidates(
    snapshot: Snapshot, postings: Postings, filters: Filters, query: Query, after: int, upto: int
) -> list[int] | None:
    """The positions with after < position <= upto that may match, rising; None when a scan is quicker."""
    if query.is_all:
        return None
    parts: list[list[int]] = []
    below = min(upto, postings.base)
    if after < below:
        room = max(ALWAYS_INDEXED, (upto - after) // SCAN_SHARE)
        for item in query.items:
            found = _in_runs(snapshot, filters, item, after, below, room)
            if found is None or (room := room - len(found)) < 0:
                return None
            parts.append(found)
    positions = parts[0] if len(parts) == 1 else sorted(set().union(*parts))
    return [*positions, *postings.matching(query, after, upto)] if upto > postings.base else positions


def _in_runs(
    snapshot: Snapshot, filters: Filters, item: QueryItem, after: int, upto: int, most: int
) -> list[int] | None:
    """Where an item may match in the runs: the positions of its rarest tag, or else of its types; None for too many."""
    hashes = tag_hashes(item.tags) or type_hashes(item.types)
    if len(hashes) == 1:
        return find(snapshot.db, snapshot.runs, filters, hashes[0], after, upto, most)
    lists = [find(snapshot.db, snapshot.runs, filters, hash, after, upto, most) for hash in hashes]
    if item.tags:
        return min((found for found in lists if found is not None), key=len, default=None)
    return None if None in lists else sorted({position for found in lists for position in found or ()})


def first_match(db: apsw.Connection, positions: Sequence[int], filtering: Filtering) -> int | None:
    """The first of these positions whose event matches, or None."""
    sql = f"SELECT e.position {_BY_POSITION} WHERE {filtering.sql} LIMIT 1"
    row = db.execute(sql, (apsw.carray(array("q", positions)), *filtering.bindings)).fetchone()
    return None if row is None else row[0]


def fetch_page(execute: Execute, positions: Sequence[int], filtering: Filtering) -> list[Recorded]:
    """The events at these positions that match, in the order of the positions."""
    if not positions:
        return []
    sql = f"{_SELECT}{_BY_POSITION} {_WITH_TYPE} WHERE {filtering.sql}"
    return list(starmap(Recorded, execute(sql, (apsw.carray(array("q", positions)), *filtering.bindings))))


def fetch_page_of_facts(execute: Execute, positions: Sequence[int], filtering: Filtering) -> list[FactRow]:
    """As `fetch_page`, with less of each event."""
    sql = f"{_SELECT_FACT}{_BY_POSITION} WHERE {filtering.sql}"
    rows: Any = execute(sql, (apsw.carray(array("q", positions)), *filtering.bindings))
    return list(rows)


def scan_page(
    execute: Execute, filtering: Filtering, after: int, upto: int, limit: int, backwards: bool
) -> list[Recorded]:
    """The first `limit` events with after < position <= upto that match, from one end or the other."""
    sql = f"{_SELECT}FROM event e {_WITH_TYPE} {_BETWEEN}"
    return list(starmap(Recorded, _scan(execute, sql, filtering, after, upto, limit, backwards)))


def scan_page_of_facts(
    execute: Execute, filtering: Filtering, after: int, upto: int, limit: int, backwards: bool
) -> list[FactRow]:
    """As `scan_page`, with less of each event."""
    return list(_scan(execute, f"{_SELECT_FACT}FROM event e {_BETWEEN}", filtering, after, upto, limit, backwards))


def _scan(
    execute: Execute, select: str, filtering: Filtering, after: int, upto: int, limit: int, backwards: bool
) -> Iterator[tuple[Any, ...]]:
    order = "DESC" if backwards else "ASC"
    sql = f"{select} AND ({filtering.sql}) ORDER BY e.position {order} LIMIT ?"
    return execute(sql, (after, upto, *filtering.bindings, limit))


def pages_at(
    fetch: Fetch,
    page_of: Callable[..., list[Any]],
    filtering: Filtering,
    positions: Sequence[int],
    limit: int | None,
) -> Iterator[list[Any]]:
    """The matching events at these positions in pages, at most `limit` in all."""
    for start in range(0, len(positions), PAGE_EVENTS):
        page = fetch(page_of, positions[start : start + PAGE_EVENTS], filtering)
        yield page if limit is None else page[:limit]
        if limit is not None and (limit := limit - len(page)) <= 0:
            return


def pages_between(
    fetch: Fetch,
    page_of: Callable[..., list[Any]],
    position_of: Callable[[Any], int],
    filtering: Filtering,
    after: int,
    upto: int,
    limit: int | None,
    backwards: bool,
) -> Iterator[list[Any]]:
    """The matching events between two positions in pages, at most `limit` in all. No one statement reads far.

    `position_of` an item of a page says where to go on.
    """
    while after < upto and (limit is None or limit > 0):
        low = max(after, upto - SCAN_EVENTS) if backwards else after
        high = upto if backwards else min(upto, after + SCAN_EVENTS)
        size = PAGE_EVENTS if limit is None else min(PAGE_EVENTS, limit)
        page = fetch(page_of, filtering, low, high, size, backwards)
        yield page
        if limit is not None:
            limit -= len(page)
        if backwards:
            upto = position_of(page[-1]) - 1 if len(page) == size else low
        else:
            after = position_of(page[-1]) if len(page) == size else high

"""Where in a stretch of history each id, tag and type occurs, held in memory. It answers queries by intersecting sorted
lists of positions; the memory and log file stores index everything with it, SQLite the newest events."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from whence.admission import RawId
from whence.events import Row
from whence.query import Query, QueryItem

NONE: list[int] = []
NOWHERE = [0]
"""The positions of what is nowhere, where there has to be a last one: 0 is before all."""


class Postings:
    """The events with base < position <= head. Adding must follow the order of positions.

    `unindexed_types` and `unindexed_tags` are those of the last events, of which only the ids can be found so far:
    `index` before asking for anything else.
    """

    def __init__(self, base: int = 0) -> None:
        self.base = base
        self.head = base
        self.ids: dict[RawId, int] = {}
        self.by_tag: dict[str, list[int]] = {}
        self.by_type: dict[str, list[int]] = {}
        self.unindexed_types: list[str] = []
        self.unindexed_tags: list[tuple[str, ...]] = []

    def add(self, position: int, raw_id: RawId, type: str, tags: Sequence[str]) -> None:
        self.head = self.ids[raw_id] = position
        self.by_type.setdefault(type, []).append(position)
        for tag in tags:
            self.by_tag.setdefault(tag, []).append(position)

    def extend(self, first: int, rows: Sequence[Row]) -> None:
        """Index rows, which have ids, at the positions from `first` on."""
        self.extend_ids(first, rows)
        self.index()

    def extend_ids(self, first: int, rows: Sequence[Row]) -> None:
        """As `extend`, with the types and tags left for `index`.

        They are kept, not the rows, whose data may be large; in two lists, since a pair for each event would be work
        for the garbage collector.
        """
        end = first + len(rows)
        self.ids.update(zip([row.raw_id for row in rows], range(first, end), strict=True))  # type: ignore[misc]
        self.unindexed_types += [row.type for row in rows]
        self.unindexed_tags += [row.tags for row in rows]
        self.head = end - 1

    def index(self) -> None:
        """Index the types and tags that `extend_ids` left."""
        by_type, by_tag, types = self.by_type, self.by_tag, self.unindexed_types
        unindexed = zip(types, self.unindexed_tags, strict=True)
        for position, (type, tags) in enumerate(unindexed, self.head - len(types) + 1):
            if type in by_type:
                by_type[type].append(position)
            else:
                by_type[type] = [position]
            for tag in tags:
                if tag in by_tag:
                    by_tag[tag].append(position)
                else:
                    by_tag[tag] = [position]
        self.unindexed_types.clear()
        self.unindexed_tags.clear()

    def newest_match(self, query: Query, after: int) -> int | None:
        """A position beyond `after` that matches, or None."""
        if query.is_all:
            return self.head if self.head > max(after, self.base) else None
        for item in query.items:
            if (position := self._newest_item_match(item, after)) is not None:
                return position
        return None

    def matching(self, query: Query, after: int, upto: int) -> Sequence[int]:
        """The positions with after < position <= upto that match, rising."""
        if query.is_all:
            return range(max(after, self.base) + 1, min(upto, self.head) + 1)
        if len(query.items) == 1:
            return self._item_matches(query.items[0], after, upto)
        return sorted(set().union(*(self._item_matches(item, after, upto) for item in query.items)))

    def _newest_item_match(self, item: QueryItem, after: int) -> int | None:
        for tag in item.tags:  # before the types, whose positions are put in order first
            if self.by_tag.get(tag, NOWHERE)[-1] <= after:
                return None
        lists = list(self._lists(item))
        if not lists[-1] or lists[-1][-1] <= after:
            return None
        if len(lists) == 1:
            return lists[0][-1]
        found = self._item_matches(item, after, self.head)
        return found[-1] if found else None

    def _item_matches(self, item: QueryItem, after: int, upto: int) -> list[int]:
        parts = [
            positions[bisect_right(positions, after) : bisect_right(positions, upto)] for positions in self._lists(item)
        ]
        if len(parts) == 1:
            return parts[0]
        parts.sort(key=len)
        found, others = parts[0], parts[1:]
        for other in others:
            found = [position for position in found if _holds(other, position)]
        return found

    def _lists(self, item: QueryItem) -> Iterator[list[int]]:
        """One sorted list of positions for each thing the item asks for."""
        for tag in item.tags:
            yield self.by_tag.get(tag, NONE)
        if len(item.types) == 1:
            yield self.by_type.get(item.types[0], NONE)
        elif item.types:
            yield sorted(position for name in item.types for position in self.by_type.get(name, NONE))


def _holds(positions: list[int], position: int) -> bool:
    place = bisect_left(positions, position)
    return place < len(positions) and positions[place] == position

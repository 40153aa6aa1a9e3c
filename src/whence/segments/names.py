"""Names of several kinds for the entities of one: `visitor:abc` and `lead:42` for `customer:7`. Each name has a number,
and each row that of the name by which its entity is called first. Which names are of one entity is said by who asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any

from whence.grammar import split_tag
from whence.segments.fields import quoted_text

if TYPE_CHECKING:
    from whence.segments.reading import Segments

_NUMBERS = count(1)
"""So that two that are asked of the same segments have tables of their own."""
_OTHER_NAMES = """SELECT name
FROM (SELECT unnest(string_split(other_tags, chr(10))) AS name, position FROM ({rows}))
WHERE split_part(name, ':', 1) IN ({kinds})
GROUP BY name
ORDER BY min(position), name"""
_KINDS = "SELECT DISTINCT split_part(unnest(string_split(other_tags, chr(10))), ':', 1) AS kind FROM ({rows})"
_FIRST_OF_A_KIND = "list_filter(string_split(s.other_tags, chr(10)), lambda tag: starts_with(tag, {}))[1]"


class Names:
    """The names that events of some types have: those of the segments' kind, which have their codes, then those of the
    other `kinds`, in the order of their first events. `groups` are the names of each entity that has several.

    `who` is the number of a row's entity in SQL, where a type's rows are called `s` and `joins` stands behind them;
    `are_joined` says whether an event may stand there twice for one entity.
    """

    def __init__(
        self, segments: Segments, kinds: Sequence[str], groups: Iterable[Sequence[str]], types: Sequence[str]
    ) -> None:
        self._segments, self._kinds, self._types = segments, kinds, types
        self._number = next(_NUMBERS)
        others = self._others = self._of_other_kinds()
        self.size = segments.entity_count + len(others)
        joined: dict[int, int] = {}
        for names in groups:
            first, *rest = self.numbers(names) or [0]
            joined.update(dict.fromkeys(rest, first))
        self.are_joined = bool(joined)
        self.who, self.joins = "s.entity", ""
        if joined:
            table = self.registered("joined", {"code": joined.keys(), "who": joined.values()})
            self.who = "coalesce(j.who, s.entity)"
            self.joins += f"\n  LEFT JOIN {table} j ON j.code = s.entity"
        if others:
            whos = [joined.get(number, number) for number in range(segments.entity_count, self.size)]
            table = self.registered("named", {"name": others, "who": whos})
            firsts = ", ".join(_FIRST_OF_A_KIND.format(quoted_text(f"{kind}:")) for kind in kinds[1:])
            self.who = f"coalesce({self.who}, o.who)"
            self.joins += f"\n  LEFT JOIN {table} o ON s.entity IS NULL AND o.name = coalesce({firsts})"

    def name(self, number: int) -> str:
        """The name that has a number."""
        return self._names[number]

    def numbers(self, names: Iterable[str]) -> list[int]:
        """The numbers of names that events have: of an earlier kind first, then those that came first."""
        kinds = {kind: place for place, kind in enumerate(self._kinds)}
        there = [each for each in names if each in self._by_name]
        found = [(kinds.get(split_tag(each)[0], len(kinds)), self._by_name[each]) for each in there]
        return [number for _, number in sorted(found)]

    def has(self, kind: str) -> bool:
        """Whether an event has a name of one of the kinds."""
        if kind == self._kinds[0]:
            return self._segments.entity_count > 0
        return any(name.startswith(f"{kind}:") for name in self._others)

    def other_kinds(self) -> list[str]:
        """The kinds of all tags that events have beside those of the segments' kind."""
        return list(self._segments.sql(_KINDS.format(rows=self._other_tags())).column("kind").to_pylist())

    def registered(self, name: str, columns: Mapping[str, Iterable[Any]]) -> str:
        """The name of a table in SQL that has these columns, arrays or lists."""
        import pyarrow as pa  # here, since who asks nothing of columns may not have it

        table = f"names_{self._number}_{name}"
        self._segments.register(table, pa.table({name: pa.array(values) for name, values in columns.items()}))
        return table

    @cached_property
    def _names(self) -> list[str]:
        return [*self._segments.entities(), *self._others]

    @cached_property
    def _by_name(self) -> dict[str, int]:
        return {each: number for number, each in enumerate(self._names)}

    def _other_tags(self) -> str:
        return " UNION ALL ".join(
            f"SELECT other_tags, position FROM {self._segments.rows_of(type)} WHERE other_tags IS NOT NULL"
            for type in self._types
        )

    def _of_other_kinds(self) -> list[str]:
        if len(self._kinds) == 1 or not self._types:
            return []
        kinds = ", ".join(map(quoted_text, self._kinds[1:]))
        found = self._segments.sql(_OTHER_NAMES.format(rows=self._other_tags(), kinds=kinds))
        return list(found.column("name").to_pylist())

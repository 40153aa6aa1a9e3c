"""The touchpoints of all customers up to a moment, in columns: who (a number for each customer, whatever names the
customer has), when, and at which position. What is asked of them is left to funnel, cohorts, paths and the others.

    with journeys.touchpoints(db, kinds=["customer", "lead", "visitor"]) as asked:
        journeys.funnel(asked, ["Visited", "SignedUp", "Bought"], within="30 days")
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from whence.clock import LATEST_US
from whence.contents import main_kind
from whence.errors import InvalidQuery, NotKnown
from whence.grammar import split_tag
from whence.packs.journeys.events import Identified
from whence.packs.journeys.people import People, kinds_of, pairs_in
from whence.packs.journeys.sql import statement
from whence.packs.journeys.state import Identity, Naming, naming_of
from whence.packs.journeys.step import Condition, Step
from whence.segments.fields import ABSENT, OF_ANY, Fields, quoted_text

if TYPE_CHECKING:
    import pyarrow as pa

    from whence.app import Moment, Progress, Whence
    from whence.history import At, History
    from whence.segments.reading import Segments

Columns = Mapping[str, str | None]
OWN = (Identified.event_type.partition(".")[0] + ".", "whence.")
"""What types begin with that are no touchpoints: who is who, and Whence's own."""
_NUMBERS = count(1)
"""So that two that are asked of the same segments have tables of their own."""
SUM_MAX = 2**62
"""In millionths; sums are of 64 bits."""
TYPE = "\0type"
"""Of a column: the number of the type. It is no field's name, as `type` may be."""
_EMPTY = "SELECT NULL::INTEGER AS who, NULL::BIGINT AS time_us, NULL::BIGINT AS position{columns} WHERE false"


@contextmanager
def touchpoints(
    db: Whence,
    *,
    kinds: Sequence[str] = (),
    joined_by: Sequence[str] | None = None,
    at: Moment = None,
    clock: str = "occurred",
    build: bool = True,
    progress: Progress | None = None,
) -> Iterator[Touchpoints]:
    """The touchpoints up to a moment: by the occurred clock what had happened by then, by the recorded clock what was
    known then, who is who included.

    `kinds` are the kinds of tags that name customers, the one that a customer is called by first; by default those of
    `[pack.journeys]` in whence.toml, else the main kind of the store and those that are joined with others. `joined_by`
    are the event types that join the names they are tagged with (see people.pairs_in). Segments that are missing are
    built, unless `build` is False. Raises as Whence.segments does.
    """
    naming = naming_of(db, kinds, joined_by)
    moment = db.at(at, clock=clock)
    main = naming.kinds[0] if naming.kinds else _main_kind(db, naming.joined_by)
    with db.segments(main, build=build, progress=progress) as segments:
        yield Touchpoints(db, segments, naming, moment)


def _main_kind(db: Whence, joined_by: Sequence[str]) -> str:
    """The kind that the events are mostly about; who is who is no kind of customers."""
    found = main_kind(db.store, db.config.models)
    if found != Identity.kind:
        return found
    return main_kind(db.store, [*db.config.models, *kinds_of(pairs_in(db.history(), joined_by), found)[1:]])


class Touchpoints:
    """What `touchpoints` opens. `head` is the last position that it is asked up to."""

    def __init__(self, db: Whence, segments: Segments, naming: Naming, moment: At) -> None:
        self.db = db
        self.segments = segments
        self.naming = naming
        self.history: History = db.history(moment).upto(segments.head)
        self.people = People.of(self.history, naming, segments.kind)
        self.zone = db.config.zone
        self.head = self.history.bounds[0]
        self.built = min(segments.built, self.head)
        self.types = tuple(type for type in segments.types if not type.startswith(OWN))
        self.fields = Fields(segments)
        self._others = self._other_names()
        self._number = next(_NUMBERS)
        joined = self._joined_codes()
        self._joined = self.registered("joined", {"code": joined.keys(), "who": joined.values()}) if joined else None
        first = self.segments.entity_count
        whos = [joined.get(number, number) for number in range(first, self.size)]
        self._named = self.registered("named", {"name": self._others, "who": whos}) if whos else None

    def at(self, moment: Moment, *, clock: str = "occurred") -> Touchpoints:
        """The touchpoints up to another moment, of the same history: it is not opened again. Raises as Whence.history
        does."""
        return Touchpoints(self.db, self.segments, self.naming, self.db.at(moment, clock=clock))

    # Who.

    @property
    def size(self) -> int:
        """How many names there are; the numbers of customers are smaller."""
        return self.segments.entity_count + len(self._others)

    @cached_property
    def _names(self) -> list[str]:
        return [*self.segments.entities(), *self._others]

    def name(self, who: int) -> str:
        """What a customer is called."""
        return self._names[who]

    def who(self, name: str) -> int:
        """The number of the customer who has a name. Raises NotKnown for one that no event has."""
        if not (found := self._numbers_of(self.people.names_of(name))):
            raise NotKnown("Nothing is known of this customer", name=name, remedy="Names are written visitor:abc.")
        return found[0]

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {each: number for number, each in enumerate(self._names)}

    def _numbers_of(self, names: Iterable[str]) -> list[int]:
        """The numbers of names that events have: of an earlier kind first, then those that came first."""
        kinds = {kind: place for place, kind in enumerate(self.people.kinds)}
        found = [
            (kinds.get(split_tag(each)[0], len(kinds)), self._numbers[each]) for each in names if each in self._numbers
        ]
        return [number for _, number in sorted(found)]

    def _other_names(self) -> list[str]:
        """The names of the other kinds, which the segments have no codes for, in the order of their first events."""
        if len(self.people.kinds) == 1:
            return []
        rows = [
            f"SELECT other_tags, position FROM {self.segments.rows_of(type)} WHERE other_tags IS NOT NULL"
            for type in self.types
        ]
        if not rows:
            return []
        kinds = ", ".join(quoted_text(each) for each in self.people.kinds[1:])
        found = self.segments.sql(statement("other_names").format(rows=" UNION ALL ".join(rows), kinds=kinds))
        return list(found.column("name").to_pylist())

    def _joined_codes(self) -> dict[int, int]:
        """The number of a customer for each that a name of his has beside it."""
        joined: dict[int, int] = {}
        for names in self.people.groups():
            first, *others = self._numbers_of(names) or [0]
            joined.update(dict.fromkeys(others, first))
        return joined

    @cached_property
    def last_us(self) -> int:
        """The moment that is asked about, or else the time of the last touchpoint; 0 where there is none."""
        cut = self.history.bounds[1]
        if cut < LATEST_US:
            return cut
        (found,) = self.sql(f"SELECT max(time_us) AS last FROM ({self.rows()})").column("last").to_pylist()
        return found or 0

    # Rows.

    def known(self, step: Step) -> Step:
        """The step, if a touchpoint has one of its types, and none is who is who or Whence's own. Raises
        InvalidQuery."""
        if own := [each for each in step.types if each.startswith(OWN)]:
            remedy = "Name what customers did; whence log shows the other events."
            raise InvalidQuery("This is no touchpoint", type=own[0], remedy=remedy)
        found = step.check(self.types)
        for each in found.conditions:
            self.having(each.field, [found])
        return found

    def having(self, field: str, steps: Sequence[Step] | None = None) -> None:
        """Raises InvalidQuery where no event of these steps, by default no touchpoint at all, has the field, whenever
        it happened: then it is mistyped. `actor`, `correlation` and `settings` any event may have."""
        types = self.types if steps is None else dict.fromkeys(type for each in steps for type in each.types)
        there = [type for type in types if type in self.segments.types]
        if not there or field in OF_ANY:
            return
        for type in there:
            said = self.fields.text(type, field)
            if said == ABSENT:
                continue
            if self.sql(
                f"SELECT 1 AS found FROM {self.segments.rows_of(type)} s WHERE {said} IS NOT NULL LIMIT 1"
            ).num_rows:
                return
        remedy = f"whence log --type {there[0]} shows what there is."
        raise InvalidQuery("No such event has this field", field=field, types=", ".join(there), remedy=remedy)

    def rows(
        self,
        types: Iterable[str] | None = None,
        columns: Columns | None = None,
        conditions: Sequence[Condition] = (),
    ) -> str:
        """A SELECT of the touchpoints of some types, by default of all: who, time_us, position, and `columns`, from
        their names to what they are: a field, or TYPE for the number of the type in `segments.types`."""
        chosen = self.types if types is None else [type for type in types if type in self.segments.types]
        wanted = dict(columns or {})
        parts = [self._rows(type, wanted, conditions) for type in chosen]
        if not parts:
            return _EMPTY.format(columns="".join(f", NULL::{_kind(what)} AS {name}" for name, what in wanted.items()))
        return "\nUNION ALL\n".join(parts)

    def rows_of_step(self, step: Step | None, columns: Columns | None = None) -> str:
        """The touchpoints that count as a step, by default all."""
        return self.rows(columns=columns) if step is None else self.rows(step.types, columns, step.conditions)

    def amounts(self, step: Step | None, field: str | None) -> str:
        """A SELECT of the touchpoints that count as a step, with an `amount`: a field in millionths, 0 where there is
        none. Raises InvalidQuery for what is no number, and where the sum would be too large."""
        if field is None:
            return statement("amounts").format(touchpoints=self.rows_of_step(step, {"amount": None}))
        self.having(field, None if step is None else [step])
        made = statement("amounts").format(touchpoints=self.rows_of_step(step, {"amount": field}))
        (found,) = self.sql(f"SELECT min(odd) AS odd, sum(abs(amount)) AS size FROM ({made})").to_pylist()
        if found["odd"] is not None:
            remedy = "Sum up a field of numbers of at most six decimals."
            raise InvalidQuery("Not a number to sum up", field=field, value=found["odd"], remedy=remedy)
        if (found["size"] or 0) > SUM_MAX:
            remedy = "Sum up a larger unit, or a part of the history."
            raise InvalidQuery("The sum is too large", field=field, remedy=remedy)
        return made

    def numbers(self, field: str, source: str | None) -> str | None:
        """A SELECT of the sequence numbers that events have in a field, and the field that tells sources apart, over
        all events; None where no type has the field."""
        parts = []
        for type in self.segments.types:
            said = self.fields.text(type, field)
            if said == ABSENT:
                continue
            tests = [f"{said} IS NOT NULL", *self._bounds()]
            if "copy" in self.fields.columns(type):
                tests.append("NOT coalesce(s.copy, false)")
            part = statement("numbers_of_a_type").format(
                source=ABSENT if source is None else self.fields.text(type, source),
                number=said,
                rows=self.segments.rows_of(type),
                conditions="\n  AND ".join(tests),
            )
            parts.append(f"({part})")
        return "\nUNION ALL\n".join(parts) or None

    def sql(self, query: str) -> pa.Table:
        return self.segments.sql(query)

    def registered(self, name: str, columns: Mapping[str, Any]) -> str:
        """The name of a table that has these columns, arrays or lists."""
        import pyarrow as pa

        table = f"journeys_{name}_{self._number}"
        self.segments.register(table, pa.table({name: pa.array(values) for name, values in columns.items()}))
        return table

    def arrays(self, query: str, *names: str) -> list[np.ndarray[Any, Any]]:
        """Some columns of what a query gives, as arrays."""
        found = self.sql(query)
        return [found.column(name).to_numpy() for name in names]

    def _rows(self, type: str, columns: Columns, conditions: Sequence[Condition]) -> str:
        there = self.fields.columns(type)
        who, joins = self._who(there)
        tests = [f"{who} IS NOT NULL", *self._bounds()]
        tests += [self._test(type, each) for each in conditions]
        shown = "".join(f",\n  {self._column(type, what)} AS {name}" for name, what in columns.items())
        made = statement("touchpoints_of_a_type").format(
            who=who,
            columns=shown,
            rows=self.segments.rows_of(type),
            joins=joins,
            conditions="\n  AND ".join(tests),
        )
        if self._joined and "copy" in there:  # an event of two names of one customer happened once
            made = f"SELECT DISTINCT ON (who, position) * FROM ({made})"
        return f"({made})"

    def _bounds(self) -> Iterator[str]:
        """The tests, in SQL, that a row is of the history that is asked about."""
        position, last_us = self.history.bounds
        if position < self.segments.head:
            yield f"s.position <= {position}"
        if last_us < LATEST_US:
            yield f"epoch_us(coalesce(s.time, s.recorded)) <= {last_us}"

    def _who(self, there: Mapping[str, str]) -> tuple[str, str]:
        """The number of a row's customer in SQL, and what has to be joined for it."""
        parts, joins = ["s.entity"], ""
        if self._joined:
            parts.insert(0, "j.who")
            joins += f"\n  LEFT JOIN {self._joined} j ON j.code = s.entity"
        if self._named and "other_tags" in there:
            parts.append("o.who")
            tags = "string_split(s.other_tags, chr(10))"
            firsts = (
                f"list_filter({tags}, lambda tag: starts_with(tag, {quoted_text(kind + ':')}))[1]"
                for kind in self.people.kinds[1:]
            )
            joins += f"\n  LEFT JOIN {self._named} o ON s.entity IS NULL AND o.name = coalesce({', '.join(firsts)})"
        return (f"coalesce({', '.join(parts)})" if len(parts) > 1 else parts[0]), joins

    def _column(self, type: str, what: str | None) -> str:
        if what == TYPE:
            return f"{self.segments.types.index(type)}::INTEGER"
        return ABSENT if what is None else self.fields.text(type, what)

    def _test(self, type: str, condition: Condition) -> str:
        text, sign = self.fields.text(type, condition.field), condition.test
        match condition.value:
            case bool():
                return f"{text} {sign} '{str(condition.value).lower()}'"
            case float():
                return f"TRY_CAST({text} AS DOUBLE) {sign} {condition.value!r}"
            case _:
                if condition.test not in ("=", "!="):
                    remedy = "Compare with a number."
                    raise InvalidQuery("Texts are equal or not", field=condition.field, remedy=remedy)
                return f"{text} {sign} {quoted_text(condition.value)}"


def _kind(what: str | None) -> str:
    return "INTEGER" if what == TYPE else "VARCHAR"

"""The touchpoints of all customers up to a moment, in columns: who (a number for each customer, whatever names the
customer has), when, at which position, and of which type. What is asked of them is left to the questions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from whence.clock import LATEST_US
from whence.errors import InvalidQuery, NotKnown
from whence.grammar import split_tag
from whence.packs.journeys.events import OWN
from whence.packs.journeys.naming import Naming
from whence.packs.journeys.people import People, main_of
from whence.packs.journeys.state import naming_of
from whence.packs.touchpoints.statements import statement
from whence.packs.touchpoints.step import Step
from whence.segments.fields import OF_ANY
from whence.segments.names import Names
from whence.segments.selection import Columns, Selection

if TYPE_CHECKING:
    import pyarrow as pa

    from whence.app import Moment, Progress, Whence
    from whence.history import At, History
    from whence.segments.reading import Segments

Array = np.ndarray[Any, Any]
NOTHING: Columns = {}
NO_TOUCHPOINTS = (OWN, "whence.")
"""What types begin with that are no touchpoints: who is who, and Whence's own."""
SUM_MAX = 2**62
"""In millionths; sums are of 64 bits."""


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
    built, unless `build` is False. Raises InvalidQuery for kinds that no event has, or one that looks like another that
    events have, and as Whence.segments does.
    """
    naming = naming_of(db, kinds, joined_by)
    moment = db.at(at, clock=clock)
    with db.segments(main_of(db.history(), naming, db.config.models), build=build, progress=progress) as segments:
        asked = Touchpoints(db, segments, naming, moment)
        asked.refuse_kinds(naming.kinds)
        yield asked


class Touchpoints:
    """What `touchpoints` opens. `moment` is what it is asked as of, `head` the last position up to then."""

    def __init__(self, db: Whence, segments: Segments, naming: Naming, moment: At) -> None:
        self.db = db
        self.segments = segments
        self.naming = naming
        self.history: History = db.history(moment).upto(segments.head)
        self.people = People.of(self.history, naming, segments.kind)
        self.zone = db.config.zone
        self.moment = moment
        self.head = self.history.bounds[0]
        self.built = min(segments.built, self.head)
        self.types = tuple(type for type in segments.types if not type.startswith(NO_TOUCHPOINTS))
        self._names = Names(segments, self.people.kinds, self.people.groups(), self.types)
        self._selection = Selection(segments, self._names, self.history.bounds)
        self.size = self._names.size
        """How many names there are; the numbers of customers are smaller."""

    def at(self, moment: Moment, *, clock: str = "occurred") -> Touchpoints:
        """The touchpoints up to another moment, of the same history: it is not opened again. Raises as Whence.history
        does."""
        return Touchpoints(self.db, self.segments, self.naming, self.db.at(moment, clock=clock))

    def who(self, name: str) -> int:
        """The number of the customer who has a name. Raises NotKnown for one that no event has."""
        if not (found := self._names.numbers(self.people.names_of(name))):
            raise NotKnown("Nothing is known of this customer", name=name, remedy="Names are written visitor:abc.")
        return found[0]

    def name(self, who: int) -> str:
        """What the customer of a number is called by."""
        return self._names.name(who)

    @cached_property
    def last_us(self) -> int:
        """The moment that is asked about, or else the time of the last touchpoint; 0 where there is none. By the
        recorded clock it is the last touchpoint or the moment, whichever is later: what was known may lie ahead."""
        cut = self.history.bounds[1]
        if cut < LATEST_US:
            return cut
        (found,) = self.sql(f"SELECT max(time_us) AS last FROM ({self.rows()})").column("last").to_pylist()
        return max(found or 0, self.moment.recorded_us or 0)

    # What is meant.

    def refuse_kinds(self, kinds: Sequence[str]) -> None:
        """Raises InvalidQuery where no customer has a name of these kinds, or of one of them that looks mistyped."""
        if not kinds or not self.types:
            return
        joined = {split_tag(name)[0] for names in self.people.groups() for name in names}
        absent = [kind for kind in kinds if kind not in joined and not self._names.has(kind)]
        if not absent:
            return
        there = {*self._names.other_kinds()}.difference(kinds)
        near = [each for kind in absent for each in get_close_matches(kind, there, 2, 0.6)]
        if near or len(absent) == len(kinds):
            remedy = f"Did you mean {' or '.join(near)}?" if near else "whence types lists the kinds that there are."
            raise InvalidQuery("No event has a tag of these kinds", kinds=", ".join(absent), remedy=remedy)

    def known(self, said: str | Step) -> Step:
        """The step, if a touchpoint has one of its types and the fields of its conditions, and none is who is who or
        Whence's own. Raises InvalidQuery."""
        step = Step.of(said)
        if own := [each for each in step.types if each.startswith(NO_TOUCHPOINTS)]:
            remedy = "Name what customers did; whence log shows the other events."
            raise InvalidQuery("This is no touchpoint", type=own[0], remedy=remedy)
        if not set(step.types) & set(self.types):
            near = [each for type in step.types for each in get_close_matches(type, self.types, 2, 0.6)]
            remedy = f"Did you mean {' or '.join(near)}?" if near else "whence types lists what there is."
            raise InvalidQuery("No event has the type of this step", step=step.name, remedy=remedy)
        for each in step.conditions:
            self.having(each.field, [step])
        return step

    def having(self, field: str, steps: Sequence[Step] | None = None) -> None:
        """Raises InvalidQuery where no event of these steps, by default no touchpoint at all, has the field, whenever
        it happened: then it is mistyped. `actor`, `correlation` and `settings` any event may have."""
        types = self.types if steps is None else dict.fromkeys(type for each in steps for type in each.types)
        there = [type for type in types if type in self.segments.types]
        if there and field not in OF_ANY and not self._selection.has(there, field):
            remedy = f"whence log --type {there[0]} shows what there is."
            raise InvalidQuery("No such event has this field", field=field, types=", ".join(there), remedy=remedy)

    # Rows.

    def rows(self, columns: Columns = NOTHING) -> str:
        """A SELECT of all touchpoints: who, time_us, position, type (its number in `segments.types`), and `columns`."""
        return self._selection.of_entities(self.types, columns)

    def rows_of_step(self, step: Step | None, columns: Columns = NOTHING) -> str:
        """The touchpoints that count as a step; None: all."""
        if step is None:
            return self.rows(columns)
        types = [type for type in step.types if type in self.segments.types]
        return self._selection.of_entities(types, columns, step.conditions)

    def who_and_when(self, step: Step | None) -> tuple[Array, Array]:
        """The customers and times of the touchpoints that count as a step, by default of all."""
        who, time_us = self.arrays(f"SELECT who, time_us FROM ({self.rows_of_step(step)})", "who", "time_us")
        return who, time_us

    def amounts(self, step: Step | None, field: str | None) -> str:
        """A SELECT of the touchpoints that count as a step, with an `amount`: a field in millionths, 0 where there is
        none. Raises InvalidQuery for what is no number, and where the sum would be too large."""
        made = statement(__package__, "amounts", touchpoints=self.rows_of_step(step, {"amount": field}))
        if field is None:
            return made
        self.having(field, None if step is None else [step])
        (found,) = self.sql(f"SELECT min(odd) AS odd, sum(abs(amount)) AS size FROM ({made})").to_pylist()
        if found["odd"] is not None:
            remedy = "Sum up a field of numbers, of at most twelve digits before the point; millionths are the finest."
            raise InvalidQuery("Not a number to sum up", field=field, value=found["odd"], remedy=remedy)
        if (found["size"] or 0) > SUM_MAX:
            remedy = "Sum up a larger unit, or a part of the history."
            raise InvalidQuery("The sum is too large", field=field, remedy=remedy)
        return made

    def all_events(self, columns: Columns) -> str:
        """As rows, of all events, each once: whoever they are about, and also those that are no touchpoints."""
        return self._selection.of_all(columns)

    def registered(self, name: str, columns: Mapping[str, Iterable[Any]]) -> str:
        """Make a table of these columns, arrays or lists; its name in SQL."""
        return self._names.registered(name, columns)

    def sql(self, query: str) -> pa.Table:
        """What a query gives."""
        return self.segments.sql(query)

    def arrays(self, query: str, *names: str) -> list[Array]:
        """Some columns of what a query gives, as arrays."""
        found = self.sql(query)
        return [found.column(name).to_numpy() for name in names]


def decimal_of(millionths: int) -> Decimal:
    """An amount as people write it: two decimals where that is exact, else as many as it has."""
    found = Decimal(millionths).scaleb(-6)
    return found.quantize(Decimal("0.01")) if millionths % 10_000 == 0 else found.normalize()

"""Decisions and what came of each, as arrays: when, about whom, the outcome, and which versions the decision says that
it was taken by, in its fields or its basis. The outcome is computed from events; what is compared with what is left to
whoever asks."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from whence.compare import same
from whence.duration import DAY_US
from whence.errors import InvalidQuery, NotKnown
from whence.events import Recorded
from whence.experiments.side import in_occurred_order
from whence.experiments.statistics import Floats, Ints
from whence.history import History
from whence.query import Query
from whence.tree import MISSING, at

BASIS = "basis"
"""The axis of the settings that a decision's basis names."""
SAMPLE = 2000
"""So many decisions are looked at to tell which of their tags says what an outcome belongs to."""


class Axis(msgspec.Struct, frozen=True):
    """A field in which decisions name a version: for each decision the number of its name, -1 for none."""

    names: tuple[Any, ...]
    codes: Ints

    @classmethod
    def of(cls, said: Sequence[Any]) -> Axis:
        """The names in their order, numbered; None is no name."""
        names = dict.fromkeys(name for name in said if name is not None)
        numbers = {name: number for number, name in enumerate(names)}
        codes = np.fromiter((-1 if name is None else numbers[name] for name in said), np.int64, len(said))
        return cls(tuple(names), codes)

    def number(self, name: str) -> int | None:
        """The number of a name; None for one that no decision has."""
        return self.names.index(name) if name in self.names else None


class Day(msgspec.Struct, frozen=True):
    """How many decisions there were on a day (UTC), which begins at `time_us`, and their mean outcome."""

    time_us: int
    decisions: int
    mean: float


class Trials(msgspec.Struct, frozen=True):
    """Decisions in the order of time. `entities` are numbers, of which one stands for whoever several decisions may be
    about; `left_out` counts decisions that were observed too briefly, or have no outcome in their field."""

    times_us: Ints
    entities: Ints
    values: Floats
    axes: Mapping[str, Axis] = {}
    is_share: bool = True
    left_out: int = 0
    outcome: str = ""

    def by_day(self) -> Iterator[Day]:
        """The days on which there were decisions, in their order."""
        if not len(self.values):
            return
        day = self.times_us // DAY_US
        counts, sums = np.bincount(day - day[0]), np.bincount(day - day[0], self.values)
        for number in np.flatnonzero(counts).tolist():
            yield Day(int(day[0] + number) * DAY_US, int(counts[number]), float(sums[number] / counts[number]))


def trials(
    history: History,
    decision: str,
    *,
    outcome: str | None = None,
    within_us: int | None = None,
    average: str | None = None,
    share: tuple[str, Any] | None = None,
    entity: str | None = None,
    named_by: Iterable[str] = (),
) -> Trials:
    """The decisions of an event type with one of three outcomes: whether an event of type `outcome` about the same
    entity followed `within_us`, which counts for the latest decision before it; the number in the field `average`; or
    whether a field has a value, `share`. `entity` is the kind of tag by which an outcome belongs to a decision, and
    `named_by` the fields (TYPE.FIELD) in which one may name a version.

    Decisions too near to the end of the history to know are left out. Raises NotKnown and InvalidQuery.
    """
    if sum(each is not None for each in (outcome, average, share)) != 1:
        raise InvalidQuery("Not clear what the outcome is", remedy="Give one of --outcome, --average and --share.")
    made = in_occurred_order(_all(history, decision))
    if outcome is not None:
        found = _that_followed(history, made, outcome, within_us, entity)
    else:
        found = _in_a_field(made, average, share, entity)
    _refuse_alike(made, found)
    meant = [made[number] for number in found.kept]
    fields = [field for field in named_by if field.rpartition(".")[0] == decision]
    named = {field: [_name(event, field) for event in meant] for field in fields}
    named[BASIS] = [_version_in_basis(event) for event in meant]
    return Trials(
        np.array([event.time_us for event in meant], np.int64),
        Axis.of([found.who[number] for number in found.kept]).codes,
        np.array(found.values, np.float64),
        {field: axis for field, said in named.items() if (axis := Axis.of(said)).names},
        is_share=average is None,
        left_out=len(made) - len(meant),
        outcome=found.said,
    )


def _refuse_alike(made: Sequence[Recorded], found: _Outcomes) -> None:
    """Raise NotKnown where the outcome is not known of any decision, or is the same for all."""
    if not found.kept:
        remedy = "Ask for an outcome within a shorter time, or later."
        raise NotKnown("No decision was seen for long enough", decisions=len(made), outcome=found.said, remedy=remedy)
    if len(found.kept) > 1 and min(found.values) == max(found.values):
        facts = {"decisions": len(found.kept), "outcome": found.said, "always": f"{found.values[0]:g}"}
        raise NotKnown("All decisions came to the same", **facts, remedy="Ask for another outcome, or within longer.")


class _Outcomes(NamedTuple):
    """What came of decisions: the numbers of those of which it is known, and the value of each of these; whom every
    decision is about; and what the outcome is called."""

    kept: list[int]
    values: list[float]
    who: list[Any]
    said: str


def _all(history: History, type: str) -> list[Recorded]:
    """The events of a type. Raises NotKnown where there are none."""
    found = list(history.events(Query.of(types=[type])))
    if not found:
        raise NotKnown("There are no such events", type=type, remedy="whence types lists the types there are.")
    return found


def _in_a_field(
    made: Sequence[Recorded], average: str | None, share: tuple[str, Any] | None, entity: str | None
) -> _Outcomes:
    """The number in a field of each decision, or whether it has a value."""
    if share is None:
        field, said = average, f"average {average}"
    else:
        field, said = share[0], f"share with {share[0]} = {share[1]}"
    measured = {number: _measured(event, field or "", share) for number, event in enumerate(made)}
    known = {number: value for number, value in measured.items() if value is not None}
    if not known:
        raise NotKnown("No such event has this field as a number", type=made[0].type, field=field)
    return _Outcomes(list(known), list(known.values()), _who(made, entity), said)


def _that_followed(
    history: History, made: Sequence[Recorded], outcome: str, within_us: int | None, entity: str | None
) -> _Outcomes:
    """Whether an event came after each decision, of which the history has seen enough."""
    if within_us is None or within_us <= 0:
        raise InvalidQuery("An outcome comes within a time", remedy='Give within="7 days".')
    followed = _all(history, outcome)
    matching = entity or _matching(made, followed)
    last_us = max(event.time_us for event in (*made, *followed))
    hits = _followed(made, followed, matching, within_us)
    kept = [number for number, event in enumerate(made) if event.time_us + within_us <= last_us]
    values = [float(number in hits) for number in kept]
    return _Outcomes(kept, values, _who(made, None, beside=matching), f"share with {outcome}")


def _followed(made: Sequence[Recorded], followed: Sequence[Recorded], kind: str, within_us: int) -> set[int]:
    """The numbers of the decisions that an outcome came after, each outcome for the latest decision before it."""
    by_entity: dict[str, list[tuple[int, int]]] = {}
    for number, event in enumerate(made):
        for tag in event.entities(kind):
            by_entity.setdefault(tag, []).append((event.time_us, number))
    for several in by_entity.values():
        several.sort()
    hits = set()
    for event in followed:
        for tag in event.entities(kind):
            several = by_entity.get(tag, [])
            before = bisect_right(several, (event.time_us, len(made))) - 1
            if before >= 0 and event.time_us - several[before][0] <= within_us:
                hits.add(several[before][1])
    return hits


def _matching(made: Sequence[Recorded], followed: Sequence[Recorded]) -> str:
    """The kind of tag that both have and that tells decisions apart best."""
    shared = set(_kinds(followed[:SAMPLE])) & set(kinds := _kinds(made[:SAMPLE]))
    if not shared:
        facts = {"decision": made[0].type, "outcome": followed[0].type}
        remedy = "Both need a tag of one kind, which says what they are about: lead:42."
        raise InvalidQuery("Nothing says which outcome belongs to which decision", **facts, remedy=remedy)
    return max(sorted(shared), key=lambda kind: kinds[kind])


def _kinds(events: Sequence[Recorded]) -> Counter[str]:
    """How many different tags there are of each kind."""
    return Counter(tag.partition(":")[0] for tag in {tag for event in events for tag in event.tags})


def _who(made: Sequence[Recorded], entity: str | None, beside: str | None = None) -> list[Any]:
    """Whom each decision is about, where several decisions may be about one: the kind of tag with the most different
    ones beside the one that tells decisions apart; the decision itself where there is none."""
    kinds = _kinds(made[:SAMPLE])
    if entity is None:
        others = {kind: count for kind, count in kinds.items() if kind != beside and count > len(made[:SAMPLE]) // 20}
        entity = max(sorted(others), key=lambda kind: others[kind]) if others else beside
    return [(entity and event.entity(entity)) or number for number, event in enumerate(made)]


def _name(event: Recorded, field: str) -> str | None:
    """The version that a decision names in a field (TYPE.FIELD)."""
    value = _value(event, field.rpartition(".")[2])
    return None if value is MISSING or value is None else str(value)


def _value(event: Recorded, field: str) -> Any:
    data = event.data
    return at(data, tuple(field.split("."))) if isinstance(data, dict) else MISSING


def _measured(event: Recorded, field: str, share: tuple[str, Any] | None) -> float | None:
    """The number in a field, or whether it has the value of the share; None where that is not known."""
    value = _value(event, field)
    if value is MISSING:
        return None
    if share is not None:
        return float(same(value, share[1]))
    return float(value) if isinstance(value, (int, float)) else None


class _Settings(msgspec.Struct):
    settings: str | None = None


_basis = msgspec.json.Decoder(_Settings).decode


def _version_in_basis(event: Recorded) -> str | None:
    return None if event.basis_text is None else _basis(event.basis_text).settings

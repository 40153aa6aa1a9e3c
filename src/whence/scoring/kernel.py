"""What a scorecard comes to for many entities at once, over arrays: the same as live, to the last digit. Which events
give how many points is worked out before, by `awards_of` or by an engine of columns.

With numba it is compiled, which takes about ten seconds the first time on a machine and is kept in a cache (see
compiled); without it the same answers take some hundred times as long. The state is that of one entity.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from whence.clock import to_us
from whence.errors import InvalidInput
from whence.events import Recorded
from whence.history import events_by_entity
from whence.scoring import sequence
from whence.scoring.card import Scorecard
from whence.scoring.live import Moment, Standing, standing_of
from whence.scoring.matching import Matcher, in_order
from whence.scoring.points import AWARD_POINTS_MAX, MICRO
from whence.scoring.sequence import AS_OF_LAST, NO_RULE, Int32, Int64

CROSSINGS_EACH = 8
"""There is room for a crossing of so many rows, and one of each entity, before it is found that more is needed."""


class Awards(msgspec.Struct, frozen=True, eq=False):
    """What events gave, in flat arrays of one length, sorted by entity and then in the card's order.

    A row is an award of a rule about events; or a change of a fact, with the rule's points (micro-points) from now on,
    0 where it does not hold any more; or, with NO_RULE, the beginning of an event. The rows of an event follow each
    other.
    """

    entity: Int32
    time_us: Int64
    position: Int64
    rule: Int32
    points: Int64


class Crossings(msgspec.Struct, frozen=True, eq=False):
    """Scores that reached a threshold or fell below it, in arrays of one length, by entity and then in order.

    `threshold` is its number in the card from 0, `position` that of the event that made it or DAY_END, `score_micro`
    the score then.
    """

    entity: Int32
    threshold: Int32
    entered: NDArray[np.bool_]
    at_us: Int64
    position: Int64
    score_micro: Int64


class Standings(msgspec.Struct, frozen=True, eq=False):
    """What k entities come to: their codes (k), the moments in microseconds UTC (k), the scores (k by scores of the
    card) and groups (k by groups) in micro-points, and all crossings up to those moments."""

    entity: Int32
    at_us: Int64
    scores_micro: Int64
    groups_micro: Int64
    crossings: Crossings

    def standing(self, card: Scorecard, row: int) -> Standing:
        """One of them as live gives it."""
        groups = {group.name: int(micro) for group, micro in zip(card.groups, self.groups_micro[row], strict=True)}
        scores = {score.name: int(micro) for score, micro in zip(card.scores, self.scores_micro[row], strict=True)}
        return standing_of(card, groups, scores, int(self.at_us[row]))


def score_all(card: Scorecard, awards: Awards, at: Moment | None = None) -> Standings:
    """What all entities come to, as of `at` from what happened by then (inclusive), or each as of its last event.

    Of a card in order of position the awards must be made from the events up to `at` alone; of one in order of time
    later ones are passed over.

    Raises InvalidInput for rows that are not sorted, points beyond what a card gives, and sums beyond 64 bits, and
    InvalidTime.
    """
    at_us = AS_OF_LAST if at is None else to_us(at)
    _check(card, awards, at_us)
    arrays = sequence.arrays_of(card)
    given = sequence.Given(
        _column(awards.entity, np.int32),
        _column(awards.time_us, np.int64),
        _column(awards.position, np.int64),
        _column(awards.rule, np.int32),
        _column(awards.points, np.int64),
    )
    measured = np.zeros(2, np.int64)
    problem = sequence.measure(arrays, given, int(card.order == "occurred"), measured)
    if problem == sequence.SORTED_WRONGLY:
        remedy = "Sort them by entity, then by time and position (or by position, if the card says so)."
        raise InvalidInput("Awards that are not in order", row=int(measured[0]), remedy=remedy)
    if problem == sequence.TOO_MANY_POINTS:
        remedy = "Give fewer points."
        raise InvalidInput("More points of one entity than can be added", row=int(measured[0]), remedy=remedy)
    entities, changing_max = measured.tolist()
    state = sequence.State.of(arrays, changing_max)
    found = sequence.Found(
        np.empty(entities, np.int32),
        np.empty(entities, np.int64),
        np.empty((entities, len(card.scores)), np.int64),
        np.empty((entities, len(card.groups)), np.int64),
        np.empty((len(awards.entity) // CROSSINGS_EACH + entities, 6), np.int64),
    )
    crossed = sequence.run(arrays, given, at_us, state, found)
    if crossed > len(found.crossings):
        found = found._replace(crossings=np.empty((crossed, 6), np.int64))
        sequence.run(arrays, given, at_us, state, found)
    columns = found.crossings[:crossed].T
    return Standings(
        found.entity,
        found.at_us,
        found.scores,
        found.groups,
        Crossings(
            columns[sequence.C_ENTITY].astype(np.int32),
            columns[sequence.C_THRESHOLD].astype(np.int32),
            columns[sequence.C_ENTERED].astype(np.bool_),
            columns[sequence.C_AT].copy(),
            columns[sequence.C_POSITION].copy(),
            columns[sequence.C_SCORE].copy(),
        ),
    )


def awards_of(card: Scorecard, events: Iterable[Recorded], at: Moment | None = None) -> tuple[list[str], Awards]:
    """The entities of the card's kind that events are about, in the order in which they first come, and what the events
    gave, those that happened by `at` (inclusive) if it is given; an entity's code is its place in the list. In plain
    Python, an event at a time. Raises InvalidEvent and InvalidTime as `live.score` does."""
    by_entity = events_by_entity(events, card.kind)
    return list(by_entity), awards_by_entity(card, by_entity.values(), at)


def awards_by_entity(card: Scorecard, histories: Iterable[Iterable[Recorded]], at: Moment | None = None) -> Awards:
    """The same of entities whose events are given for each, in any order; the first has the code 0."""
    until = None if at is None else to_us(at)
    matcher = Matcher(card)
    rows = [
        (code, event.time_us, event.position, rule, points)
        for code, its in enumerate(histories)
        for event, rule, points in _rows_of(matcher, in_order(card, its, until))
    ]
    columns = list(zip(*rows, strict=True)) or [()] * 5
    types = (np.int32, np.int64, np.int64, np.int32, np.int64)
    arrays: list[Any] = [np.array(column, type) for column, type in zip(columns, types, strict=True)]
    return Awards(*arrays)


def _rows_of(matcher: Matcher, events: Iterable[Recorded]) -> Iterable[tuple[Recorded, int, int]]:
    """The rows of one entity's events, which are in order: the event, the rule and the points."""
    known: dict[str, Any] = {}
    held = dict(matcher.held(known))
    position = None
    for event in events:
        known.update(matcher.facts(event))
        changed = [(rule, points) for rule, points in matcher.held(known) if held[rule] != points]
        held.update(changed)
        rows = [*matcher.awards(event), *changed]
        if not rows or event.position == position:
            yield event, NO_RULE, 0
        yield from ((event, rule, points) for rule, points in rows)
        position = event.position


def _check(card: Scorecard, awards: Awards, at_us: int) -> None:
    columns = (awards.entity, awards.time_us, awards.position, awards.rule, awards.points)
    if len({len(column) for column in columns}) > 1:
        raise InvalidInput("Arrays of different lengths", rows=[len(column) for column in columns])
    if len(awards.rule) and not -1 <= int(awards.rule.min()) <= int(awards.rule.max()) < len(card.rules):
        raise InvalidInput("A rule that the card does not have", rules=len(card.rules))
    most = AWARD_POINTS_MAX * MICRO
    if len(awards.points) and not -most <= int(awards.points.min()) <= int(awards.points.max()) <= most:
        raise InvalidInput("More points than one award can have", most=f"{AWARD_POINTS_MAX:,}")
    if card.order == "position" and at_us != AS_OF_LAST and len(awards.time_us) and int(awards.time_us.max()) > at_us:
        remedy = (
            "Make them from the events up to it: awards_of(card, events, at)."  # what a fact is, hangs on those before
        )
        raise InvalidInput("Awards after the moment, of a card in order of position", remedy=remedy)


def _column(array: NDArray[Any], kind: type[np.integer[Any]]) -> NDArray[Any]:
    """The array as the kernel takes it, without a copy where it is so already: one kind of array is compiled once, and
    columns mapped from a file cannot be written."""
    column = np.ascontiguousarray(array, kind).view()
    column.flags.writeable = False
    return column

"""What a scorecard comes to for one entity, from its events: the definition, clear before fast. `kernel` gives the same
for many entities at once, and `shares` says what a score is made of.

A score at a moment is made in these steps, in integers of a millionth of a point:

    1. The first `at_most` events that meet a rule, in the card's order, are its awards.
    2. Of an award there is left, by the whole hours since its event, what the rule's table says, rounded half to even
       to a millionth of a point; nothing once it has expired. A rule about a fact has its points while the fact holds.
    3. A group is the sum of its rules, raised to its floor, then lowered to its ceiling.
    4. A score is the sum of its groups, raised to its floor, then lowered to its ceiling, then rounded half to even.

The moment of an event is its time; in the order of positions, where an event may be older than the one before, it is
the latest time so far. Crossings are looked for at each event, and between events at the end of each day (UTC).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from whence.clock import to_datetime, to_us
from whence.events import Recorded
from whence.scoring.card import Group, Rule, Score, Scorecard, Threshold
from whence.scoring.decay import DAY_US, HOUR_US, Table, fade_table, half_life_table
from whence.scoring.matching import Matcher, in_order
from whence.scoring.points import faded, points_of, rounded

Moment = datetime | str | int


class Standing(msgspec.Struct, frozen=True):
    """What an entity comes to at a moment, in microseconds UTC: its scores and groups by name, in micro-points, the
    first grade and the last stage that hold, None where none does. The moment is None where there are no events.
    `version` is that of the card."""

    at_us: int | None
    scores_micro: dict[str, int]
    groups_micro: dict[str, int]
    grade: str | None
    stage: str | None
    version: str

    @property
    def scores(self) -> dict[str, int | Decimal]:
        """The scores in points."""
        return {name: points_of(micro) for name, micro in self.scores_micro.items()}

    @property
    def groups(self) -> dict[str, int | Decimal]:
        """The groups in points, within their bounds; they are not rounded."""
        return {name: points_of(micro) for name, micro in self.groups_micro.items()}


class Crossing(msgspec.Struct, frozen=True):
    """A score that reached a threshold (`entered`) or fell below it, at a moment in microseconds UTC.

    `event` is the one at which it did; None for the end of a day, which is 0:00 of the next: decay alone did it.
    `score_micro` is the score then, in micro-points, and `version` that of the card.
    """

    threshold: Threshold
    entered: bool
    at_us: int
    score_micro: int
    event: Recorded | None
    version: str

    @property
    def time(self) -> datetime:
        return to_datetime(self.at_us)

    @property
    def points(self) -> int | Decimal:
        """The score then, in points."""
        return points_of(self.score_micro)


def score(card: Scorecard, events: Iterable[Recorded], at: Moment | None = None) -> Standing:
    """What the events of one entity come to, those that happened by `at` (inclusive), as of `at`; without it as of the
    last event.

    Events may come in any order; the card says in which they count. Raises InvalidEvent for a field of points that is
    no number, and InvalidTime.
    """
    until = None if at is None else to_us(at)
    tally = Tally(card)
    for event in in_order(card, events, until):
        tally.take(event)
    moment = tally.now_us if until is None else until
    return standing(card, tally.points_by_rule(moment), moment)


def crossings(card: Scorecard, events: Iterable[Recorded], at: Moment | None = None) -> list[Crossing]:
    """Each time that the score of one entity reached a threshold or fell below one, up to `at` (inclusive), in order;
    without it up to the last event. Before its first event an entity has reached none. Raises as `score` does."""
    until = None if at is None else to_us(at)
    found: list[Crossing] = []
    reached = [False] * len(card.thresholds)
    tally = Tally(card)

    def look(moment: int, event: Recorded | None) -> None:
        scores = standing(card, tally.points_by_rule(moment), moment).scores_micro
        for number, threshold in enumerate(card.thresholds):
            if reached[number] != holds(threshold, scores):
                reached[number] = not reached[number]
                found.append(Crossing(threshold, reached[number], moment, scores[threshold.score], event, card.version))

    for event in in_order(card, events, until):
        for day_end in tally.day_ends(event.time_us):
            look(day_end, None)
        tally.take(event)
        look(tally.moment, event)
    for day_end in tally.day_ends(until):
        look(day_end, None)
    return found


class Made(msgspec.Struct, frozen=True):
    """An award: its rule's number, its points in micro-points before decay, and its event."""

    rule: int
    micro: int
    event: Recorded


class Tally:
    """What events have given so far: awards, and facts with the event that said each. `now_us` is the moment of the
    last event."""

    def __init__(self, card: Scorecard) -> None:
        self.now_us: int | None = None
        self.awards: list[list[Made]] = [[] for _ in card.rules]
        self.matcher = Matcher(card)
        self.known: dict[str, Any] = {}
        self.said_by: dict[str, Recorded] = {}
        self._card = card
        self._fading = [Fading.of(rule) for rule in card.rules]

    @property
    def moment(self) -> int:
        """The moment of the last event. There must be one."""
        assert self.now_us is not None, "no event was taken"
        return self.now_us

    def take(self, event: Recorded) -> None:
        """The next event in the card's order."""
        self.now_us = event.time_us if self.now_us is None else max(self.now_us, event.time_us)
        for rule, micro in self.matcher.awards(event):
            at_most = self._card.rules[rule].at_most
            if at_most is None or len(self.awards[rule]) < at_most:
                self.awards[rule].append(Made(rule, micro, event))
        self.learn(event)

    def learn(self, event: Recorded) -> None:
        """What an event says that rules about facts look at; it gives nothing."""
        for field, value in self.matcher.facts(event):
            self.known[field] = value
            self.said_by[field] = event

    def left_of(self, award: Made, moment: int) -> int:
        """The micro-points that are left of an award at a moment, not before its event."""
        return self._fading[award.rule].left_of(award.micro, moment - award.event.time_us)

    def points_by_rule(self, moment: int | None) -> list[int]:
        """The micro-points of each rule at a moment that is not before the last event; None where there is none."""
        found = [0 if moment is None else sum(self.left_of(one, moment) for one in made) for made in self.awards]
        for rule, micro in self.matcher.held(self.known):
            found[rule] = micro
        return found

    def day_ends(self, upto_us: int | None) -> Iterator[int]:
        """The ends of days (UTC) after the last event and up to a time, inclusive, as long as an award changes by
        then."""
        if self.now_us is not None and upto_us is not None:
            yield from day_ends(self.now_us, self.last_change(self.now_us), upto_us)

    def last_change(self, default: int) -> int:
        """The moment from which on no award changes any more; the default where none ends."""
        changing = [award for made in self.awards for award in made if self._fading[award.rule].ends]
        return max((self._fading[one.rule].end_of(one.event.time_us) for one in changing), default=default)


def day_ends(now_us: int, last_change_us: int, upto_us: int) -> Iterator[int]:
    """The ends of days (UTC) after a moment and up to a time, inclusive, as long as something changes by then."""
    day_end, before = (now_us // DAY_US + 1) * DAY_US, now_us
    while day_end <= upto_us and before < last_change_us:
        yield day_end
        day_end, before = day_end + DAY_US, day_end


class Fading(msgspec.Struct, frozen=True):
    """How the points of a rule's awards go: by a table of what is left after whole hours, and by an hour from which on
    nothing is left; None for either where there is none."""

    table: Table | None
    end_hours: int | None

    @classmethod
    def of(cls, rule: Rule) -> Fading:
        half_life, fade, expires = (rule.hours(key) for key in ("half_life", "fade", "expires"))
        table = half_life_table(half_life) if half_life else fade_table(fade) if fade else None
        ends = [hours for hours in (expires, None if table is None else len(table)) if hours is not None]
        return cls(table, min(ends, default=None))

    @property
    def ends(self) -> bool:
        return self.end_hours is not None

    def end_of(self, time_us: int) -> int:
        """The microsecond from which on nothing is left of an award of this time; the rule's awards must end."""
        assert self.end_hours is not None, "an award that stays"
        return time_us + self.end_hours * HOUR_US

    def left_of(self, micro: int, elapsed_us: int) -> int:
        hours = elapsed_us // HOUR_US
        if self.end_hours is not None and hours >= self.end_hours:
            return 0
        return micro if self.table is None else faded(micro, self.table[hours])


def standing(card: Scorecard, micro_by_rule: Sequence[int], moment: int | None) -> Standing:
    """What the rules' micro-points, in the card's order, come to at a moment."""
    groups = {group.name: 0 for group in card.groups}
    for rule, micro in zip(card.rules, micro_by_rule, strict=True):
        groups[rule.group] += micro
    return standing_from(card, groups, moment)


def standing_from(card: Scorecard, sums: Mapping[str, int], moment: int | None) -> Standing:
    """What the sums of the groups, in micro-points and before their bounds, come to at a moment."""
    groups = {group.name: within(group, sums[group.name]) for group in card.groups}
    scores = {each.name: score_of(each, groups) for each in card.scores}
    return standing_of(card, groups, scores, moment)


def standing_of(card: Scorecard, groups: dict[str, int], scores: dict[str, int], moment: int | None) -> Standing:
    """The grade and the stage to scores in micro-points that are known."""
    graded = (
        grade.name
        for grade in card.grades
        if all(scores[name] >= least for name, least in grade.at_least_micro.items())
    )
    stages = [threshold.stage for threshold in card.thresholds if holds(threshold, scores)]
    return Standing(moment, scores, groups, next(graded, None), stages[-1] if stages else None, card.version)


def score_of(score: Score, groups: Mapping[str, int]) -> int:
    """A score from its groups, in micro-points."""
    return rounded(within(score, sum(groups[name] for name in score.groups)), score.digits)


def within(bounds: Group | Score, micro: int) -> int:
    """Micro-points raised to a floor, then lowered to a ceiling."""
    floor, ceiling = bounds.floor_micro, bounds.ceiling_micro
    raised = micro if floor is None else max(micro, floor)
    return raised if ceiling is None else min(raised, ceiling)


def holds(threshold: Threshold, scores: Mapping[str, int]) -> bool:
    """Whether scores in micro-points reach a threshold."""
    return scores[threshold.score] >= threshold.at_micro

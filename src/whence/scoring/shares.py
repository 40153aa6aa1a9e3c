"""What a score is made of: each rule's exact share with the events behind it, and what floors, ceilings and rounding
add or take. They sum exactly to the score that live gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Literal

import msgspec

from whence.clock import to_us
from whence.events import Recorded
from whence.scoring.card import Group, Score, Scorecard
from whence.scoring.live import Moment, Tally
from whence.scoring.matching import in_order
from whence.scoring.points import points_of, rounded


class Award(msgspec.Struct, frozen=True):
    """What one event gave by a rule: `given_micro` when it happened, `micro` what is left. For a rule about a fact, the
    events that said last what it looks at. `version` is that of the card that made it."""

    events: tuple[Recorded, ...]
    given_micro: int
    micro: int
    version: str


class Share(msgspec.Struct, frozen=True):
    """The micro-points of a score that a rule gives, after cap, decay and expiry, and the awards that they are the sum
    of.

    Of a rule with `at_most` the awards that have expired are there too, since they keep later events out.
    """

    rule: str
    group: str
    micro: int
    awards: tuple[Award, ...]

    @property
    def points(self) -> int | Decimal:
        return points_of(self.micro)


class Adjustment(msgspec.Struct, frozen=True):
    """The micro-points that a floor adds, a ceiling takes, or rounding adds or takes; of a group, or of the score
    itself where `group` is None."""

    name: Literal["floor", "ceiling", "rounding"]
    group: str | None
    micro: int

    @property
    def points(self) -> int | Decimal:
        return points_of(self.micro)


class Shares(msgspec.Struct, frozen=True):
    """A score at a moment (microseconds UTC, None where there are no events), in micro-points: the sum of its shares,
    in the card's order, and of its adjustments, of which those that change nothing are left out.

    `events` are those behind it, each once, in the card's order; scored at that moment, they alone give the same score.
    `version` is that of the card.
    """

    score: str
    at_us: int | None
    micro: int
    shares: tuple[Share, ...]
    adjustments: tuple[Adjustment, ...]
    events: tuple[Recorded, ...]
    version: str

    @property
    def points(self) -> int | Decimal:
        return points_of(self.micro)


def shares(card: Scorecard, events: Iterable[Recorded], score: str | None = None, at: Moment | None = None) -> Shares:
    """What a score of one entity is made of, the first of the card unless it is named; events and `at` are those of
    `live.score`. Raises InvalidModel for a score that is not there, else as `live.score` does."""
    asked = card.score(score)
    until = None if at is None else to_us(at)
    tally = Tally(card)
    ordered = in_order(card, events, until)
    for event in ordered:
        tally.take(event)
    moment = tally.now_us if until is None else until
    found = tuple(_shares(card, asked, tally, moment))
    return made_of(card, asked, moment, found, ordered)


def made_of(
    card: Scorecard, score: Score, moment: int | None, found: tuple[Share, ...], ordered: Iterable[Recorded]
) -> Shares:
    """A score from its shares; `ordered` are all events, in the card's order."""
    adjusted = tuple(_adjustments(card, score, found))
    micro = sum(share.micro for share in found) + sum(step.micro for step in adjusted)
    named = {event.raw_id for share in found for award in share.awards for event in award.events}
    behind = tuple(event for event in ordered if event.raw_id in named)
    return Shares(score.name, moment, micro, found, adjusted, behind, card.version)


def _shares(card: Scorecard, score: Score, tally: Tally, moment: int | None) -> Iterator[Share]:
    """The shares of the rules whose groups the score counts."""
    facts = fact_awards(card, tally)
    for number, rule in enumerate(card.rules):
        if rule.group not in score.groups:
            continue
        awards = facts.get(number) or [*awards_of(card, tally, number, moment, all_of_them=rule.at_most is not None)]
        yield Share(rule.name, rule.group, sum(award.micro for award in awards), tuple(awards))


def awards_of(card: Scorecard, tally: Tally, number: int, moment: int | None, *, all_of_them: bool) -> Iterator[Award]:
    """The awards of a rule about events of which something is left, or all of them."""
    for made in tally.awards[number]:
        micro = 0 if moment is None else tally.left_of(made, moment)
        if micro or all_of_them:
            yield Award((made.event,), made.micro, micro, card.version)


def fact_awards(card: Scorecard, tally: Tally) -> dict[int, list[Award]]:
    """The award of each rule about facts of which an event said something, by the rule's number."""
    held, found = dict(tally.matcher.held(tally.known)), {}
    for rule in tally.matcher.by_fact:
        fields = dict.fromkeys(one.field for one in rule.conditions)
        said = {tally.said_by[field].raw_id: tally.said_by[field] for field in fields if field in tally.said_by}
        if said:
            found[rule.number] = [Award(tuple(said.values()), rule.points, held[rule.number], card.version)]
    return found


def _adjustments(card: Scorecard, score: Score, found: Iterable[Share]) -> Iterator[Adjustment]:
    """What the bounds of the groups, then those of the score, then rounding add to the shares."""
    sums = {group.name: 0 for group in card.groups}
    for share in found:
        sums[share.group] += share.micro
    total = 0
    for group in card.groups:
        if group.name in score.groups:
            steps = list(_bounding(group, group.name, sums[group.name]))
            yield from steps
            total += sums[group.name] + sum(step.micro for step in steps)
    steps = list(_bounding(score, None, total))
    yield from steps
    total += sum(step.micro for step in steps)
    if rest := rounded(total, score.digits) - total:
        yield Adjustment("rounding", None, rest)


def _bounding(bounds: Group | Score, group: str | None, micro: int) -> Iterator[Adjustment]:
    floor, ceiling = bounds.floor_micro, bounds.ceiling_micro
    if floor is not None and micro < floor:
        yield Adjustment("floor", group, floor - micro)
        micro = floor
    if ceiling is not None and micro > ceiling:
        yield Adjustment("ceiling", group, ceiling - micro)

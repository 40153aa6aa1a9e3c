"""A score as it was made: each award by the version of the card in force at its event, all else by the one in force at
the moment asked. The steps are those of `live`, and with one version it comes to the same.

    1. A version is in force from its adoption until the next, by when they happened and then by position; before the
       first adoption the first version is. So an award is made by the version in force at its event, with that
       version's points, decay and expiry.
    2. A rule is known by its name: the `at_most` of a version counts the awards that versions before it made by a rule
       of that name.
    3. The facts that hold, groups, bounds, rounding, grades, thresholds and the order of events are those of the
       version in force at the moment asked. An award counts in the group that the newest version with its rule gives
       it, and in none where that group is gone.
    4. An adoption that replaces a version is an event of every entity that has one before it: crossings are looked for
       there, and without a moment a score is as of it, if nothing came after. A threshold is known by its score and
       stage; one that is not there any more is left.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from whence.clock import LATEST_US, to_us
from whence.errors import InvalidModel
from whence.events import Recorded
from whence.history import Inserted, by_time
from whence.scoring.card import Scorecard, Threshold
from whence.scoring.live import Crossing, Made, Moment, Standing, Tally, day_ends, holds, standing_from
from whence.scoring.matching import in_order
from whence.scoring.shares import Award, Share, Shares, awards_of, fact_awards, made_of


class Version(msgspec.Struct, frozen=True, eq=False):
    """A card, and the event that put it in force."""

    card: Scorecard
    adopted: Recorded


class Succession(msgspec.Struct, frozen=True, eq=False):
    """The versions of a scorecard, brought into the order in which they came into force. Raises InvalidModel for none,
    and for versions about several kinds."""

    versions: Sequence[Version]

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.versions, key=lambda each: by_time(each.adopted)))
        if len({each.card.kind for each in ordered}) != 1:
            remedy = "Give the versions of one scorecard that was adopted."
            raise InvalidModel("A succession is of one kind", versions=len(ordered), remedy=remedy)
        msgspec.structs.force_setattr(self, "versions", ordered)

    @property
    def card(self) -> Scorecard:
        """The last version."""
        return self.versions[-1].card

    def upto(self, us: int | None) -> Succession:
        """The versions adopted by a time (inclusive), or the first."""
        latest = LATEST_US if us is None else us
        return Succession([each for each in self.versions if each.adopted.time_us <= latest] or self.versions[:1])


def score(succession: Succession, events: Iterable[Recorded], at: Moment | None = None) -> Standing:
    """What the events of one entity come to, as `live.score` says, by the versions in force. Raises as that does."""
    until = None if at is None else to_us(at)
    tally, _ = _tallied(succession.upto(until), events, until)
    return tally.standing(tally.last, tally.last_moment if until is None else until)


def crossings(succession: Succession, events: Iterable[Recorded], at: Moment | None = None) -> list[Crossing]:
    """Each time that a score reached a threshold or fell below one, as `live.crossings` says, each by the version in
    force then; `event` may be the adoption that did it."""
    until = None if at is None else to_us(at)
    within = succession.upto(until)
    watch = _Watch(within.versions)
    for event in in_order(within.card, events, until):
        watch.take(event)
    watch.finish(until)
    return watch.found


def shares(
    succession: Succession, events: Iterable[Recorded], score: str | None = None, at: Moment | None = None
) -> Shares:
    """What a score is made of, as `shares.shares` says; each award names the version that made it. Rules that are gone
    stand behind those of the last version."""
    until = None if at is None else to_us(at)
    within = succession.upto(until)
    asked = within.card.score(score)
    tally, ordered = _tallied(within, events, until)
    moment = tally.last_moment if until is None else until
    found = tuple(tally.shares(asked.groups, moment))
    return made_of(within.card, asked, moment, found, ordered)


def _tallied(
    succession: Succession, events: Iterable[Recorded], until: int | None
) -> tuple[_SuccessiveTally, list[Recorded]]:
    tally, ordered = _SuccessiveTally(succession.versions), in_order(succession.card, events, until)
    for event in ordered:
        tally.take(event)
    return tally, ordered


class _SuccessiveTally:
    """What events have given so far: a tally for each version, of the awards that it made. `now_us` is the moment of
    the last event, versions are told by their number from 0."""

    def __init__(self, versions: Sequence[Version]) -> None:
        self.now_us: int | None = None
        self.versions = versions
        self.last = len(versions) - 1
        self.tallies = [Tally(each.card) for each in versions]
        self._starts = [by_time(each.adopted) for each in versions[1:]]
        self._given: Counter[str] = Counter()
        self._groups: list[dict[str, str]] = []
        for each in versions:
            before = self._groups[-1] if self._groups else {}
            self._groups.append({**before, **{rule.name: rule.group for rule in each.card.rules}})

    @property
    def last_moment(self) -> int | None:
        """The moment of the last event, or of the adoption of the last version if that replaced another."""
        if self.now_us is None or self.last == 0:
            return self.now_us
        return max(self.now_us, self.versions[-1].adopted.time_us)

    def take(self, event: Recorded) -> None:
        """The next event in the card's order."""
        self.now_us = event.time_us if self.now_us is None else max(self.now_us, event.time_us)
        number = bisect_left(self._starts, by_time(event))
        tally, rules = self.tallies[number], self.versions[number].card.rules
        for rule, micro in tally.matcher.awards(event):
            at_most, name = rules[rule].at_most, rules[rule].name
            if at_most is None or self._given[name] < at_most:
                self._given[name] += 1
                tally.awards[rule].append(Made(rule, micro, event))
        for each in self.tallies:
            each.learn(event)

    def standing(self, number: int, moment: int | None) -> Standing:
        """What it comes to by the version of a number, at a moment that is not before the last event."""
        card, groups = self.versions[number].card, self._groups[number]
        sums = {group.name: 0 for group in card.groups}
        for name, micro in self._points(number, moment):
            if groups.get(name) in sums:
                sums[groups[name]] += micro
        return standing_from(card, sums, moment)

    def _points(self, number: int, moment: int | None) -> Iterator[tuple[str, int]]:
        """The names of rules with micro-points that they give."""
        if moment is not None:
            for version, tally in zip(self.versions, self.tallies, strict=True):
                for rule, made in zip(version.card.rules, tally.awards, strict=True):
                    yield rule.name, sum(tally.left_of(one, moment) for one in made)
        rules, tally = self.versions[number].card.rules, self.tallies[number]
        yield from ((rules[rule].name, micro) for rule, micro in tally.matcher.held(tally.known))

    def shares(self, groups: Sequence[str], moment: int | None) -> Iterator[Share]:
        """The shares of the rules that count in some groups, by the last version."""
        names = dict.fromkeys([*(rule.name for rule in self.versions[-1].card.rules), *self._groups[-1]])
        for name in names:
            group = self._groups[-1][name]
            if group in groups:
                awards = (*self._awards(name, moment),)
                yield Share(name, group, sum(award.micro for award in awards), awards)

    def _awards(self, name: str, moment: int | None) -> Iterator[Award]:
        """The awards by rules of a name; where one of them counts how many there are, also those with nothing left."""
        of_name = [
            (version.card, tally, number, rule.at_most)
            for version, tally in zip(self.versions, self.tallies, strict=True)
            for number, rule in enumerate(version.card.rules)
            if rule.name == name
        ]
        capped = any(at_most is not None for *_, at_most in of_name)
        for card, tally, number, _ in of_name:
            yield from awards_of(card, tally, number, moment, all_of_them=capped)
            if tally is self.tallies[-1]:
                yield from fact_awards(card, tally).get(number, ())

    def day_ends(self, upto_us: int | None) -> Iterator[int]:
        """As `Tally.day_ends`."""
        if self.now_us is not None and upto_us is not None:
            last_change = max(tally.last_change(self.now_us) for tally in self.tallies)
            yield from day_ends(self.now_us, last_change, upto_us)


class _Watch:
    """A walk through events and adoptions that takes note of each crossing."""

    def __init__(self, versions: Sequence[Version]) -> None:
        self.found: list[Crossing] = []
        self._tally = _SuccessiveTally(versions)
        self._number = 0
        self._reached: dict[tuple[str, str, int], Threshold] = {}

    def take(self, event: Recorded) -> None:
        """The next event in the card's order, and the adoptions before it."""
        now_us = self._tally.now_us
        moment = event.time_us if now_us is None else max(now_us, event.time_us)
        self._pass((moment, event.position, isinstance(event, Inserted)))
        self._pass_days(event.time_us)
        self._tally.take(event)
        self._look(moment, event)

    def finish(self, until: int | None) -> None:
        """What comes after the last event."""
        self._pass((LATEST_US + 1, 0, False))
        self._pass_days(until)

    def _pass(self, key: tuple[int, int, bool]) -> None:
        """The adoptions before an event."""
        tally = self._tally
        while self._number < tally.last and by_time(tally.versions[self._number + 1].adopted) < key:
            adopted = tally.versions[self._number + 1].adopted
            self._pass_days(adopted.time_us)
            self._number += 1
            if tally.now_us is not None:
                tally.now_us = adopted.time_us
                self._look(adopted.time_us, adopted)

    def _pass_days(self, upto_us: int | None) -> None:
        for day_end in self._tally.day_ends(upto_us):
            self._look(day_end, None)

    def _look(self, moment: int, event: Recorded | None) -> None:
        card = self._tally.versions[self._number].card
        scores = self._tally.standing(self._number, moment).scores_micro
        known: dict[tuple[str, str, int], Threshold] = {}
        for threshold in card.thresholds:
            alike = sum(key[:2] == (threshold.score, threshold.stage) for key in known)
            known[threshold.score, threshold.stage, alike] = threshold
        for key in [*self._reached]:
            if key not in known:
                before = self._tally.standing(self._number - 1, moment).scores_micro
                self._cross(self._reached.pop(key), False, moment, {**before, **scores}, event, card)
        for key, threshold in known.items():
            if holds(threshold, scores) != (key in self._reached):
                self._cross(threshold, key not in self._reached, moment, scores, event, card)
                self._reached.pop(key, None)
            if holds(threshold, scores):
                self._reached[key] = threshold

    def _cross(
        self,
        threshold: Threshold,
        entered: bool,
        moment: int,
        scores: dict[str, int],
        event: Recorded | None,
        card: Scorecard,
    ) -> None:
        self.found.append(Crossing(threshold, entered, moment, scores[threshold.score], event, card.version))

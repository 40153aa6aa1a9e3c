"""A scorecard over arrays, event by event: the card as numbers, and the loops that are compiled. What goes in and what
comes out is left to kernel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from whence.clock import EARLIEST_US
from whence.scoring.card import Group, Rule, Score, Scorecard, Threshold
from whence.scoring.compiled import Compiled
from whence.scoring.decay import DAY_US, HOUR_US
from whence.scoring.live import Fading
from whence.scoring.points import MICRO, unit_of

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

NO_RULE = -1
"""The rule of a row at which an event begins. It is needed of an event that meets no rule, since thresholds are looked
at there too, and of one that has the position of the event before it, as inserted ones of a branch do."""
DAY_END = -1
"""The position of a crossing that no event made."""
AS_OF_LAST = EARLIEST_US - 1
"""In place of a moment: each entity as of its last event."""

_UNBOUNDED = 2**62
_SUM_MAX = 2**61
_PLAIN = 2**63 // MICRO
"""Times a factor of at most MICRO, fewer micro-points than that fit into 64 bits."""
SORTED_WRONGLY, TOO_MANY_POINTS = 1, 2

# The columns of the arrays that a card becomes.
_GROUP, _AT_MOST, _END_HOURS, _TABLE_START, _IS_FACT = range(5)
_FLOOR, _CEILING, _UNIT = range(3)
_SCORE, _AT, _LEAST = range(3)
# Those of awards that still change: the group, the time, the micro-points, when they end, where their table begins, and
# the points where they are whole, else 0: then what is left of them needs no rounding.
_A_GROUP, _A_TIME, _A_POINTS, _A_END, _A_TABLE, _A_WHOLE = range(6)
# Those of the crossings that come out.
C_ENTITY, C_THRESHOLD, C_ENTERED, C_AT, C_POSITION, C_SCORE = range(6)


def arrays_of(card: Scorecard) -> Card:
    """The card as arrays; the tables of decay are one, and `members` says which groups a score has."""
    group_number = {group.name: number for number, group in enumerate(card.groups)}
    score_number = {score.name: number for number, score in enumerate(card.scores)}
    rules, factors, start = [], [np.empty(0, np.int64)], 0
    for rule in card.rules:
        fading = Fading.of(rule)
        rules.append([group_number[rule.group], *_rule_columns(rule, fading, start)])
        if fading.table is not None:
            factors.append(np.frombuffer(fading.table, np.int64))
            start += len(fading.table)
    return Card(
        np.array(rules, np.int64),
        np.concatenate(factors),
        np.array([_bounds(group) for group in card.groups], np.int64),
        np.array([[*_bounds(score), unit_of(score.digits)] for score in card.scores], np.int64),
        np.array([[group.name in score.groups for group in card.groups] for score in card.scores], np.bool_),
        np.array([_threshold(card, one, score_number[one.score]) for one in card.thresholds], np.int64).reshape(-1, 3),
    )


def _rule_columns(rule: Rule, fading: Fading, start: int) -> list[int]:
    """The columns from _AT_MOST on; -1 stands for none."""
    at_most = -1 if rule.at_most is None else rule.at_most
    end_hours = -1 if fading.end_hours is None else fading.end_hours
    return [at_most, end_hours, -1 if fading.table is None else start, rule.on is None]


def _threshold(card: Scorecard, threshold: Threshold, score: int) -> list[int]:
    """The score's number, where the threshold lies, and the least that is rounded to it or more: half to even."""
    unit = unit_of(card.scores[score].digits)
    whole = -(-threshold.at_micro // unit)
    return [score, threshold.at_micro, whole * unit - (unit if whole % 2 == 0 else unit - 1) // 2]


def _bounds(part: Group | Score) -> list[int]:
    floor, ceiling = part.floor_micro, part.ceiling_micro
    return [-_UNBOUNDED if floor is None else floor, _UNBOUNDED if ceiling is None else ceiling]


# What is compiled: integers and arrays of them. All of it is in this file, so that a change of it, or of a number that
# it names, is noticed.


def _rounded(micro: int, unit: int) -> int:
    whole = micro // unit
    rest = micro - whole * unit
    if 2 * rest > unit or (2 * rest == unit and whole % 2 == 1):
        whole += 1
    return whole * unit


def _faded(micro: int, factor: int) -> int:
    """micro · factor / MICRO, half to even; in two parts where the product can be beyond 64 bits."""
    if -_PLAIN < micro < _PLAIN:
        product = micro * factor
        low = product // MICRO
        rest = product - low * MICRO
        if 2 * rest > MICRO or (2 * rest == MICRO and low % 2 == 1):
            low += 1
        return low
    high = micro // MICRO
    product = (micro - high * MICRO) * factor
    low = product // MICRO
    rest = product - low * MICRO
    whole = high * factor + low
    if 2 * rest > MICRO or (2 * rest == MICRO and whole % 2 == 1):
        whole += 1
    return whole


class Card(NamedTuple):
    """The card as arrays; what the columns are is said above."""

    rules: Int64
    factors: Int64
    groups: Int64
    scores: Int64
    members: NDArray[np.bool_]
    thresholds: Int64


class State(NamedTuple):
    """What is known of one entity. `alive` are the awards that still change, `rising` and `falling` what those above
    and below zero of each group give, or a bound of that; the `later` ones are the same as of another moment."""

    awarded: Int64
    held: Int64
    staying: Int64
    alive: Int64
    reached: NDArray[np.bool_]
    sums: Int64
    found: Int64
    rising: Int64
    falling: Int64
    later_rising: Int64
    later_falling: Int64

    @classmethod
    def of(cls, card: Card, changing_max: int) -> State:
        """Room for an entity with at most so many awards that change."""
        rules, groups = np.zeros(len(card.rules), np.int64), np.zeros(len(card.groups), np.int64)
        alive = np.empty((changing_max, 6), np.int64)
        reached, scores = np.zeros(len(card.thresholds), np.bool_), np.zeros(len(card.scores), np.int64)
        again = [groups.copy() for _ in range(5)]
        return cls(rules, rules.copy(), groups, alive, reached, again[0], scores, *again[1:])


class Given(NamedTuple):
    """The rows: see Awards."""

    entity: Int32
    time_us: Int64
    position: Int64
    rule: Int32
    points: Int64


class Found(NamedTuple):
    """What is filled in: the arrays of Standings, and the crossings in rows of six columns."""

    entity: Int32
    at_us: Int64
    scores: Int64
    groups: Int64
    crossings: Int64


def _fade(count: int, above: int, below: int, alive: Int64, factors: Int64, rising: Int64, falling: Int64) -> None:
    """What each group's changing awards give: in `rising` those above zero as they are at one moment, in `falling`
    those below as at another."""
    for g in range(len(rising)):
        rising[g] = falling[g] = 0
    for k in range(count):
        micro = alive[k, _A_POINTS]
        moment = above if micro > 0 else below
        if moment < alive[k, _A_END]:
            table = alive[k, _A_TABLE]
            if table >= 0:
                factor = factors[table + (moment - alive[k, _A_TIME]) // HOUR_US]
                whole = alive[k, _A_WHOLE]
                micro = whole * factor if whole != 0 else _faded(micro, factor)
            if micro > 0:
                rising[alive[k, _A_GROUP]] += micro
            else:
                falling[alive[k, _A_GROUP]] += micro


def _score(
    staying: Int64,
    rising: Int64,
    falling: Int64,
    sums: Int64,
    found: Int64,
    groups: Int64,
    scores: Int64,
    members: NDArray[np.bool_],
) -> None:
    """Put the groups into `sums` and the scores into `found`."""
    for g in range(len(sums)):
        sums[g] = min(max(staying[g] + rising[g] + falling[g], groups[g, _FLOOR]), groups[g, _CEILING])
    for s in range(len(found)):
        total = 0
        for g in range(len(sums)):
            if members[s, g]:
                total += sums[g]
        found[s] = _rounded(min(max(total, scores[s, _FLOOR]), scores[s, _CEILING]), scores[s, _UNIT])


def _crosses(found: Int64, thresholds: Int64, reached: NDArray[np.bool_]) -> bool:
    """Whether the scores in `found` lie otherwise to a threshold than was known."""
    for t in range(len(thresholds)):  # noqa: SIM110 - numba compiles no any() of a generator
        if (found[thresholds[t, _SCORE]] >= thresholds[t, _AT]) != reached[t]:
            return True
    return False


def _room(
    staying: Int64,
    rising: Int64,
    falling: Int64,
    groups: Int64,
    scores: Int64,
    members: NDArray[np.bool_],
    thresholds: Int64,
    reached: NDArray[np.bool_],
) -> tuple[int, int]:
    """How much may be added, and how much taken away, so that no threshold is crossed, however far the awards fade:
    less than the one and no more than the other. What is above zero is at most `rising`, what is below at least
    `falling`; sums, bounds and rounding all rise with what goes in, and by no more."""
    above, below = _UNBOUNDED, _UNBOUNDED
    for t in range(len(thresholds)):
        s = thresholds[t, _SCORE]
        changing = falling if reached[t] else rising
        total = 0
        for g in range(len(staying)):
            if members[s, g]:
                total += min(max(staying[g] + changing[g], groups[g, _FLOOR]), groups[g, _CEILING])
        total = min(max(total, scores[s, _FLOOR]), scores[s, _CEILING])
        if reached[t]:
            below = min(below, total - thresholds[t, _LEAST])
        else:
            above = min(above, thresholds[t, _LEAST] - total)
    return above, below


def _note(
    crossings: Int64,
    crossed: int,
    found: Int64,
    thresholds: Int64,
    reached: NDArray[np.bool_],
    code: int,
    moment: int,
    position: int,
) -> int:
    """Keep the crossings that the scores in `found` make, as far as there is room; return how many they are by now."""
    for t in range(len(thresholds)):
        score = found[thresholds[t, _SCORE]]
        holds = score >= thresholds[t, _AT]
        if holds != reached[t]:
            reached[t] = holds
            if crossed < len(crossings):
                row = crossings[crossed]
                row[C_ENTITY], row[C_THRESHOLD], row[C_ENTERED] = code, t, holds
                row[C_AT], row[C_POSITION], row[C_SCORE] = moment, position, score
            crossed += 1
    return crossed


def _day_ends(
    card: Card, state: State, count: int, now: int, upto: int, crossings: Int64, crossed: int, code: int
) -> int:
    """Note what crosses at the ends of days after `now` and up to `upto`, as far as an award still changes. What it
    leaves in `rising` and `falling` bounds nothing."""
    _, _, staying, alive, reached, sums, found, rising, falling, _, _ = state
    _, factors, groups, scores, members, thresholds = card
    ends = now
    for k in range(count):
        ends = max(ends, alive[k, _A_END])
    day, last = now // DAY_US + 1, min(upto // DAY_US, (ends + DAY_US - 1) // DAY_US)
    days = 2
    while day <= last:
        # On these days the scores lie between what is above zero on the last of them with what is below on the first,
        # and the other way round. Where that crosses nothing they are passed over, else the first half is looked at.
        days = min(days, last - day + 1)
        first_us, last_us = day * DAY_US, (day + days - 1) * DAY_US
        _fade(count, last_us, first_us, alive, factors, rising, falling)
        _score(staying, rising, falling, sums, found, groups, scores, members)
        crosses = _crosses(found, thresholds, reached)
        if days > 1 and not crosses:
            _fade(count, first_us, last_us, alive, factors, rising, falling)
            _score(staying, rising, falling, sums, found, groups, scores, members)
            crosses = _crosses(found, thresholds, reached)
        if days > 1 and crosses:
            days //= 2
            continue
        if crosses:
            crossed = _note(crossings, crossed, found, thresholds, reached, code, first_us, DAY_END)
        day += days
        days *= 2
    return crossed


def _without_ended(alive: Int64, count: int, moment: int) -> tuple[int, int]:
    """Move together the awards of which something is left; return how many they are and when the first of them ends.
    Time does not go back."""
    kept, ends = 0, _UNBOUNDED
    for k in range(count):
        if moment < alive[k, _A_END]:
            if kept < k:
                for column in range(6):
                    alive[kept, column] = alive[k, column]
            ends = min(ends, alive[kept, _A_END])
            kept += 1
    return kept, ends


@Compiled
def measure(card: Card, given: Given, by_time: int, found: Int64) -> int:
    """What is wrong with the rows, or 0. Into `found` goes in which row; else how many entities there are, and the most
    awards of one that change."""
    entity, time_us, position, rule, points = given
    rules = card.rules
    entities, changing, longest, added = 0, 0, 0, 0
    for i in range(len(entity)):
        if i == 0 or entity[i] != entity[i - 1]:
            if i > 0 and entity[i] < entity[i - 1]:
                found[0] = i
                return SORTED_WRONGLY
            entities, changing, added = entities + 1, 0, 0
        else:
            is_older = time_us[i] < time_us[i - 1]
            is_same = time_us[i] == time_us[i - 1]
            if (by_time and is_older) or (position[i] < position[i - 1] and (is_same or not by_time)):
                found[0] = i
                return SORTED_WRONGLY
        added += abs(points[i])
        if added > _SUM_MAX:
            found[0] = i
            return TOO_MANY_POINTS
        changing += (rule[i] >= 0) & (rules[max(rule[i], 0), _END_HOURS] >= 0)  # which nobody can predict
        longest = max(longest, changing)
    found[0], found[1] = entities, longest
    return 0


@Compiled
def run(card: Card, given: Given, at_us: int, state: State, out: Found) -> int:
    """Fill in what the entities come to; return how many crossings there are, of which those are kept that there is
    room for."""
    entity, time_us, position, rule, points = given
    out_entity, out_at, out_scores, out_groups, crossings = out
    has_thresholds = len(card.thresholds) > 0
    crossed = 0
    # By names of their own, and so handed on: to take an array out of a tuple for each row costs more than the row.
    awarded, held, staying, alive, reached, sums, found, rising, falling, later_rising, later_falling = state
    rules, factors, groups, scores, members, thresholds = card
    i = 0
    for e in range(len(out_entity)):
        code = entity[i]
        awarded[:] = 0
        held[:] = 0
        staying[:] = 0
        rising[:] = 0
        falling[:] = 0
        reached[:] = False
        count, now, seen = 0, at_us, False
        ends = _UNBOUNDED  # when the first award ends
        # Whether nothing crosses by fading alone, and then how much may be added and taken away so that nothing does;
        # whether `rising` and `falling` are what there is at `now`, which they are where it is not settled, or only
        # bounds of it.
        settled, exact = False, True
        above, below = 0, 0
        while i < len(entity) and entity[i] == code:
            first = i
            i += 1
            while i < len(entity) and entity[i] == code and position[i] == position[first] and rule[i] != NO_RULE:
                i += 1
            if at_us != AS_OF_LAST and time_us[first] > at_us:
                continue
            moment = max(now, time_us[first]) if seen else time_us[first]
            if settled:
                exact = exact and moment == now
            elif seen and count > 0 and has_thresholds and now < moment:
                _fade(count, moment, moment, alive, factors, later_rising, later_falling)
                if now // DAY_US < moment // DAY_US:
                    # Until then what is above zero falls from `rising` to `later_rising`, and what is below rises.
                    _score(staying, later_rising, falling, sums, found, groups, scores, members)
                    crosses = _crosses(found, thresholds, reached)
                    if not crosses:
                        _score(staying, rising, later_falling, sums, found, groups, scores, members)
                        crosses = _crosses(found, thresholds, reached)
                    if crosses:
                        crossed = _day_ends(card, state, count, now, moment, crossings, crossed, code)
                for g in range(len(groups)):  # to assign whole arrays takes longer
                    rising[g], falling[g] = later_rising[g], later_falling[g]
            now, seen = moment, True
            for k in range(first, i):
                r = rule[k]
                if r == NO_RULE:
                    continue
                change = points[k]
                group = rules[r, _GROUP]
                if rules[r, _IS_FACT] == 1:
                    change -= held[r]
                    held[r] = points[k]
                    staying[group] += change
                elif rules[r, _AT_MOST] >= 0 and awarded[r] >= rules[r, _AT_MOST]:
                    continue
                elif rules[r, _END_HOURS] < 0:
                    awarded[r] += 1
                    staying[group] += change
                else:
                    awarded[r] += 1
                    alive[count, _A_GROUP] = group
                    alive[count, _A_TIME] = time_us[k]
                    alive[count, _A_POINTS] = change
                    alive[count, _A_END] = time_us[k] + rules[r, _END_HOURS] * HOUR_US
                    alive[count, _A_TABLE] = rules[r, _TABLE_START]
                    alive[count, _A_WHOLE] = change // MICRO if change % MICRO == 0 else 0
                    ends = min(ends, alive[count, _A_END])
                    count += 1
                    exact = exact and time_us[k] == now
                    if change > 0:
                        rising[group] += change
                    else:
                        falling[group] += change
                if change > 0:
                    above -= change
                else:
                    below += change
            if not has_thresholds or (settled and above > 0 and below >= 0):
                continue
            if now >= ends:
                count, ends = _without_ended(alive, count, now)
            above, below = _room(staying, rising, falling, groups, scores, members, thresholds, reached)
            if (above <= 0 or below < 0) and not exact:
                _fade(count, now, now, alive, factors, rising, falling)
                exact = True
                above, below = _room(staying, rising, falling, groups, scores, members, thresholds, reached)
            settled = above > 0 and below >= 0
            if settled:
                continue
            _score(staying, rising, falling, sums, found, groups, scores, members)
            if _crosses(found, thresholds, reached):
                here = position[first]
                crossed = _note(crossings, crossed, found, thresholds, reached, code, now, here)
                above, below = _room(staying, rising, falling, groups, scores, members, thresholds, reached)
                settled = above > 0 and below >= 0
        if seen and at_us != AS_OF_LAST:
            if not settled and count > 0 and has_thresholds:
                crossed = _day_ends(card, state, count, now, at_us, crossings, crossed, code)
            now = at_us
        _fade(count, now, now, alive, factors, rising, falling)
        _score(staying, rising, falling, sums, found, groups, scores, members)
        out_entity[e] = code
        out_at[e] = now
        for s in range(len(scores)):
            out_scores[e, s] = found[s]
        for g in range(len(groups)):
            out_groups[e, g] = sums[g]
    return crossed

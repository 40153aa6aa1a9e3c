"""How the lines of two sides find each other, in passes that are stated and kept with every match:

| pass | what it matches |
|---|---|
| exact | the same id, amount, currency and day; as many copies as both sides have |
| id | the same id: another day is a match, another amount or currency a difference |
| group | lines that share a key against the one line of the other side that the key names |
| days | the same amount and currency, at most so many days apart, the nearest first |
| sums | one line against two to four of the other side that add up to it: a guess |

Lines that both have an id which both sides use are never matched by their amount. What remains is left to comparing.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from itertools import combinations

import msgspec

from whence.errors import InvalidInput
from whence.matching.sides import Item, Side

SUM_LINES = (2, 3, 4)
SUM_CANDIDATES_MAX = 24
"""So many lines, the nearest by day, are tried as parts of a sum."""
DAYS = 3
Together = Iterable[tuple[Item, tuple[Item, ...]]]
"""Lines of one side, each with those of the other that it stands for."""


class Match(msgspec.Struct, frozen=True, gc=False):
    """Lines that belong together, and the pass that found them. Of `exact`, `id` and `days` there is one on each side;
    the amounts are the same unless it was found by `id` or `group`."""

    by: str
    here: tuple[Item, ...]
    there: tuple[Item, ...]

    @property
    def is_guess(self) -> bool:
        return self.by == "sums"

    @property
    def off_minor(self) -> int:
        """By how much the other side has more."""
        return sum(each.amount_minor for each in self.there) - sum(each.amount_minor for each in self.here)


class Left(msgspec.Struct, frozen=True):
    """What no pass has matched yet, in the order of each side."""

    here: list[Item]
    there: list[Item]
    days: int
    ids_shared: bool

    def without(self, matches: Iterable[Match]) -> Left:
        """What is left when these are matched too."""
        used = {id(each) for match in matches for each in (*match.here, *match.there)}
        here, there = ([each for each in side if id(each) not in used] for side in (self.here, self.there))
        return Left(here, there, self.days, self.ids_shared)

    def may_pair(self, one: Item, other: Item) -> bool:
        """Whether two lines may be matched by their amounts."""
        return not (self.ids_shared and one.id and other.id)


def matched(here: Side, there: Side, passes: Sequence[str], *, days: int = DAYS) -> tuple[list[Match], Left]:
    """The matches of each pass in turn, and what is left. Raises InvalidInput for a pass that there is not."""
    for name in passes:
        if name not in PASSES:
            raise InvalidInput("No such pass", given=repr(name), remedy=f"There are: {', '.join(PASSES)}.")
    left = Left(list(here.items), list(there.items), days, here.ids_shared and there.ids_shared)
    found: list[Match] = []
    for name in passes:
        made = PASSES[name](left)
        left = left.without(made)
        found += made
    return found, left


def _exact(left: Left) -> list[Match]:
    return _paired("exact", left, lambda each: (each.id, each.currency, each.amount_minor, each.day))


def _by_id(left: Left) -> list[Match]:
    """First what has the same amount too, so that of several copies the equal ones are matched."""
    same = _paired("id", left, lambda each: (each.id, each.currency, each.amount_minor))
    return same + _paired("id", left.without(same), lambda each: each.id)


def _paired(by: str, left: Left, key: Callable[[Item], object]) -> list[Match]:
    """The lines with ids, paired by a key, each copy with a copy."""
    if not left.ids_shared:
        return []
    waiting: defaultdict[object, deque[Item]] = defaultdict(deque)
    for each in left.there:
        if each.id:
            waiting[key(each)].append(each)
    return [
        Match(by, (each,), (copies.popleft(),)) for each in left.here if each.id and (copies := waiting.get(key(each)))
    ]


def _either_way(by: str, left: Left, find: Callable[[Left, list[Item], list[Item]], Together]) -> list[Match]:
    """Several lines of one side against one of the other, of either side."""
    found = [Match(by, many, (one,)) for one, many in find(left, left.here, left.there)]
    rest = left.without(found)
    return found + [Match(by, (one,), many) for one, many in find(rest, rest.there, rest.here)]


def _sharing(left: Left, many: list[Item], single: list[Item]) -> Together:
    """The lines that share a key, and the line that is called by it."""
    members: defaultdict[tuple[str, str], list[Item]] = defaultdict(list)
    for each in many:
        if each.group:
            members[each.group, each.currency].append(each)
    taken: set[int] = set()
    for part in ("id", "group"):  # what is called by the key comes first
        named: defaultdict[tuple[str, str], list[Item]] = defaultdict(list)
        for each in single:
            name: str = getattr(each, part)
            if name and id(each) not in taken:
                named[name, each.currency].append(each)
        for key in [key for key in members if len(named.get(key, ())) == 1]:
            one = named[key][0]
            taken.add(id(one))
            yield one, tuple(members.pop(key))


def _days(left: Left) -> list[Match]:
    """The nearest day first: all that are on the same day, then all that are a day apart, and so on."""
    waiting: defaultdict[tuple[str, int, date], list[Item]] = defaultdict(list)
    for each in left.there:
        waiting[each.currency, each.amount_minor, each.day].append(each)
    open_, found = list(left.here), list[Match]()
    for apart in range(left.days + 1):
        steps = [timedelta(days=days) for days in dict.fromkeys((apart, -apart))]
        rest = []
        for each in open_:
            near = (waiting.get((each.currency, each.amount_minor, each.day + step), ()) for step in steps)
            other = next((one for same in near for one in same if left.may_pair(each, one)), None)
            if other is None:
                rest.append(each)
            else:
                waiting[other.currency, other.amount_minor, other.day].remove(other)
                found.append(Match("days", (each,), (other,)))
        open_ = rest
    return found


def _adding_up(left: Left, many: list[Item], single: list[Item]) -> Together:
    """The fewest lines that add up to one, of the nearest days."""
    by_currency: defaultdict[str, list[Item]] = defaultdict(list)
    for each in many:
        by_currency[each.currency].append(each)
    used: set[int] = set()
    for one in single:
        near = [
            each
            for each in by_currency[one.currency]
            if id(each) not in used and abs((each.day - one.day).days) <= left.days and left.may_pair(one, each)
        ]
        near.sort(key=lambda each: (abs((each.day - one.day).days), each.number))
        tried = (parts for count in SUM_LINES for parts in combinations(near[:SUM_CANDIDATES_MAX], count))
        parts = next((parts for parts in tried if sum(each.amount_minor for each in parts) == one.amount_minor), None)
        if parts is not None:
            used.update(map(id, parts))
            yield one, parts


PASSES: dict[str, Callable[[Left], list[Match]]] = {
    "exact": _exact,
    "id": _by_id,
    "group": lambda left: _either_way("group", left, _sharing),
    "days": _days,
    "sums": lambda left: _either_way("sums", left, _adding_up),
}

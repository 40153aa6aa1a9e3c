"""What two sides have in common and where they differ: a pure function of both. Every difference is named with what it
makes of the totals, so that the one side plus all differences is always the other side, to the last cent."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

import msgspec

from whence.matching.passes import DAYS, PASSES, Left, Match, matched
from whence.matching.sides import Fault, Item, Side, sums

KINDS = {
    "missing-here": "the other side has it, this one does not",
    "missing-there": "this side has it, the other one does not",
    "amount": "the same id with another amount",
    "currency": "the same id in another currency",
    "duplicate-here": "once more on this side",
    "duplicate-there": "once more on the other side",
    "order": "in another place among the lines that both have",
    "rounding": "a fraction of the smallest unit, as the source wrote it",
    "format": "not to be read as the source is said to write",
}
PAYOUT = "payout"


class Found(msgspec.Struct, frozen=True):
    """A difference of one of the `KINDS`: `effect_minor` is by how much the other side has more, by currency; `here`
    and `there` are what the lines are called. `difference` is its key, the same when the sides are compared again."""

    difference: str
    what: str
    day: str | None
    effect_minor: dict[str, int]
    here: str = ""
    there: str = ""
    line: int | None = None
    note: str = ""


class Compared(msgspec.Struct, frozen=True):
    """What came of two sides. `matched` counts the lines of this side by the pass that matched them."""

    here: Side
    there: Side
    passes: tuple[str, ...]
    matches: list[Match]
    differences: list[Found]
    unkeyed: list[Unkeyed]

    @property
    def matched(self) -> dict[str, int]:
        found = dict.fromkeys(self.passes, 0)
        for each in self.matches:
            found[each.by] += len(each.here)
        return found

    @property
    def kinds(self) -> dict[str, int]:
        """How many differences of each kind there are, the kinds that there are."""
        found = Counter(each.what for each in self.differences)
        return {kind: found[kind] for kind in KINDS if found[kind]}

    @property
    def is_without_a_shared_id(self) -> bool:
        """Whether both sides are said to have the same ids, and have none of them in common."""
        ours, theirs = ({each.id for each in side.items if each.id} for side in (self.here, self.there))
        shared = self.here.ids_shared and self.there.ids_shared
        return shared and bool(ours) and bool(theirs) and ours.isdisjoint(theirs)

    def unexplained(self) -> dict[str, int]:
        """By how much the totals differ beyond what the differences say, by currency: nothing, always."""
        found = sums(self.there.items)
        found.subtract(sums(self.here.items))
        for each in self.differences:
            found.subtract(each.effect_minor)
        return {currency: minor for currency, minor in found.items() if minor}


class Unkeyed(msgspec.Struct, frozen=True):
    """A payout without a key: the balance that it should leave by adding, and the one that the source states."""

    item: Item
    added_minor: int
    reported_minor: int | None

    @property
    def ties(self) -> bool | None:
        """Whether both agree; None where the source states no balance."""
        return None if self.reported_minor is None else self.added_minor == self.reported_minor


def compare(
    here: Side,
    there: Side,
    *,
    passes: Sequence[str] = tuple(PASSES),
    days: int = DAYS,
    order: bool = False,
    name: str = "",
) -> Compared:
    """Match two sides in passes and name what differs; with `order` also the lines that stand in another place. `name`
    is what is compared, which the differences' keys are made of too. Raises InvalidInput for a pass that there is
    not."""
    matches, left = matched(here, there, passes, days=days)
    made = _Made(name)
    differences = [
        *_faulty(made, left, here.faults, "here"),
        *_faulty(made, left, there.faults, "there"),
        *_differing(made, matches),
        *_left_over(made, matches, left),
        *(_moved(made, matches) if order else ()),
    ]
    return Compared(here, there, tuple(passes), matches, differences, _unkeyed(here, there))


class _Made:
    """The differences of two sides as they are made: each with what it makes of the totals, and a key of what it
    is and of which copy it is among those that are alike."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._copies = Counter[str]()

    def difference(
        self,
        what: str,
        here: Sequence[Item],
        there: Sequence[Item],
        day: date | None,
        line: int | None = None,
        note: str = "",
        side: str = "there",
    ) -> Found:
        off = sums(() if what == "order" else there)
        off.subtract(sums(() if what == "order" else here))
        effect = {currency: minor for currency, minor in off.items() if minor}
        marks = [item.id or f"{item.day}/{item.amount_minor}/{item.text}" for item in (*here, *there)]
        said = "\0".join([self._name, what, *marks, str(sorted(effect.items())), note])
        self._copies[said] += 1
        key = hashlib.sha256(f"{said}\0{self._copies[said]}".encode()).hexdigest()[:12]
        ours, theirs = (", ".join(item.id or f"line {item.number}" for item in side) for side in (here, there))
        if line is not None:  # of a file: it stands on the side that has nothing else to be called by
            ours, theirs = (ours or f"line {line}", theirs) if side == "here" else (ours, theirs or f"line {line}")
        on = None if day is None else day.isoformat()
        return Found(key, what, on, effect, ours, theirs, line, note)


def _faulty(made: _Made, left: Left, faults: Sequence[Fault], side: str) -> Iterator[Found]:
    """The lines that cannot be read, each with the line of the other side that has its id: that is accounted for, and
    taken out of what is left."""
    others = left.there if side == "here" else left.here
    by_id = {each.id: each for each in others if each.id} if left.ids_shared else {}
    gone: set[int] = set()
    for fault in faults:
        other = by_id.pop(fault.id, None) if fault.id else None
        found = () if other is None else (other,)
        gone.update(map(id, found))
        here, there = ((), found) if side == "here" else (found, ())
        day = fault.day if other is None else other.day
        yield made.difference(fault.kind, here, there, day, fault.line, fault.reason, side)
    others[:] = [each for each in others if id(each) not in gone]


def _differing(made: _Made, matches: Sequence[Match]) -> Iterator[Found]:
    """The pairs whose amounts are not the same."""
    for each in matches:
        currencies = {item.currency for item in (*each.here, *each.there)}
        if len(currencies) > 1 or each.off_minor:
            what = "currency" if len(currencies) > 1 else "amount"
            yield made.difference(what, each.here, each.there, each.there[0].day)


def _left_over(made: _Made, matches: Sequence[Match], left: Left) -> Iterator[Found]:
    """What nothing was found for: a copy of what was matched, or a line that the other side lacks."""
    for side, other, items in (("here", "there", left.here), ("there", "here", left.there)):
        known = {item.id for each in matches for item in getattr(each, side) if item.id}
        for item in items:
            what = f"duplicate-{side}" if left.ids_shared and item.id in known else f"missing-{other}"
            here, there = ((item,), ()) if side == "here" else ((), (item,))
            yield made.difference(what, here, there, item.day)


def _moved(made: _Made, matches: Sequence[Match]) -> Iterator[Found]:
    """The fewest lines that would have to move for both sides to have one order."""
    pairs = [(each.here[0], each.there[0]) for each in matches if len(each.here) == len(each.there) == 1]
    pairs.sort(key=lambda pair: (pair[0].us, pair[0].number))
    for place in _out_of_order([there.number for _, there in pairs]):
        here, there = pairs[place]
        yield made.difference("order", (here,), (there,), here.day, there.number)


def _out_of_order(numbers: Sequence[int]) -> list[int]:
    """The places of the numbers that are in no longest rising subsequence."""
    tails: list[int] = []
    ends: list[int] = []  # the place of the last number of a rising subsequence of each length
    before: list[int] = []
    for place, number in enumerate(numbers):
        length = bisect_left(tails, number)
        before.append(ends[length - 1] if length else -1)
        if length == len(tails):
            tails.append(number)
            ends.append(place)
        else:
            tails[length], ends[length] = number, place
    kept: set[int] = set()
    place = ends[-1] if ends else -1
    while place >= 0:
        kept.add(place)
        place = before[place]
    return [place for place in range(len(numbers)) if place not in kept]


def _unkeyed(*sides: Side) -> list[Unkeyed]:
    """The payouts without a key: nobody can say which charges they are of, so their balance is looked at."""
    found = []
    for side in sides:
        running = Counter(side.opening)
        for each in side.items:
            running[each.currency] += each.amount_minor
            if side.has_groups and each.category == PAYOUT and not each.group:
                found.append(Unkeyed(each, running[each.currency], each.balance_minor))
    return found

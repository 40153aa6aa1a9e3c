"""Which combinations are worth a choice: those that no other beats. How good each is, is measured before."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from whence.experiments.statistics import COUNT_LEAST


class Place(msgspec.Struct, frozen=True):
    """Where a combination lies: how many it names, how often it is right (precision) and how many of the outcomes it
    finds (recall), both from 0 to 1, and how many days before; None where that is not defined."""

    named: int
    precision: float | None
    recall: float | None
    lead_days: float | None


def frontier(places: Sequence[Place]) -> list[int]:
    """The numbers of those on the frontier, the highest recall first: none other is at least as good in precision and
    recall and better in one of them.

    Those that name fewer than ten are not on it: one of them alone would be right by luck. Of several in the very same
    place it is the one that comes earliest before the outcome, and of those still alike the first.
    """
    known = [
        (place.recall, place.precision, place.lead_days or 0.0, -number)
        for number, place in enumerate(places)
        if place.named >= COUNT_LEAST and place.precision is not None and place.recall is not None
    ]
    found, best = [], -1.0
    for _, precision, _, minus in sorted(known, reverse=True):
        if precision > best:
            best = precision
            found.append(-minus)
    return found


def chosen(places: Sequence[Place], on: Sequence[int], present: Place) -> int | None:
    """The one on the frontier that is most precise among those that find at least as many as the present card. Where
    none does, or the present card names nobody, the one with the best balance, the highest harmonic mean of precision
    and recall. None where nothing is on the frontier."""
    if not on:
        return None
    enough = [number for number in on if present.recall and (places[number].recall or 0) >= present.recall]
    if enough:
        return enough[-1]  # the less it finds, the more precise it is
    return max(on, key=lambda number: (_balance(places[number]), -number))


def better_in_both(places: Sequence[Place], present: Place) -> int:
    """How many combinations have a higher precision and a higher recall than the present card."""
    least = present.precision or 0.0, present.recall or 0.0
    return sum(
        place.named >= COUNT_LEAST and (place.precision or 0) > least[0] and (place.recall or 0) > least[1]
        for place in places
    )


def _balance(place: Place) -> float:
    precision, recall = place.precision or 0.0, place.recall or 0.0
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0

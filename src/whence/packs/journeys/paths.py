"""Paths: which touchpoints follow each other, from an event on or up to one, as links between one depth and the next.
What is drawn of them is left to pictures."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

import msgspec

from whence.errors import InvalidQuery
from whence.packs.journeys.sql import statement
from whence.packs.journeys.step import Step
from whence.packs.journeys.touchpoints import Touchpoints

END, BEGINNING, OTHER = "(end)", "(beginning)", "(other)"


class Link(msgspec.Struct, frozen=True):
    """How many customers went from one touchpoint to the next; depth counts from 0 on the left. `(end)`: nothing came
    after, `(beginning)`: nothing before, `(other)`: one of the types that are not shown by name."""

    depth: int
    source: str
    target: str
    customers: int


def paths(
    asked: Touchpoints,
    *,
    start: str | Step | None = None,
    end: str | Step | None = None,
    depth: int = 4,
    top: int = 8,
    repeats: bool = False,
) -> list[Link]:
    """What follows each customer's first `start`, or what comes before the last `end`, over so many links; without
    either, from each customer's first touchpoint. Of several touchpoints of a type in a row the first counts alone,
    unless `repeats`. At each depth the `top` most frequent types have their name. Raises InvalidQuery."""
    if start is not None and end is not None:
        raise InvalidQuery(
            "A path is followed from one event", remedy="Name its start or its end; a funnel asks for both."
        )
    backwards = end is not None
    named = end if backwards else start
    touched = asked.rows(columns={"type": "type"})
    anchor = touched if named is None else asked.rows_of_step(asked.known(Step.of(named)), {"type": "type"})
    query = statement("paths").format(
        anchor=anchor,
        touchpoints=touched,
        first="max" if backwards else "min",
        order="DESC" if backwards else "ASC",
        side="<=" if backwards else ">=",
        repeats=str(repeats).lower(),
        depth=depth,
    )
    found = Counter[tuple[int, str, str]]()
    types = asked.segments.types
    for row in asked.sql(query).to_pylist():
        following = (BEGINNING if backwards else END) if row["next"] is None else types[row["next"]]
        found[row["depth"], types[row["type"]], following] += row["customers"]
    return list(_links(found, depth, top, backwards))


def _links(found: Counter[tuple[int, str, str]], depth: int, top: int, backwards: bool) -> Iterator[Link]:
    shown = _shown(found, top)
    links = Counter[tuple[int, str, str]]()
    for (at, one, other), customers in found.items():
        one, other = (each if each in shown[place] else OTHER for each, place in ((one, at), (other, at + 1)))
        links[(depth - 1 - at, other, one) if backwards else (at, one, other)] += customers
    for (at, one, other), customers in sorted(links.items(), key=lambda item: (item[0][0], -item[1], item[0])):
        yield Link(at, one, other, customers)


def _shown(found: Counter[tuple[int, str, str]], top: int) -> dict[int, set[str]]:
    """The types that have their name, by depth; ends always do."""
    sizes: dict[int, Counter[str]] = defaultdict(Counter)
    for (at, one, other), customers in found.items():
        sizes[at + 1][other] += customers
        if at == 0:
            sizes[0][one] += customers
    return {
        at: {END, BEGINNING, *sorted(counts.keys() - {END, BEGINNING}, key=lambda name: (-counts[name], name))[:top]}
        for at, counts in sizes.items()
    }

"""Paths: which touchpoints follow each other, from an event on or up to one, as links between one depth and the next.
What is drawn of them is left to pictures."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Annotated

import msgspec
import numpy as np

from whence.errors import InvalidQuery
from whence.pack import Written
from whence.packs.journeys.chain import Array
from whence.packs.journeys.sql import statement
from whence.packs.journeys.step import Count, Step
from whence.packs.journeys.touchpoints import Touchpoints

END, BEGINNING, OTHER = "(end)", "(beginning)", "(other)"


class Link(msgspec.Struct, frozen=True):
    """How many customers went from one touchpoint to the next; depth counts from 0 on the left. `(end)`: nothing came
    after, `(beginning)`: nothing before, `(other)`: one of the types that are not shown by name."""

    depth: int
    source: str = msgspec.field(name="from")
    target: str = msgspec.field(name="to")
    customers: int


def paths(
    asked: Touchpoints,
    *,
    start: Annotated[
        str | Step | None, Written("--from", "STEP"), "what follows the first of these; else the first touchpoint"
    ] = None,
    end: Annotated[str | Step | None, Written("--to", "STEP"), "what comes before the last of these"] = None,
    depth: Annotated[int, msgspec.Meta(ge=1, le=12), "so many links"] = 4,
    top: Annotated[int, Count, "so many types at each depth have their name"] = 8,
    repeats: Annotated[bool, "count several of a type in a row one by one"] = False,
) -> list[Link]:
    """$ whence journeys paths --from Visited --depth 3
    $ whence journeys paths --to Bought --depth 3 --picture paths.html

    Which touchpoints follow each other.

    How many customers went from one touchpoint to the next, at each depth: after the first event named by --from, or
    before the last one named by --to. (end): nothing came after it; (beginning): nothing before; (other): one of the
    rarer types. A picture is a Sankey diagram.
    """
    if start is not None and end is not None:
        raise InvalidQuery(
            "A path is followed from one event", remedy="Name its start or its end; a funnel asks for both."
        )
    named = start if end is None else end
    step = None if named is None else asked.known(Step.of(named))
    query = statement("touchpoints_in_order").format(touchpoints=asked.rows(columns={"type": "type"}))
    who, position, type = asked.arrays(query, "who", "position", "type")
    is_anchor = np.ones(len(who), bool)
    if step is not None:
        there = np.zeros(asked.segments.head + 1, bool)
        there[asked.arrays(asked.rows_of_step(step), "position")[0]] = True
        is_anchor = there[position]
    if end is not None:
        who, type, is_anchor = who[::-1], type[::-1], is_anchor[::-1]
    found = _counted(asked, who, type, is_anchor, depth, repeats, END if end is None else BEGINNING)
    return list(_links(found, depth, top, end is not None))


def _counted(
    asked: Touchpoints, who: Array, type: Array, is_anchor: Array, depth: int, repeats: bool, last: str
) -> Counter[tuple[int, str, str]]:
    """How many went from which type to which at each depth from their first anchor on; `last` is where nothing comes
    any more. The arrays are of all touchpoints, those of a customer together and in order."""
    anchors = np.flatnonzero(is_anchor)
    first = anchors[np.r_[True, who[anchors][1:] != who[anchors][:-1]]] if len(anchors) else anchors
    begins = np.full(asked.size, len(who), np.int64)
    begins[who[first]] = first
    places = np.flatnonzero(np.arange(len(who)) >= begins[who])
    if not repeats:
        again = (type[places] == type[places - 1]) & (places > begins[who[places]])
        places = places[~again]
    who, type = who[places], type[places]
    is_new = np.r_[True, who[1:] != who[:-1]][: len(who)]
    at = np.arange(len(who)) - np.flatnonzero(is_new)[np.cumsum(is_new) - 1] if len(who) else places
    count = len(asked.segments.types)
    following = np.where(np.r_[is_new[1:], True][: len(who)], count, np.r_[type[1:], 0][: len(who)])
    near = at < depth
    keys, customers = np.unique((at[near] * count + type[near]) * (count + 1) + following[near], return_counts=True)
    names = [*asked.segments.types, last]
    return Counter(
        {
            (key // (count + 1) // count, names[key // (count + 1) % count], names[key % (count + 1)]): number
            for key, number in zip(keys.tolist(), customers.tolist(), strict=True)
        }
    )


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

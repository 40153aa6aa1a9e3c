"""Paths: which touchpoints follow each other, from an event on or up to one, as links between one depth and the next,
and as a picture."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import msgspec
import numpy as np

from whence.charts import Flow, sankey
from whence.errors import InvalidQuery
from whence.pack import Written
from whence.packs.touchpoints.statements import statement
from whence.packs.touchpoints.step import COUNT, Step, at_least_one
from whence.packs.touchpoints.touchpoints import Array, Touchpoints

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

END, BEGINNING, OTHER = "(end)", "(beginning)", "(other)"


class Link(msgspec.Struct, frozen=True):
    """How many customers went from one touchpoint to the next; depth counts from 0 on the left. For `(end)`,
    `(beginning)` and `(other)` see paths."""

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
    top: Annotated[int, COUNT, "so many types at each depth have their name"] = 8,
    repeats: Annotated[bool, "count several of a type in a row one by one"] = False,
) -> list[Link]:
    """$ whence journeys paths --from Visited --depth 3
    $ whence journeys paths --to Bought --depth 3 --picture paths.html

    Which touchpoints follow each other.

    How many customers went from one touchpoint to the next, at each depth: after the first event named by --from, or
    before the last one named by --to. (end): nothing came after it; (beginning): nothing before; (other): one of the
    rarer types. A picture is a Sankey diagram.
    """
    at_least_one(depth=depth, top=top)
    if start is not None and end is not None:
        raise InvalidQuery(
            "A path is followed from one event", remedy="Name its start or its end; a funnel asks for both."
        )
    anchor = start if end is None else end
    which, beyond, direction = ("min", ">=", "") if end is None else ("max", "<=", " DESC")
    join = ""
    if anchor is not None:
        rows = asked.rows_of_step(asked.known(anchor))
        anchors = f"SELECT who, {which}((time_us, position)) AS place FROM ({rows}) GROUP BY who"
        join = f"\nJOIN ({anchors}) a ON a.who = t.who AND (t.time_us, t.position) {beyond} a.place"
    query = statement(
        __package__, "touchpoints_in_order", touchpoints=asked.rows(), from_anchor=join, direction=direction
    )
    who, type = asked.arrays(query, "who", "type")
    found = _counted(who, type, [*asked.segments.types, END if end is None else BEGINNING], depth, repeats)
    return list(_links(found, depth, top, end is not None))


def _counted(who: Array, type: Array, names: Sequence[str], depth: int, repeats: bool) -> Counter[tuple[int, str, str]]:
    """How many went from which type to which at each depth; after the last touchpoint of a customer comes the last of
    the names. The arrays are of touchpoints, those of a customer together and in order.

    Of Read, Bought: (0, Read, Bought), (1, Bought, (end)).
    """
    is_first = np.r_[True, who[1:] != who[:-1]][: len(who)]  # of a customer
    if not repeats:
        kept = is_first | np.r_[True, type[1:] != type[:-1]][: len(who)]
        type, is_first = type[kept], is_first[kept]
    firsts = np.flatnonzero(is_first)
    depths = np.arange(len(type)) - np.repeat(firsts, np.diff(np.r_[firsts, len(type)]))
    is_last = np.r_[is_first[1:], True][: len(type)]
    following = np.where(is_last, len(names) - 1, np.r_[type[1:], 0][: len(type)])
    near = depths < depth
    shape = (depth, len(names), len(names))
    links = np.ravel_multi_index((depths[near], type[near], following[near]), shape)  # each as one number
    links, counts = np.unique(links, return_counts=True)  # most types never follow each other
    rows = zip(*(each.tolist() for each in (*np.unravel_index(links, shape), counts)), strict=True)
    return Counter({(at, names[one], names[other]): count for at, one, other, count in rows})


def _links(found: Counter[tuple[int, str, str]], depth: int, top: int, backwards: bool) -> Iterator[Link]:
    """The links with the rarer types as one; those that were followed backwards from their end turned round."""
    shown = _shown(found, top)
    links = Counter[tuple[int, str, str]]()
    for (at, one, other), customers in found.items():
        one = one if one in shown[at] else OTHER
        other = other if other in shown[at + 1] else OTHER
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


def paths_figure(found: Sequence[Link]) -> Figure:
    """A node for each event type at each depth, a link as wide as the customers who went that way."""
    is_backwards = any(each.source == BEGINNING for each in found)  # then all meet at the right
    flows = [Flow(each.depth, each.source, each.target, each.customers) for each in found]
    return sankey(flows, align="right" if is_backwards else "left")

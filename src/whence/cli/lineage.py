"""`whence trace`: what led to an event and what followed from it, as a tree."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import rich_click as click

from whence.cli import exits, screen
from whence.cli.command import at_store, command, in_json, in_zone, opened, option, times_in
from whence.cli.pager import paged
from whence.cli.reading import POSITION, TAGS, TIME, TYPE, WHO, tags_text, times, words
from whence.cli.screen import Words
from whence.explaining.lineage import NESTED_MAX, PAGE_DEPTH, PAGE_SIBLINGS, More

if TYPE_CHECKING:
    from datetime import tzinfo

    from whence.events import Recorded
    from whence.explaining.lineage import Lineage


@command(
    "trace",
    "whence trace @1",
    "whence trace @4 --depth 2 --json",
    brief="What led to an event, and what followed from it.",
)
@click.argument("event", metavar="ID|@POSITION")
@option("--depth", type=click.IntRange(1), metavar="N", help="At most so many steps from cause to effect.")
@option(
    "--correlation",
    "correlated",
    envvar="WHENCE_TRACE_CORRELATION",
    is_flag=True,
    help="List the events of its correlation, not only their numbers.",
)
@at_store
@in_zone
@in_json(help="All of it as one nested JSON object.")
def trace(event: str, depth: int | None, correlated: bool, store: str | None, zone: str | None, as_json: bool) -> int:
    """Shows the chain of causes of an event, the event, and below it as a tree all that followed from it, across
    entities, by the causes that events name; how many other events share its correlation is said below. Reads the
    whole store. A terminal shows 20 effects of a cause and 12 steps and counts the rest; a pipe and --json get all of
    them, down to 200 steps."""
    with opened(store, zone=zone) as db:
        with screen.progress("Following causes") as told:
            found = db.trace(event, correlated=correlated, progress=told)
        if as_json:
            screen.json_lines([found.to_json(depth)])
            return exits.OK
        with paged():
            _show(found, depth, db.config.zone)
            screen.dim(_footer(found, db.config.zone))
        return exits.OK


def _show(found: Lineage, depth: int | None, zone: tzinfo) -> None:
    """The causes, the first one on top; the event with the tree of its effects; and the companions asked for."""
    fits = sys.stdout.isatty()
    causes = found.causes[: PAGE_SIBLINGS if fits else None]
    screen.lines(_above(found, causes, zone))
    screen.tree(_words(found.recorded, zone, "reverse"), _effects(found, depth, fits, zone))
    if found.companions:
        screen.dim(f"of correlation {found.recorded.correlation}:")
        screen.lines(_words(event, zone) for event in found.companions)


def _above(found: Lineage, causes: list[Recorded], zone: tzinfo) -> Iterator[Words]:
    """How the chain of causes begins, and those of them that are shown."""
    if found.missing_cause is not None:
        yield [(found.missing_cause, POSITION.style), ("not in this store", "dim")]
    if found.circular:
        yield [("The causes go round in a circle.", "red")]
    if rest := len(found.causes) - len(causes):
        yield [(f"… {rest:,} more", "dim")]
    yield from (_words(cause, zone) for cause in reversed(causes))


def _effects(found: Lineage, depth: int | None, fits: bool, zone: tzinfo) -> Iterator[tuple[int, Words]]:
    depth_max = depth or (PAGE_DEPTH if fits else NESTED_MAX)
    for item in found.tree(depth_max, PAGE_SIBLINGS if fits else None):
        if isinstance(item, More):
            yield item.depth, [(f"… {item.count:,} more", "dim")]
        else:
            yield item.depth, _words(item.recorded, zone)


def _words(event: Recorded, zone: tzinfo, style: str = "") -> Words:
    """An event on one line, each part in the colour of its column in the log."""
    parts = [
        (f"@{event.position}", style or POSITION.style),
        (event.type, TYPE.style),
        (tags_text(event.tags), TAGS.style),
        (times(event, zone), TIME.style),
        (event.actor or "", WHO.style),
        (words(event.data), ""),
    ]
    return [(text, style) for text, style in parts if text]


def _footer(found: Lineage, zone: tzinfo) -> str:
    """`1 cause, 5 effects; 12 more of correlation visit:7: PageViewed 11, Called 1; times in UTC`."""
    parts = [f"{_count(len(found.causes), 'cause')}, {_count(len(found.effects), 'effect')}"]
    if found.correlated:
        others = f"{sum(found.correlated.values()):,}"
        parts.append(f"{others} more of correlation {found.recorded.correlation}: {found.counts_text()}")
    return "; ".join([*parts, times_in(zone)])


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")


COMMANDS = (trace,)

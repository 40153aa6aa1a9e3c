"""What the commands of journeys share: the options that name customers and moments, the head that an answer is for, and
pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import rich_click as click

from whence.cli import exits, screen
from whence.cli.command import (
    as_form,
    at_moment,
    at_store,
    form_of,
    grouped,
    in_zone,
    opened,
    option,
    times_in,
)
from whence.clock import to_iso
from whence.moments import second_of
from whence.packs.journeys.touchpoints import Touchpoints, touchpoints
from whence.picture import kind_of, save

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from whence.app import Whence

of_whom = grouped(
    option("--kind", "kinds", multiple=True, metavar="KIND", help="Tags that name customers; the main kind first."),
    option("--no-build", "no_build", is_flag=True, help="Write no segments, whatever is missing."),
    at_moment,
    at_store,
    in_zone,
    as_form,
)
in_order = grouped(
    option("--order", type=click.Choice(["ordered", "strict", "any"]), default="ordered", help="How steps may lie."),
    option("--within", metavar="DURATION", help="So long after the start the last step still counts: '30 days'."),
    option("--exclude", multiple=True, metavar="STEP", help="An event that ends an attempt; may be given again."),
)


def _can_be_drawn(_context: click.Context, _option: click.Parameter, paths: tuple[str, ...]) -> tuple[str, ...]:
    """The files, each of which ends as a picture does: that is said before anything is asked."""
    for path in paths:
        kind_of(path)
    return paths


drawn = option(
    "--picture",
    "pictures",
    multiple=True,
    metavar="FILE",
    callback=_can_be_drawn,
    help="Draw it: a page .html, or .png.",
)
UNITS = click.Choice(["day", "week", "month"])


@contextmanager
def asking(told: dict[str, Any]) -> Iterator[tuple[Whence, Touchpoints]]:
    """The store that the options name and its touchpoints; the options of `of_whom` are taken out of `told`."""
    kinds, no_build = told.pop("kinds"), told.pop("no_build")
    at, clock = told.pop("at"), told.pop("clock")
    with (
        opened(told.pop("store"), zone=told.pop("zone")) as db,
        screen.progress("Building segments") as progress,
        touchpoints(db, kinds=kinds, at=at, clock=clock, build=not no_build, progress=progress) as asked,
    ):
        yield db, asked


def form_in(told: dict[str, Any]) -> screen.Form:
    return form_of(told.pop("as_json"), told.pop("as_csv"))


def any_of(count: int, shown: screen.Form) -> int:
    """The exit code of an answer of so many rows; that there are none is said."""
    if not count and shown == "screen":
        screen.note("Nothing is in it.")
    return exits.OK if count else exits.NO


def head_text(asked: Touchpoints) -> str:
    """Which head an answer is for, and what of it came from segments."""
    built = f", up to @{asked.built} from segments" if asked.built else ""
    return f"as of @{asked.head}{built}"


def draw(asked: Touchpoints, paths: Sequence[str], name: str, title: str, make: Callable[[], Figure]) -> None:
    """Write the pictures that were asked for, and say so."""
    figure = make() if paths else None
    for path in paths:
        save(figure, path, name, title, footer=f"{head_text(asked)} · Made by Whence")
        screen.note(f"Drawn in {path}")


def draws(name: str) -> Callable[..., Figure]:
    """What draws a figure, imported when it is asked for."""
    from whence.packs.journeys import pictures

    found: Callable[..., Figure] = getattr(pictures, f"{name}_figure")
    return found


def number(value: Any) -> Any:
    """A decimal as it is written."""
    return f"{value:f}" if isinstance(value, Decimal) else value


def percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def moment(db: Whence, us: int, shown: screen.Form) -> str:
    return second_of(us, db.config.zone) if shown == "screen" else to_iso(us)


def zone(db: Whence) -> str:
    return times_in(db.config.zone)

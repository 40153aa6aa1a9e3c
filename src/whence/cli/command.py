"""What every command shares: its example, the options that mean the same everywhere, and the store that they name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import tzinfo
from functools import partial, wraps
from inspect import cleandoc
from typing import TYPE_CHECKING, Any

import rich_click as click

from whence.cli import screen
from whence.cli.screen import Form
from whence.config import Config
from whence.errors import NotKnown
from whence.moments import zone_of, zone_text
from whence.picture import kind_of, save

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from whence.app import Whence
    from whence.history import At

Decorator = Callable[[Any], Any]


class Option(click.RichOption):
    """An option as everywhere here; one that may be given again is a line each in the environment, since there are
    spaces and colons in what it is given."""

    def value_from_envvar(self, ctx: click.Context) -> Any:
        if self.multiple and (said := self.resolve_envvar_value(ctx)) is not None:
            return [line for line in said.splitlines() if line.strip()]
        return super().value_from_envvar(ctx)


option = partial(click.option, cls=Option, show_envvar=True)


def command(name: str, *examples: str, brief: str) -> Decorator:
    """A command whose help begins with its examples; `brief` is its line in the list of commands."""

    def decorate(function: Any) -> click.Command:
        shown = "\n".join(f"$ {example}" for example in examples)
        made: click.Command = click.command(
            name, short_help=brief, help=f"\b\n{shown}\n\n{cleandoc(function.__doc__)}"
        )(function)
        made.examples = examples  # type: ignore[attr-defined]
        return made

    return decorate


def grouped(*decorators: Decorator) -> Decorator:
    """Several options as one decorator, in the order of the help."""

    def decorate(function: Any) -> Any:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


at_store = option("--store", envvar="WHENCE_STORE", metavar="PATH", help="The store; a .jsonl is a readable log.")
in_zone = option(
    "--zone",
    envvar="WHENCE_ZONE",
    metavar="ZONE",
    help="Time zone; else whence.toml's, else UTC.",
)
in_json = partial(option, "--json", "as_json", envvar="WHENCE_JSON", is_flag=True)
as_form = grouped(
    in_json(help="One JSON object a line."),
    option(
        "--csv",
        "as_csv",
        envvar="WHENCE_CSV",
        is_flag=True,
        help="CSV; text that a spreadsheet takes for a formula (= + - @ in front) gets a '.",
    ),
)
by_clock = option(
    "--clock",
    type=click.Choice(["occurred", "recorded"]),
    default="occurred",
    help="When it happened, or when the store learnt it.",
)
at_moment = grouped(
    option("--at", "at", metavar="TIME", help="As it was then (a day: its end; or @120); else now."),
    by_clock,
)
from_to = grouped(
    option("--since", metavar="TIME", help="From then on; a day from its beginning."),
    option("--until", metavar="TIME", help="Up to then; a day to its end."),
)
by_actor = partial(option, "--by", envvar="WHENCE_BY", metavar="WHO")
happened_at = option("--time", metavar="TIME", help="When it happened; else now. A day alone means its beginning.")
under_key = option(
    "--key", metavar="ID", help="An id of its own: asking for the same again is then safe and changes nothing."
)
with_model = option("--model", metavar="MODEL", help="module:Class or file.py:Class, instead of whence.toml's.")


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


def draw(paths: Sequence[str], name: str, title: str, figure: Callable[[], Figure], said: str) -> None:
    """Write the figure into the files that `drawn` names, each with what is said of it below, and say so."""
    for path in paths:
        save(figure(), path, name, title, footer=f"{said} · Made by Whence")
        screen.note(f"Drawn in {path}")


def on_store(*, create: bool = False) -> Decorator:
    """The options of a command that asks one store: it is told the open store, and the form of its answer."""

    def decorate(function: Callable[..., int]) -> Any:
        @wraps(function)
        def run(store: str | None, zone: str | None, as_json: bool, as_csv: bool, **told: Any) -> int:
            form = form_of(as_json, as_csv)
            with opened(store, zone=zone, create=create) as db:
                return function(db, form, **told)

        return grouped(at_store, in_zone, as_form)(run)

    return decorate


def form_of(as_json: bool, as_csv: bool) -> Form:
    """The form that was asked for. Raises UsageError when both were."""
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other.")
    return "json" if as_json else "csv" if as_csv else "screen"


@contextmanager
def opened(store: str | None, *, zone: str | None = None, create: bool = False) -> Iterator[Whence]:
    """The store that the option, the environment or whence.toml names; says so when it had to be made."""
    from whence import app

    config = configured(zone)
    url = config.store_url(store)
    fresh = create and is_missing(url)
    with app.open(url, create=create, config=config) as db:
        if fresh:
            screen.note(f"Made a new store: {url.removeprefix('sqlite:')}")
        yield db


def moment_of(db: Whence, text: str | None, clock: str) -> At:
    """The moment that is meant. Raises InvalidTime, and NotKnown for a position that no event has yet."""
    moment = db.at(text, clock=clock)
    head = db.store.head()
    if moment.position is not None and moment.position > head:
        remedy = f"Write @{head} for the newest, or a time: 2026-01-09."
        raise NotKnown("No event at this position yet", position=moment.position, head=head, remedy=remedy)
    return moment


def is_missing(url: str) -> bool:
    """Whether there is no store in this file yet: it is not there, or empty."""
    path = url.removeprefix("sqlite:")
    return path != ":memory:" and not (os.path.exists(path) and os.path.getsize(path))


def configured(zone: str | None = None) -> Config:
    """The nearest configuration, in another zone when one is given."""
    config = Config.nearest()
    return config if zone is None else config.in_zone(zone_of(zone))


def counted(count: int, one: str, several: str = "") -> str:
    """`1 match`, `60,000 matches`: how many there are of what has this name, and this one where there are several."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def events_text(count: int) -> str:
    """`1 event`, `60,000 events`."""
    return counted(count, "event")


def rows_text(count: int) -> str:
    """`1 row`, `220 rows`."""
    return counted(count, "row")


def entities_text(count: int) -> str:
    """`1 entity`, `13,087 entities`."""
    return counted(count, "entity", "entities")


def times_in(zone: tzinfo, clock: str | None = None) -> str:
    """The line that says which zone, and which clock, the times of an answer are in."""
    return f"times in {zone_text(zone)}" + (f", {clock} clock" if clock else "")

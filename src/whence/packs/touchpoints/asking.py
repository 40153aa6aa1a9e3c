"""What the commands of questions share: each is made of the function that it asks, opens the touchpoints, makes one
call, and shows. A command ends with 1 where there is nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import rich_click as click

from whence.app import Whence
from whence.cli import exits, screen
from whence.cli.command import as_form, at_moment, option, times_in
from whence.cli.packs import act_command, show_rows
from whence.cli.screen import Form
from whence.moments import until_text
from whence.pack import Act
from whence.packs.journeys.commands import by_kind
from whence.packs.touchpoints.touchpoints import Touchpoints, touchpoints

no_build = option("--no-build", "no_build", is_flag=True, help="Write no segments, whatever is missing.")


def asking(
    question: Callable[..., Any], show: Callable[..., object], *options: Any, refuse: Callable[..., None] | None = None
) -> click.Command:
    """The command of a question: `show` is told the touchpoints, the form of the answer, and what the question is, and
    gives whether there is anything. `refuse` is told all that was typed, and raises before anything is opened."""

    def run(db: Whence, form: Form, *, kinds: Any, no_build: bool, at: Any, clock: str, **told: Any) -> int:
        with (
            screen.progress("Building segments") as progress,
            touchpoints(db, kinds=kinds, at=at, clock=clock, build=not no_build, progress=progress) as asked,
        ):
            return exits.OK if show(asked, form, **told) else exits.NO

    options = (*options, by_kind, no_build, at_moment, as_form)
    return act_command("journeys", Act(question), run, *options, refuse=refuse)


# Answers.


def head_text(asked: Touchpoints, said: str = "", *, zoned: bool = False) -> str:
    """What is said of an answer: its head and moment, what came from segments, the kinds of customers where whence.toml
    says none, and where its times are."""
    built = f", up to @{asked.built} from segments" if asked.built else ""
    kinds = "" if asked.naming.kinds else f", customers by {', '.join(asked.people.kinds)}"
    head = f"as of @{asked.head}{until_text(asked.moment, asked.zone)}{built}{kinds}"
    return (f"{said}, {head}" if said else head) + (f"; {times_in(asked.zone)}" if zoned else "")


def rows(asked: Touchpoints, form: Form, kind: Any, found: Sequence[Any], said: str = "", *, zoned: bool = True) -> int:
    """A table of structs of a kind, and how many there are."""
    return count_shown(show_rows(kind, found, form, asked.zone, caption=head_text(asked, said, zoned=zoned)), form)


def count_shown(count: int, form: Form) -> int:
    """How many rows an answer has; that there are none is said."""
    if not count and form == "screen":
        screen.note("Nothing is in it.")
    return count

"""The command of sessions."""

from __future__ import annotations

from typing import Any

import rich_click as click

from whence.cli.command import option
from whence.cli.screen import Form
from whence.packs.sessions.sessions import Session, Sessions, sessions, sessions_by
from whence.packs.touchpoints.asking import asking, rows
from whence.packs.touchpoints.touchpoints import Touchpoints


def all_counted(*, name: str | None, limit: int | None, unit: str | None, **_: Any) -> None:
    if unit is not None and (name, limit) != (None, None):
        raise click.UsageError("--by counts the sessions of all; leave out the name and --limit.")


def show_sessions(asked: Touchpoints, form: Form, *, name: str | None, gap: str, limit: int | None, unit: Any) -> int:
    if unit is None:
        return rows(asked, form, Session, sessions(asked, name, gap=gap, limit=limit))
    return rows(asked, form, Sessions, sessions_by(asked, unit, gap=gap))


COMMANDS = (
    asking(
        sessions,
        show_sessions,
        option(
            "--by",
            "unit",
            type=click.Choice(["day", "week", "month"]),
            help="A row for each period instead of each session.",
        ),
        refuse=all_counted,
    ),
)

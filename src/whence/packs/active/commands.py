"""`whence settings set`, `unset` and `diff`: they take a setting by its name, and show what differs, long texts by
their lines."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Annotated, Any

import rich_click as click

from whence.app import Whence
from whence.cli import exits, screen
from whence.cli.command import as_form, by_actor, by_clock, happened_at, under_key
from whence.cli.packs import act_command, pack_command
from whence.cli.screen import Form
from whence.cli.valuediffs import show_diff
from whence.errors import InvalidEvent, InvalidFile
from whence.moments import span_of
from whence.pack import Act, Decision, Written
from whence.packs.active.standing import compare
from whence.packs.changes.timeline import changes
from whence.packs.settings.decisions import DECISIONS, set_
from whence.packs.settings.naming import split_name
from whence.words import value_of


def _deciding(decision: Decision) -> click.Command:
    """The command of a decision, which is told the document and its key as the name of a setting."""

    def run(db: Whence, form: Form, *, setting: str, by: str | None, time: str | None, **told: Any) -> int:
        document, key = split_name(setting)
        if "value" in told:
            told["value"] = _value(setting, told["value"])
        when = None if time is None else span_of(time, zone=db.config.zone).first_us
        done = db.decide(decision, document, key, by=by, time=when, **told)
        if not done.positions:
            if form == "screen":
                screen.note("It has this value already: nothing was appended.")
            return exits.OK
        change = next(each for each in changes(db.history()) if each.position == done.positions[0])
        show_diff(change.differences, form, what="setting", position=change.position, version=change.version)
        if form == "screen" and not done.attempts:
            screen.note("It was there already, under this key.")
        return exits.OK

    act = Act(decision.function, first=2)
    made = act_command("settings", act, run, by_actor(help="Who changes it."), happened_at, under_key, as_form)
    made.context_settings = {"ignore_unknown_options": decision is set_}  # so that -1 is a value
    return made


@pack_command("settings", by_clock, as_form)
def diff(
    db: Whence,
    form: Form,
    before: str,
    after: str | None = None,
    *,
    setting: Annotated[str | None, Written(value="SETTING"), "only this one, or those within it"] = None,
    clock: str = "occurred",
) -> int:
    """$ whence settings diff 2026-01-05
    $ whence settings diff 2026-01-05 2026-01-06 --setting prompts

    The settings that differ between two moments.

    Compares what was in force at two moments, AFTER being now where it is left out. Long texts, such as prompts, are
    shown by the lines or sentences that differ.
    """
    found = compare(db, before, after, clock=clock, setting=setting)
    show_diff(found, form, what="setting")
    if not found and form == "screen":
        screen.note("Nothing differs.")
    return exits.OK


def _value(setting: str, text: str) -> Any:
    """What is typed, as JSON where it reads as JSON, else as text; @FILE is what the file says. Raises InvalidEvent for
    JSON that no event can hold, and InvalidFile."""
    if not text.startswith("@") or len(text) == 1:
        try:
            return value_of(text)
        except InvalidEvent as problem:
            remedy = f"Write it as text, in quotes of its own: {shlex.quote(json.dumps(text))}."
            raise InvalidEvent(problem.fact, setting=setting, value=text[:80], remedy=remedy) from None
    try:
        return Path(text[1:]).read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as problem:
        remedy = "Name a text file, or write the value in JSON quotes where it begins with @."
        said = getattr(problem, "strerror", None) or problem
        raise InvalidFile("Cannot be read", file=text[1:], problem=said, remedy=remedy) from None


COMMANDS: tuple[click.Command, ...] = (*map(_deciding, DECISIONS), diff)

"""The commands of the pack that are more than a decision or a table: they take a setting by its name, and show what
differs, long texts by their lines; and `impact`. Those of files stand with their subject."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from whence.cli import exits, screen
from whence.cli.command import (
    as_form,
    at_moment,
    at_store,
    by_actor,
    by_clock,
    command,
    happened_at,
    in_zone,
    on_store,
    opened,
    option,
    under_key,
)
from whence.cli.packs import act_command
from whence.cli.screen import Column, Form
from whence.errors import InvalidEvent, InvalidFile, NotKnown
from whence.moments import span_of
from whence.pack import Act, Decision
from whence.packs.settings.changes import Difference, changes
from whence.packs.settings.decisions import DECISIONS, set_
from whence.packs.settings.files.commands import by_whom, import_, watch
from whence.packs.settings.rollback import rollback as go_back
from whence.packs.settings.standing import compare
from whence.packs.settings.state import Document
from whence.packs.settings.tree import MISSING, SHORT, split_name
from whence.packs.settings.wording import cell, is_long, plain, text_diff
from whence.words import value_of

if TYPE_CHECKING:
    from whence.app import Whence

of_document = option("--document", default="main", metavar="NAME", help="Which document: a file's name, else main.")


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
        _show(change.differences, form, change.position, change.version)
        if form == "screen" and not done.attempts:
            screen.note("It was there already, under this key.")
        return exits.OK

    act = Act(decision.function, first=2)
    made = act_command("settings", act, run, by_actor(help="Who changes it."), happened_at, under_key, as_form)
    made.context_settings = {"ignore_unknown_options": decision is set_}  # so that -1 is a value
    return made


@command(
    "diff",
    "whence settings diff 2026-01-05",
    "whence settings diff 2026-01-05 2026-01-06 --setting prompts",
    brief="The settings that differ between two moments.",
)
@click.argument("before", metavar="BEFORE")
@click.argument("after", metavar="[AFTER]", required=False)
@option("--setting", metavar="SETTING", help="Only this one, or those within it.")
@by_clock
@on_store()
def diff(db: Whence, form: Form, before: str, after: str | None, setting: str | None, clock: str) -> int:
    """Compares what was in force at two moments, AFTER being now where it is left out. Long texts, such as prompts, are
    shown by the lines or sentences that differ."""
    found = compare(db, before, after, clock=clock, setting=setting)
    _show(found, form)
    if not found and form == "screen":
        screen.note("Nothing differs.")
    return exits.OK


@command(
    "show",
    "whence settings show",
    "whence settings show --document main --at 2026-01-05",
    brief="A document as a whole, as JSON.",
)
@of_document
@option("--at", "at", metavar="TIME", help="As it was then (a day: its end; or @120); else now.")
@by_clock
@at_store
@in_zone
def show(document: str, at: str | None, clock: str, store: str | None, zone: str | None) -> int:
    """Prints all values of a document now or at a moment: JSON, or the text of a document that is a text. What is
    wrong with the newest version, where that cannot be used, is said on standard error."""
    with opened(store, zone=zone) as db:
        state: Document | None = db.history(db.at(at, clock=clock)).state(Document, f"settings:{document}")
    if state is None:
        remedy = "whence settings versions names them."
        raise NotKnown("There is no such document then", document=document, remedy=remedy)
    print(state.values if isinstance(state.values, str) else json.dumps(state.values, ensure_ascii=False, indent=2))
    if state.refused is not None:
        screen.note(f"This is the last good version. A newer one cannot be used: {state.refused}")
    return exits.OK


@command(
    "rollback",
    "whence settings rollback --to 2026-01-06 --preview",
    "whence settings rollback --last 1 --by anna --why 'it was better before'",
    brief="Go back to a moment, or on one change, by appending.",
)
@of_document
@option("--to", "to", metavar="TIME", help="As it was then (a day: its end; or @120).")
@option("--last", type=click.IntRange(min=1), metavar="N", help="As it was before the last so many changes.")
@option("--change", metavar="@POSITION", help="Only what this change did; what came after stays.")
@option("--preview", is_flag=True, help="Say what would change, and append nothing.")
@option("--force", is_flag=True, help="With --change: leave alone what was changed again since.")
@by_whom
@by_clock
@on_store()
def rollback(db: Whence, form: Form, document: str, preview: bool, **told: Any) -> int:
    """Says one of --to, --last and --change. Nothing is taken out of the history: a change is appended, which names
    the changes that it undoes, so that going back can be undone as well."""
    found = go_back(db, document, preview=preview, **told)
    _show(found.differences, form, found.position, found.version)
    if form == "screen":
        for each in found.kept:
            screen.note(f"{each} was changed again since, and stays.")
        undone = f"{len(found.undone):,} change" + ("" if len(found.undone) == 1 else "s")
        if not found.differences:
            screen.note("It is so already: nothing is to change.")
        elif preview:
            screen.note(f"A preview: nothing was appended. It would undo {undone}.")
        else:
            screen.note(f"It undoes {undone}.")
    return exits.OK


@command(
    "impact",
    "whence settings impact EmailSent --outcome Replied --within '3 days'",
    "whence settings impact EmailSent --outcome Replied --save impact.html",
    "whence settings impact LeadScored --average score --json",
    brief="What each change did to an outcome, chance not blamed.",
)
@click.argument("decision", metavar="TYPE")
@option("--outcome", metavar="TYPE", help="The share after which such an event came.")
@option("--within", default="7 days", metavar="DURATION", help="With --outcome: within so long.")
@option("--average", metavar="FIELD", help="The average of a field of the decisions.")
@option("--share", metavar="FIELD=VALUE", help="The share whose field has this value: status=failed.")
@option("--entity", metavar="KIND", help="The kind of tag by which an outcome belongs to a decision.")
@option("--window", type=click.IntRange(min=3), default=28, metavar="DAYS", help="So long before and after each.")
@option("--save", "file", type=click.Path(path_type=Path, dir_okay=False), help="A picture: .html or .png.")
@at_moment
@on_store()
def impact(
    db: Whence, form: Form, decision: str, share: str | None, window: int, file: Path | None, **told: Any
) -> int:
    """Compares what came of decisions, events of a TYPE, before and after every change of settings: whether an event
    followed, the average of a field, or the share with a value. Decisions that name a version are compared by it, and
    rollouts so side by side; others by what was in force. The more changes are tried, the clearer one has to be.

    Two changes at nearly the same time are told apart where decisions show it; else both are named."""
    from whence.packs.settings.impact.asking import impact as weigh  # here, since the others need none of its arrays
    from whence.packs.settings.impact.chart import drawn, table
    from whence.packs.settings.impact.telling import NUMBERS, caption, cells, rows, sentences
    from whence.picture import save

    said = None if share is None else _field_and_value(share)
    found = weigh(db, decision, share=said, window_days=window, **told)
    if file is not None:
        title, zone = f"What changes did to the {found.outcome}", db.config.zone
        below = table(found, zone)
        save(drawn(found, zone), file, "impact", title, said=list(sentences(found)), below=below, footer=caption(found))
    if form != "screen":
        made = list(rows(found))
        names = list(made[0]) if made else []
        screen.table([Column(name) for name in names], [tuple(row.values()) for row in made], form)
        return exits.OK
    for sentence in sentences(found):
        screen.styled(sentence, "bold")
    screen.dim("")
    columns = [Column("", right=True), Column("change", "yellow", right=True), Column("settings", "cyan")]
    columns += [Column("compared"), *(Column(name, right=True) for name in NUMBERS), Column("verdict", "green")]
    shown = [[each[column.name] for column in columns] for each in cells(found, db.config.zone)]
    screen.table(columns, shown, form, caption=caption(found))
    if few := sum(each.verdict == "too few" for each in found.effects):
        screen.dim(f"{few:,} more with too few decisions before or after to say anything (--json has them)")
    if file is not None:
        screen.note(f"Drawn in {file}")
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


def _field_and_value(text: str) -> tuple[str, Any]:
    field, equals, value = text.partition("=")
    if not equals or not field:
        raise click.UsageError("--share names a field and a value: status=failed.")
    return field, value_of(value)


def _show(found: Sequence[Difference], form: Form, position: int | None = None, version: str | None = None) -> None:
    """Print what differs: long texts by their lines, all else as before and after."""
    if form != "screen":
        columns = [Column("setting"), Column("before"), Column("after")]
        screen.table(columns, [(each.name, plain(each.before), plain(each.after)) for each in found], form)
        return
    if position is not None:
        screen.styled(f"@{position}  version {(version or '')[:SHORT]}", "yellow")
    long = [each for each in found if is_long(each.before) or is_long(each.after)]
    rows = [(each.name, cell(each.before), cell(each.after)) for each in found if each not in long]
    screen.table([Column("setting", "cyan"), Column("before", "red"), Column("after", "green")], rows, form)
    for each in long:
        screen.styled(each.name, "cyan")
        one, other = ("" if value is MISSING else value for value in (each.before, each.after))
        if not isinstance(one, str) or not isinstance(other, str):
            one, other = cell(each.before), cell(each.after)
        for line in text_diff(one, other):
            screen.styled(line, {"-": "red", "+": "green"}.get(line[0], "dim"))


COMMANDS: tuple[click.Command, ...] = (*map(_deciding, DECISIONS), diff, show, rollback, import_, watch, impact)

"""The commands of the pack that are more than a decision or a table."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from whence.cli import exits, screen
from whence.cli.command import (
    as_form,
    at_store,
    by_clock,
    command,
    form_of,
    grouped,
    in_zone,
    opened,
    option,
)
from whence.cli.screen import Column
from whence.packs.settings import impacting
from whence.packs.settings.typed import value_of

if TYPE_CHECKING:
    from whence.packs.settings.recording import Imported
    from whence.packs.settings.timeline import Difference

who_and_why = grouped(
    option("--by", envvar="WHENCE_BY", metavar="WHO", help="Who changes it."),
    option("--why", metavar="TEXT", help="Why it is changed."),
)
of_document = option("--document", default="main", metavar="NAME", help="Which document: a file's name, else main.")


@command(
    "set",
    "whence settings set scoring.threshold 70 --by anna --why 'too many calls'",
    "whence settings set prompts.email @email.txt --label p3 --by ben",
    brief="A setting has another value from now on.",
)
@click.argument("setting", metavar="SETTING")
@click.argument("value", metavar="VALUE")
@who_and_why
@option("--label", metavar="NAME", help="What decisions call this version: p4.")
@option("--time", metavar="TIME", help="When it happened; else now. A day alone means its beginning.")
@option("--key", metavar="ID", help="An id of its own: asking for the same again is then safe and changes nothing.")
@at_store
@in_zone
@as_form
def set_(
    setting: str,
    value: str,
    by: str | None,
    why: str | None,
    label: str | None,
    time: str | None,
    key: str | None,
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """A SETTING is written scoring.threshold, or android:features.x where it is of another document than main. A VALUE
    is JSON where it reads as JSON (70, true, null, a list), else text; @FILE takes what a text file says. A value that
    the schema in whence.toml does not take is refused."""
    from whence.packs.settings.tree import split_name

    document, name = split_name(setting)
    said = value_of(value)
    return _decide(
        "set", document, [name, said], {"why": why, "label": label}, by, time, key, store, zone, as_json, as_csv
    )


set_.context_settings = {"ignore_unknown_options": True}  # so that -1 is a value


@command(
    "unset",
    "whence settings unset mail.footer --by ben --why 'the mailer adds one'",
    brief="There is no such setting any more.",
)
@click.argument("setting", metavar="SETTING")
@who_and_why
@option("--time", metavar="TIME", help="When it happened; else now. A day alone means its beginning.")
@option("--key", metavar="ID", help="An id of its own: asking for the same again is then safe and changes nothing.")
@at_store
@in_zone
@as_form
def unset(
    setting: str,
    by: str | None,
    why: str | None,
    time: str | None,
    key: str | None,
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Takes a SETTING away, and an object that held nothing else with it. What it was stays in the history."""
    from whence.packs.settings.tree import split_name

    document, name = split_name(setting)
    return _decide("unset", document, [name], {"why": why}, by, time, key, store, zone, as_json, as_csv)


def _decide(
    decision: str,
    document: str,
    positional: list[Any],
    options: dict[str, Any],
    by: str | None,
    time: str | None,
    key: str | None,
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    from whence.moments import span_of

    form = form_of(as_json, as_csv)
    with opened(store, zone=zone) as db:
        when = None if time is None else span_of(time, zone=db.config.zone).first_us
        done = db.decide(f"settings.{decision}", document, *positional, by=by, time=when, key=key, **options)
        if not done.positions:
            if form == "screen":
                screen.note("It has this value already: nothing was appended.")
            return exits.OK
        from whence.packs.settings.timeline import changes

        change = next(each for each in changes(db.history()) if each.position == done.positions[0])
        _differences(change.differences, form, change.position, change.version)
        if form == "screen" and not done.attempts:
            screen.note("It was there already, under this key.")
    return exits.OK


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
@at_store
@in_zone
@as_form
def diff(
    before: str,
    after: str | None,
    setting: str | None,
    clock: str,
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Compares what was in force at two moments, AFTER being now where it is left out. Long texts, such as prompts, are
    shown by the lines or sentences that differ."""
    from whence.packs.settings.comparing import compare

    form = form_of(as_json, as_csv)
    with opened(store, zone=zone) as db:
        if not _differences(compare(db, before, after, clock=clock, setting=setting), form) and form == "screen":
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
    import json

    from whence.errors import NotKnown
    from whence.packs.settings.state import Document

    with opened(store, zone=zone) as db:
        state: Document | None = db.history(db.at(at, clock=clock)).state(Document, f"settings:{document}")
        if state is None:
            raise NotKnown(
                "There is no such document then", document=document, remedy="whence settings versions names them."
            )
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
@who_and_why
@by_clock
@at_store
@in_zone
@as_form
def rollback(
    document: str,
    to: str | None,
    last: int | None,
    change: str | None,
    preview: bool,
    force: bool,
    by: str | None,
    why: str | None,
    clock: str,
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Says one of --to, --last and --change. Nothing is taken out of the history: a change is appended, which names
    the changes that it undoes, so that going back can be undone as well."""
    from whence.packs.settings.wayback import rollback as go_back

    form = form_of(as_json, as_csv)
    with opened(store, zone=zone) as db:
        found = go_back(
            db, document, to=to, last=last, change=change, why=why, by=by, clock=clock, force=force, preview=preview
        )
    _differences(found.differences, form, found.position, found.version)
    if form == "screen":
        for each in found.kept:
            screen.note(f"{each} was changed again since, and stays.")
        if not found.differences:
            screen.note("It is so already: nothing is to change.")
        elif preview:
            screen.note(f"A preview: nothing was appended. It would undo {_changes_text(len(found.undone))}.")
        else:
            screen.note(f"It undoes {_changes_text(len(found.undone))}.")
    return exits.OK


@command(
    "import",
    "whence settings import changes.jsonl --document flags",
    brief="The history of a file that git or another tool has kept.",
)
@click.argument("file", type=click.Path(path_type=Path))
@option("--git", is_flag=True, help="FILE lies in a git repository: every commit that changed it.")
@option("--document", metavar="NAME", help="Which document it becomes; else the file's name.")
@option("--branch", default="HEAD", metavar="NAME", help="With --git: which branch, along its first parents.")
@at_store
@in_zone
@as_form
def import_(
    file: Path,
    git: bool,
    document: str | None,
    branch: str,
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Records every version of a file with its author, reason and time. With --git they are the commits of the branch
    that touched it; else FILE is a list of changes, a JSON object a line with time, author, message and changes, which
    are add, replace or remove at a JSON pointer. A version that cannot be used is recorded as such. Doing it
    again adds what is new."""
    from whence.packs.settings.changefile import import_changes
    from whence.packs.settings.git import import_git

    form = form_of(as_json, as_csv)
    with opened(store, zone=zone, create=True) as db:
        done = (
            import_git(db, file, document=document, branch=branch)
            if git
            else import_changes(db, file, document=document)
        )
    _imported(done, form)
    return exits.OK


@command(
    "watch",
    "whence settings watch config --by deploy",
    "whence settings watch config prompts/email.txt --once",
    brief="Follow files and folders, and record every change.",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@who_and_why
@option("--once", is_flag=True, help="Look once and end, for a timer or a deployment.")
@at_store
@in_zone
@as_form
def watch(
    paths: tuple[str, ...],
    by: str | None,
    why: str | None,
    once: bool,
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Records how the files stand now, then each change as it is written, until it is interrupted. In folders these are
    JSON, YAML, TOML and texts (.txt, .md, .prompt …); each file is a document of its name. A version that cannot be
    used, or that the schema does not take, is recorded as such, and the last good one stays in force. Ends with 1
    where, with --once, a version cannot be used."""
    from whence.packs.settings.events import VersionRefused
    from whence.packs.settings.watching import Seen, scan
    from whence.packs.settings.watching import watch as follow

    form = form_of(as_json, as_csv)

    def tell(seen: Seen) -> None:
        refused = isinstance(seen.said, VersionRefused)
        row = (seen.document, None if refused else len(seen.said.edits), getattr(seen.said, "problem", None))  # type: ignore[union-attr]
        if form != "screen":
            screen.table([Column("document"), Column("edits"), Column("problem")], [row], form)
        elif refused:
            screen.styled(f"{seen.document}  cannot be used: {row[2]}", "red")
        else:
            screen.styled(f"{seen.document}  {row[1]} {'edit' if row[1] == 1 else 'edits'}", "yellow")
        sys.stdout.flush()

    with opened(store, zone=zone, create=True) as db:
        if not once:
            with suppress(KeyboardInterrupt):
                follow(db, paths, by=by, why=why, on_change=tell)
            return exits.OK
        found = scan(db, paths, by=by, why=why)
        for each in found:
            tell(each)
        if not found and form == "screen":
            screen.note("Nothing is new.")
    return exits.NO if any(isinstance(each.said, VersionRefused) for each in found) else exits.OK


def _imported(done: Imported, form: screen.Form) -> None:
    counts = {name: getattr(done, name) for name in ("recorded", "empty", "refused", "known")}
    if form != "screen":
        screen.table([Column(name) for name in counts], [tuple(counts.values())], form)
        return
    said = [f"{done.recorded:,} versions recorded"]
    said += [f"{done.empty:,} of them change nothing"] if done.empty else []
    said += [f"{done.refused:,} cannot be used"] if done.refused else []
    said += [f"{done.known:,} were there already"] if done.known else []
    print(", ".join(said))


def _differences(
    found: Iterable[Difference], form: screen.Form, position: int | None = None, version: str | None = None
) -> int:
    """Print what differs: long texts by their lines, all else as before and after."""
    from whence.packs.settings.tree import MISSING, SHORT
    from whence.packs.settings.wording import cell, is_long, plain, text_diff

    found = list(found)
    if form != "screen":
        columns = [Column("setting"), Column("before"), Column("after")]
        return screen.table(columns, [(each.name, plain(each.before), plain(each.after)) for each in found], form)
    if position is not None:
        screen.styled(f"@{position}  version {(version or '')[:SHORT]}", "yellow")
    short = [each for each in found if not (is_long(each.before) or is_long(each.after))]
    rows = [(each.name, cell(each.before), cell(each.after)) for each in short]
    screen.table([Column("setting", "cyan"), Column("before", "red"), Column("after", "green")], rows, form)
    for each in found:
        if each in short:
            continue
        screen.styled(each.name, "cyan")
        one, other = ("" if value is MISSING else value for value in (each.before, each.after))
        if not isinstance(one, str) or not isinstance(other, str):
            one, other = cell(each.before), cell(each.after)
        for line in text_diff(one, other):
            screen.styled(line, {"-": "red", "+": "green"}.get(line[0], "dim"))
    return len(found)


def _changes_text(count: int) -> str:
    return f"{count:,} change" + ("" if count == 1 else "s")


COMMANDS: tuple[click.Command, ...] = (set_, unset, diff, show, rollback, import_, watch, *impacting.COMMANDS)

"""`whence snapshot`: all states of a kind, kept so that later questions need not begin at the first event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import rich_click as click

from whence.cli import exits, screen, wording
from whence.cli.columns import size_text
from whence.cli.command import as_form, at_store, command, entities_text, form_of, opened, option, with_model
from whence.cli.screen import Column

if TYPE_CHECKING:
    from whence.app import Whence
    from whence.cli.screen import Form
    from whence.snapshots.folder import Kept

COLUMNS = (
    Column("position", "yellow", right=True),
    Column("model"),
    Column("entities", right=True),
    Column("size", right=True),
    Column("not used", "red"),
)


@command(
    "snapshot",
    "whence snapshot lead",
    "whence snapshot lead --list",
    "whence snapshot lead --drop",
    brief="Keep all states of a kind, for quicker answers.",
)
@click.argument("kind")
@option(
    "--list",
    "listed",
    envvar="WHENCE_SNAPSHOT_LIST",
    is_flag=True,
    help="Make none: show those there are, and why one is not used.",
)
@option("--drop", is_flag=True, help="Remove all of the kind.")
@with_model
@at_store
@as_form
def snapshot(
    kind: str,
    listed: bool,
    drop: bool,
    model: str | None,
    store: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Folds all of a kind and keeps the states, at the head and at up to eight places before it, in the folder
    STORE.snapshots. whence states and bisect then begin at the newest one that fits instead of at the first event;
    called again, this goes on from it too. No answer changes: a snapshot of another store or another state of the code
    is not used, and the folder may be deleted at any time. whence verify-state compares them with a fresh replay.

    A model whose states cannot be kept exactly is refused, with the field's type. Ends with 1 when there are none."""
    form = form_of(as_json, as_csv)
    if listed and drop:
        raise click.UsageError("--list and --drop exclude each other.")
    with opened(store) as db:
        if drop:
            count = db.drop_snapshots(kind)
            if not count:
                screen.note(wording.no_snapshots(db, kind))
                return exits.NO
            screen.styled(f"Removed {_snapshots(count)} of kind {kind}.", "green")
            return exits.OK
        if not listed:
            with screen.progress("Folding") as told:
                found = db.snapshot(kind, model=model, progress=told)
            if form == "screen" and found and found[-1].snapshot is not None:
                states = entities_text(found[-1].snapshot.entities)
                screen.styled(f"Kept the states of {states} of kind {kind} up to @{found[-1].position}.", "green")
        return _show(db, kind, db.snapshots(kind, model=model), form)


def _show(db: Whence, kind: str, found: Sequence[Kept], form: Form) -> int:
    if not found:
        screen.note(wording.no_snapshots(db, kind))
        return exits.NO
    screen.table(COLUMNS, _rows(found, form), form)
    return exits.OK


def _rows(found: Sequence[Kept], form: Form) -> Iterator[tuple[Any, ...]]:
    for kept in found:
        of = kept.snapshot
        size = size_text(kept.bytes) if form == "screen" else kept.bytes
        model, entities = (of.model, of.entities) if of else (None, None)
        problem = kept.problem if of or form != "screen" else f"{kept.path.name}: {kept.problem}"
        yield kept.position or None, model, entities, size, problem or None


def _snapshots(count: int) -> str:
    return f"{count} snapshot" + ("" if count == 1 else "s")


def note_unused(db: Whence, kind: str, model: str | None) -> None:
    """Say of the snapshots of a kind why none or one of them is not used, where there are some."""
    from whence.snapshots.folder import OF_ANOTHER_MODEL

    found = [kept for kept in db.snapshots(kind, model=model, read=False) if kept.problem != OF_ANOTHER_MODEL]
    unused = [kept for kept in found if kept.problem]
    if not unused:
        return
    why = f"{unused[-1].problem}. whence snapshot {kind} makes"
    if len(unused) == len(found):
        screen.note(f"No snapshot of {kind} is used: {why} others.")
    else:
        screen.note(f"A snapshot of {kind} is not used, {unused[-1].path.name}: {why} it again.")


COMMANDS = (snapshot,)

"""Going back: to a moment, past the last changes, or on one change alone. It appends a change like any other; a preview
says what it would be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from whence.compare import same
from whence.errors import InvalidQuery, NotKnown, Refused
from whence.packs.settings.decisions import changed
from whence.packs.settings.events import CODEC, Changed
from whence.packs.settings.state import Document
from whence.packs.settings.timeline import Change, Difference, changes
from whence.packs.settings.tree import (
    MAIN,
    MISSING,
    Edit,
    at,
    edited,
    edits_between,
    key_of,
    name_of,
    path_of,
    version_of,
)

if TYPE_CHECKING:
    from whence.app import Moment, Whence


class Rollback(msgspec.Struct, frozen=True):
    """A way back: what becomes what, the changes that it takes back, and the version that it comes to. `kept` are the
    settings that somebody has changed since, which stay; `position` is where it was appended, None for a preview and
    where nothing is to change."""

    document: str
    differences: tuple[Difference, ...]
    undone: tuple[Change, ...]
    version: str
    kept: tuple[str, ...] = ()
    position: int | None = None


def rollback(
    db: Whence,
    document: str = MAIN,
    *,
    to: Moment = None,
    last: int | None = None,
    change: int | str | None = None,
    why: str | None = None,
    by: str | None = None,
    clock: str = "occurred",
    force: bool = False,
    preview: bool = False,
) -> Rollback:
    """Bring a document back to what it was at a moment, `to`; before its `last` changes; or before one `change`, a
    position, which keeps what came after. Nothing is taken out of the history: a change is appended that says which
    changes it undoes. With `preview` nothing is appended.

    Where a setting was changed again after the one change, it is refused, naming them; with `force` these settings stay
    as they are now and the others go back. Raises NotKnown, Refused, InvalidQuery.
    """
    if sum(each is not None for each in (to, last, change)) != 1:
        raise InvalidQuery("Not clear how far back", remedy="Give one of to (a moment), last (a number) and change.")
    found = [each for each in changes(db.history()) if each.document == document and each.how == "announced"]
    if not found:
        raise NotKnown("There is no such document", document=document, remedy=_documents(db))
    if change is not None:
        return _of_one(db, document, found, db.event(change).position, why, by, force, preview)
    if last is not None:
        if not 1 <= last <= len(found):
            raise NotKnown("There are not so many changes", document=document, last=last, there_are=len(found))
        target, undone = _before(found, found[-last].position), found[-last:]
        said = f"back by {last} change{'s' if last > 1 else ''}"
    else:
        moment = db.at(to, clock=clock)
        state: Document = db.history(moment).state(Document, f"settings:{document}") or Document()
        target, undone = state.values, _after(db, found, moment)
        said = f"back to {to}"
    return _append(db, document, undone, why or said, by, preview, lambda values: (edits_between(values, target), ()))


def _of_one(
    db: Whence,
    document: str,
    found: Sequence[Change],
    position: int,
    why: str | None,
    by: str | None,
    force: bool,
    preview: bool,
) -> Rollback:
    undone = next((each for each in found if each.position == position), None)
    if undone is None:
        remedy = f"whence settings log {document}: names those of the document."
        raise NotKnown("No change of this document is there", change=position, document=document, remedy=remedy)

    def back(values: Any) -> tuple[list[Edit], tuple[str, ...]]:
        edits, kept = [], []
        for each in reversed(undone.differences):
            path = path_of("" if each.name == document else each.name.removeprefix(f"{document}:"))
            if not same(at(values, path), each.after) and not (at(values, path) is each.after is MISSING):
                kept.append(each.name)
                continue
            op = "remove" if each.before is MISSING else "add" if each.after is MISSING else "replace"
            edits.append(Edit(key_of(path), op, None if each.before is MISSING else each.before))  # type: ignore[arg-type]
        if kept and not force:
            remedy = "Use --force to leave these as they are, or roll back the later changes too."
            raise Refused("Changed again since", change=f"@{position}", settings=", ".join(kept), remedy=remedy)
        return edits, tuple(kept)

    return _append(db, document, [undone], why or f"back from @{position}", by, preview, back)


def _append(
    db: Whence, document: str, undone: Sequence[Change], why: str, by: str | None, preview: bool, back: Any
) -> Rollback:
    """Decide the way back from the values as they are, and append it unless it is a preview."""
    made: list[Rollback] = []
    label = _label_before(db, undone)
    model = db.asked(pack=db.pack("settings")).as_configured(Document)

    def way(state: Document) -> Changed | None:
        edits, kept = back(state.values)
        ids = [each.id for each in undone]
        said = changed(state, document, list(edits), why=why, label=label, undoes=ids)
        different = tuple(_differences(document, state.values, said.edits))
        made[:] = [Rollback(document, different, tuple(undone), said.version, kept)]
        return said if said.edits else None

    def decide(state: Document) -> Any:
        said = way(state)
        return None if said is None else CODEC.event(said, actor=by)

    if preview:
        way(db.history().state(model, f"settings:{document}") or model())
        return made[0]
    done = db.execute(f"settings:{document}", decide, model=model)
    return msgspec.structs.replace(made[0], position=done.positions[0] if done.positions else None)


def _label_before(db: Whence, undone: Sequence[Change]) -> str | None:
    """What decisions called the version that is in force again: the label of the same settings before the changes that
    are undone, where one of these has another."""
    names = {name for each in undone if each.label is not None for name in each.names}
    if not names:
        return None
    first = min(each.position for each in undone)
    earlier = [each for each in changes(db.history()) if each.position < first and names & set(each.names)]
    return earlier[-1].label if earlier else None


def _before(found: Sequence[Change], position: int) -> Any:
    """The values before a change."""
    values: Any = {}
    for each in found:
        if each.position >= position:
            break
        values = edited(values, map(_edit_of(each.document), each.differences))
    return values


def _edit_of(document: str) -> Any:
    def edit(each: Difference) -> Edit:
        key = "" if each.name == document else each.name.removeprefix(f"{document}:")
        return Edit(key, "remove" if each.after is MISSING else "replace", each.after)

    return edit


def _after(db: Whence, found: Sequence[Change], moment: Any) -> list[Change]:
    """The changes that a moment does not know."""
    there = {each.position for each in changes(db.history(moment))}
    return [each for each in found if each.position not in there]


def _differences(document: str, values: Any, edits: Sequence[Edit]) -> Any:
    for edit in edits:
        path = path_of(edit.key)
        after = MISSING if edit.op == "remove" else edit.value
        yield Difference(name_of(document, edit.key), at(values, path), after)
        values = edited(values, [edit])


def _documents(db: Whence) -> str:
    names = dict.fromkeys(each.document for each in changes(db.history()) if each.how == "announced")
    return f"There are: {', '.join(names)}." if names else "Set something first: whence settings set KEY VALUE."


def version_at(db: Whence, document: str = MAIN, moment: Moment = None) -> str:
    """The version of a document at a moment, for a decision to name: `db.execute(…, settings=version_at(db))`."""
    state: Document | None = db.history(moment).state(Document, f"settings:{document}")
    return version_of({}) if state is None else state.version

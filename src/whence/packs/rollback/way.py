"""Going back: to a moment, past the last changes, or on one change alone. It appends a change like any other; a preview
says what it would be.

    @1  anna  limit = 3
    @2  ben   limit = 4, on = true
    @3  carl  limit = 5

    rollback(db, to="@1")       limit = 3, on removed         undoes @2 and @3
    rollback(db, last=1)        limit = 4                     undoes @3
    rollback(db, change="@2")   refused: limit is another since; with force=True on is removed, and limit is kept
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import msgspec

from whence.app import Moment, Whence
from whence.compare import same
from whence.errors import InvalidQuery, NotKnown, Refused
from whence.history import History
from whence.pack import Written
from whence.packs.changes.change import Change, differences
from whence.packs.changes.timeline import changes
from whence.packs.settings.decisions import changed
from whence.packs.settings.events import CODEC
from whence.packs.settings.naming import MAIN
from whence.packs.settings.state import Document
from whence.tree import MISSING, Edit, Path, at, edited, edits_between, key_of
from whence.valuediff import Difference

if TYPE_CHECKING:
    from whence.events import Event


class Rollback(msgspec.Struct, frozen=True):
    """A way back: what becomes what, the changes that it takes back, and the version that it comes to. `kept` are the
    settings that somebody has changed since, which stay; `labels` are the label before and after where it alone goes
    back; `position` is where it was appended, None for a preview and where nothing is to change."""

    document: str
    differences: tuple[Difference, ...]
    undone: tuple[Change, ...]
    version: str
    kept: tuple[str, ...] = ()
    labels: tuple[str | None, str | None] | None = None
    position: int | None = None


def rollback(
    db: Whence,
    document: Annotated[str, Written("--document", "NAME"), "which document: a file's name, else main"] = MAIN,
    *,
    to: Annotated[Moment, Written(value="TIME"), "as it was then (a day: its end; or @120)"] = None,
    last: Annotated[
        int | None, Written(value="N"), msgspec.Meta(ge=1), "as it was before the last so many changes"
    ] = None,
    change: Annotated[
        str | int | None, Written(value="@POSITION"), "only what this change did; what came after stays"
    ] = None,
    preview: Annotated[bool, "say what would change, and append nothing"] = False,
    force: Annotated[bool, "with --change: leave alone what was changed again since"] = False,
    why: Annotated[str | None, "why it is changed"] = None,
    by: str | None = None,
    clock: str = "occurred",
) -> Rollback:
    """$ whence settings rollback --to 2026-01-06 --preview
    $ whence settings rollback --last 1 --by anna --why 'it was better before'

    Go back to a moment, or on one change, by appending.

    Says one of --to, --last and --change. Nothing is taken out of the history: a change is appended, which names the
    changes that it undoes, so that going back can be undone as well. Where a setting was changed again after the one
    change, it is refused, naming them; forced, these settings stay as they are now and the others go back.

    From Python it raises NotKnown, Refused and InvalidQuery.
    """
    if sum(each is not None for each in (to, last, change)) != 1:
        raise InvalidQuery("Not clear how far back", remedy="Give one of --to, --last and --change.")
    if last is not None and last < 1:
        raise InvalidQuery("Goes back by one change at least", last=last, remedy="Give last=1 for the last one.")
    decided: list[Rollback] = []  # the last counts: it is decided again where somebody else was first

    def decide(state: Document) -> Event | None:
        way = _way(db, document, to, last, change, clock)  # here, so that what others did meanwhile is seen
        if change is not None:
            edits, kept = _without(way.undone[0], way.values, state.values)
        else:
            edits, kept = list(edits_between(state.values, way.values)), []
        if kept and not force:
            remedy = "Use --force to leave these as they are, or roll back the later changes too."
            facts = {"change": f"@{way.undone[0].position}", "settings": ", ".join(kept)}
            raise Refused("Changed again since", **facts, remedy=remedy)
        about = {"why": why or way.why, "label": way.label, "undoes": [each.id for each in way.undone]}
        event = changed(state, document, edits, **about)
        found = tuple(differences(document, state.values, event.edits))
        labels = None if event.edits or not way.is_last or way.label == state.label else (state.label, way.label)
        decided.append(Rollback(document, found, tuple(way.undone), event.version, tuple(kept), labels))
        return CODEC.event(event, actor=by) if event.edits or labels else None

    model = db.pack("settings").states[0]
    if preview:
        decide(db.history().state(model, f"settings:{document}") or model())
        return decided[-1]
    done = db.execute(f"settings:{document}", decide, model=model)
    return msgspec.structs.replace(decided[-1], position=done.positions[0] if done.positions else None)


class _Way(NamedTuple):
    """The changes that are taken back, and the values that the document had without them, or before the one; the reason
    that is given where nobody gives one; the label of what is in force again; and whether the document's last change is
    among those taken back."""

    undone: list[Change]
    values: Any
    why: str
    label: str | None
    is_last: bool


def _way(db: Whence, document: str, to: Moment, last: int | None, change: str | int | None, clock: str) -> _Way:
    """The way back from how things are now. Raises NotKnown."""
    announced = _announced(db.history())
    found = [each for each in announced if each.document == document]
    if not found:
        names = ", ".join(dict.fromkeys(each.document for each in announced))
        remedy = f"There are: {names}." if names else "Set something first: whence settings set KEY VALUE."
        raise NotKnown("There is no such document", document=document, remedy=remedy)
    if change is not None:
        position = db.event(change).position
        undone = [each for each in found if each.position == position]
        if not undone:
            remedy = f"whence settings log {document}: names those of the document."
            raise NotKnown("No change of this document is there", change=position, document=document, remedy=remedy)
        left = [each for each in found if each.position < position]
        said = f"back from @{position}"
    elif last is not None:
        if last > len(found):
            raise NotKnown("There are not so many changes", document=document, last=last, there_are=len(found))
        left, undone = found[:-last], found[-last:]
        said = f"back by {last} change{'s' if last > 1 else ''}"
    else:
        left = [each for each in _announced(db.history(db.at(to, clock=clock))) if each.document == document]
        there = {each.position for each in left}
        undone = [each for each in found if each.position not in there]
        said = f"back to {to}"
    values = left[-1].values if left else {}
    return _Way(undone, values, said, _label_before(announced, undone), is_last=undone[-1:] == found[-1:])


def _announced(history: History) -> list[Change]:
    return [each for each in changes(history) if each.how == "announced"]


def _without(undone: Change, before: Any, values: Any) -> tuple[list[Edit], list[str]]:
    """The edits of `values` that take back a change of those `before`, and the settings that somebody changed since. An
    object that came with a setting goes with it, where nothing else is in it: taking back {} → {a: {b: 1}} takes away
    a, not a.b alone, and {a: {}} → {a: {b: 1}} only a.b."""
    edits, kept = list[Edit](), list[str]()
    trees_before = [before]  # all values before each difference, one after the other
    for each in undone.differences:
        trees_before.append(edited(trees_before[-1], [_edit(each.path, each.after)]))
    for each, tree_before in zip(reversed(undone.differences), reversed(trees_before[:-1]), strict=True):
        value_now = at(values, each.path)
        if same(value_now, each.before):
            continue
        if not same(value_now, each.after):
            kept.append(each.name)
            continue
        path = each.path
        while path and not isinstance(at(tree_before, path[:-1]), dict) and len(at(values, path[:-1])) == 1:
            path = path[:-1]
        back = _edit(path, at(tree_before, path), "add" if each.after is MISSING else "replace")
        edits.append(back)
        values = edited(values, [back])
    return edits, kept


def _edit(path: Path, value: Any, op: Literal["add", "replace"] = "replace") -> Edit:
    return Edit(key_of(path), "remove") if value is MISSING else Edit(key_of(path), op, value)


def _label_before(announced: Sequence[Change], undone: Sequence[Change]) -> str | None:
    """What decisions called the version that is in force again: the label of the same settings before the changes that
    are undone, where one of these has another; of the document where no more than its label was changed."""
    names = {name for each in undone if each.label is not None for name in each.names}
    first = min((each.position for each in undone), default=0)
    earlier = [each for each in reversed(announced) if each.position < first]
    if not names and any(not each.differences for each in undone):
        return next((each.label for each in earlier if each.document == undone[0].document), None)
    return next((each.label for each in earlier if names & set(each.names)), None)

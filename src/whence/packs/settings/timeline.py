"""Every change of settings in a history, one after the other, with what each value was before: those that somebody
made, those that whence.toml's `settings` name, and those that nobody announced, found in the events themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from whence.adoption import ADOPTED, KIND, Adoption, adoptions
from whence.codec import Unfit
from whence.errors import InvalidEvent
from whence.events import Recorded
from whence.history import History
from whence.pack import Asked
from whence.packs.settings.events import CODEC, Changed, VersionRefused
from whence.packs.settings.state import Document
from whence.packs.settings.tree import (
    MISSING,
    Edit,
    Path,
    at,
    edited,
    edits_between,
    key_of,
    leaves,
    name_of,
    path_of,
)
from whence.query import Query, QueryItem

SEEN_LATELY = 200
"""A value that one of so many events before it had is no change: it is side by side with others, as in a rollout."""
SAID_ABOUT = ("why", "reason", "version", "label")
"""Fields of an event of one's own that say something about a change, and are no settings."""

How = Literal["announced", "own event", "observed", "refused"]
"""By a command, a file or an import; by an event that whence.toml's `settings` name; by nobody; not at all."""


class Difference(msgspec.Struct, frozen=True):
    """A setting that is another, by its full name; MISSING where it was or is not there."""

    name: str
    before: Any
    after: Any


class Change(msgspec.Struct, frozen=True):
    """Settings that became others at once. `returns_to` is the position of an earlier change after which the document
    had exactly these values, where there was one and another state came between."""

    position: int
    id: str
    time_us: int
    recorded_us: int
    how: How
    document: str
    differences: tuple[Difference, ...]
    who: str | None = None
    why: str | None = None
    label: str | None = None
    version: str | None = None
    returns_to: int | None = None
    undoes: tuple[str, ...] = ()
    commit: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The settings that it is about."""
        return tuple(each.name for each in self.differences)


def timeline(asked: Asked) -> list[Change]:
    """The changes of what is asked, by position."""
    configured = asked.as_configured(Document).configured()
    return changes(asked.history, observed=configured.observed, own=asked.settings)


def changes(history: History, *, observed: Iterable[str] = (), own: Query | None = None) -> list[Change]:
    """The changes of a history, by position: of documents, of scorecards that were adopted, of the fields `observed`
    (TYPE.FIELD), and the events that `own` selects."""
    fields = _by_type(observed)
    types = (*CODEC_TYPES, ADOPTED, *fields)
    items = [QueryItem(types=(each,)) for each in dict.fromkeys(types)] + list(own.items if own else ())
    made = _Making(fields, own, _adoptions(history))
    return [change for event in history.events(Query(tuple(items))) for change in made.of(event)]


def _adoptions(history: History) -> dict[int, Adoption]:
    """The scorecards adopted, by position; none where an event of that type is no adoption, which others report."""
    try:
        return {each.event.position: each for each in adoptions(history)}
    except InvalidEvent:
        return {}


CODEC_TYPES = tuple(CODEC.type_of(cls) for cls in CODEC.classes)


class _Making:
    """What is remembered while the changes are read."""

    def __init__(self, fields: Mapping[str, list[str]], own: Query | None, adopted: Mapping[int, Adoption]) -> None:
        self.fields, self.own, self.adopted = fields, own, adopted
        self.trees: dict[str, Any] = {}
        self.versions: dict[str, dict[str, int]] = {}
        self.latest: dict[str, str] = {}
        self.own_trees: dict[str, Any] = {}
        self.seen: dict[str, _Seen] = {}

    def of(self, event: Recorded) -> Iterator[Change]:
        if event.type in CODEC_TYPES:
            typed = CODEC.typed(event)
            if isinstance(typed, Changed):
                yield self._announced(event, typed)
            elif isinstance(typed, VersionRefused):
                yield _change(event, "refused", typed.settings, (), why=typed.problem, commit=typed.commit)
            elif isinstance(typed, Unfit):
                yield _change(event, "refused", event.entity("settings") or "", (), why=typed.problem)
        elif event.position in self.adopted:
            yield _adopted(event, self.adopted[event.position])
        elif self.own is not None and self.own.matches(event.type, event.tags):
            yield self._own(event)
        for field in self.fields.get(event.type, ()):
            yield from self._observed(event, field)

    def _announced(self, event: Recorded, typed: Changed) -> Change:
        document = typed.settings
        before = self.trees.get(document, {})
        self.trees[document] = edited(before, typed.edits)
        known = self.versions.setdefault(document, {})
        earlier = known.get(typed.version) if typed.edits and self.latest.get(document) != typed.version else None
        known.setdefault(typed.version, event.position)
        self.latest[document] = typed.version
        return _change(
            event,
            "announced",
            document,
            tuple(_differences(document, before, typed.edits)),
            why=typed.why,
            label=typed.label,
            version=typed.version,
            returns_to=earlier,
            undoes=tuple(typed.undoes),
            commit=typed.commit,
        )

    def _own(self, event: Recorded) -> Change:
        """An event of one's own: what its data says otherwise than the one before about the same setting."""
        kind, _, id = (event.entity("setting") or next(iter(event.tags), event.type)).partition(":")
        name = id if kind == "setting" else f"{kind}.{id}" if id else kind
        data = event.data if isinstance(event.data, dict) else {"value": event.data}
        said = {field: value for field, value in data.items() if field not in SAID_ABOUT and value != id}
        before = self.own_trees.get(name, {})
        self.own_trees[name] = said
        found = [
            msgspec.structs.replace(each, name=f"{name}.{each.name}")
            for each in _differences("", before, edits_between(before, said))
        ]
        why = data.get("why", data.get("reason"))
        label = data.get("label", data.get("version"))
        texts = (None if each is None else str(each) for each in (why, label))
        return _change(event, "own event", name, tuple(found), **dict(zip(("why", "label"), texts, strict=True)))

    def _observed(self, event: Recorded, field: str) -> Iterator[Change]:
        data = event.data
        value = at(data, tuple(field.split("."))) if isinstance(data, dict) else MISSING
        if value is MISSING:
            return
        name = f"{event.type}.{field}"
        seen = self.seen.setdefault(name, _Seen())
        before = seen.latest
        if seen.is_new(value):
            label = value if isinstance(value, str) else None
            yield _change(event, "observed", name, (Difference(name, before, value),), label=label)


def _adopted(event: Recorded, adoption: Adoption) -> Change:
    """A scorecard that is in force from now on: what it changes in the one before; the first one as a whole."""
    name = f"{KIND}.{adoption.name}"
    short = adoption.card.short_version
    found = [
        Difference(
            ".".join(filter(None, (name, each.part, each.name, each.key))),
            MISSING if each.before is None else each.before,
            MISSING if each.after is None else each.after,
        )
        for each in adoption.changes
    ] or [Difference(name, MISSING, short)]
    said = {"why": adoption.reason, "label": short, "version": adoption.version}
    return _change(event, "own event", name, tuple(found), **said)


class _Seen:
    """The values of an observed setting that were seen lately."""

    def __init__(self) -> None:
        self.latest: Any = MISSING
        self.count = 0
        self.last_at: dict[str, int] = {}

    def is_new(self, value: Any) -> bool:
        """Whether none of the last events had this value, or there was none."""
        self.count += 1
        key = repr(value)
        before = self.last_at.get(key)
        self.last_at[key] = self.count
        self.latest = value
        return before is None or self.count - before > SEEN_LATELY


def _change(event: Recorded, how: How, document: str, found: tuple[Difference, ...], **said: Any) -> Change:
    return Change(event.position, event.id, event.time_us, event.recorded_us, how, document, found, event.actor, **said)


def _differences(document: str, before: Any, edits: Iterable[Edit]) -> Iterator[Difference]:
    for edit in edits:
        path = path_of(edit.key)
        after = MISSING if edit.op == "remove" else edit.value
        name = name_of(document, edit.key) if document else edit.key
        yield Difference(name, at(before, path), after)
        before = edited(before, [edit])


def _by_type(observed: Iterable[str]) -> dict[str, list[str]]:
    """The observed fields by the type of their events. A type with dots in it ends where its last dot but the field's
    is, so a field within a field is written TYPE.FIELD of the outer one."""
    found: dict[str, list[str]] = {}
    for each in observed:
        type, _, field = each.rpartition(".")
        found.setdefault(type, []).append(field)
    return found


def is_or_in(name: str, setting: str) -> bool:
    """Whether a setting is the one named, or one within it."""
    setting = setting.rstrip(":")
    return name == setting or name.startswith((f"{setting}.", f"{setting}:", f"{setting}/"))


# Who set what is in force.


class Standing(msgspec.Struct, frozen=True):
    """A setting in force: its value, and the change that set it."""

    name: str
    value: Any
    change: Change


def standing(found: Iterable[Change]) -> dict[str, Standing]:
    """Each setting in force with the change that set it, by its full name."""
    trees: dict[str, Any] = {}
    since: dict[str, dict[Path, Change]] = {}
    latest: dict[str, Standing] = {}
    for change in found:
        if change.how in ("observed", "own event"):
            for each in change.differences:
                if each.after is MISSING:
                    latest.pop(each.name, None)
                else:
                    latest[each.name] = Standing(each.name, each.after, change)
            continue
        for each in change.differences:
            path = _path_in(change.document, each.name)
            before = trees.get(change.document, {})
            op: Literal["remove", "replace"] = "remove" if each.after is MISSING else "replace"
            after = trees[change.document] = edited(before, [Edit(key_of(path), op, each.after)])
            _mark(since.setdefault(change.document, {}), after, path, change)
    made = {
        name: Standing(name, value, since[document][path])
        for document, tree in trees.items()
        for path, value in leaves(tree)
        if path in since[document]
        for name in [name_of(document, key_of(path))]
    }
    return made | latest


def _mark(since: dict[Path, Change], tree: Any, path: Path, change: Change) -> None:
    """Note who set each value at and below a key, now that it is edited."""
    for length in range(len(path)):
        since.pop(path[:length], None)  # an object that was empty
    for each in [each for each in since if each[: len(path)] == path]:
        del since[each]
    value = at(tree, path)
    if value is MISSING:
        if at(tree, path[:-1]) == {}:
            since[path[:-1]] = change
        return
    for leaf, _ in leaves(value, path):
        since[leaf] = change


def _path_in(document: str, name: str) -> Path:
    if name == document:
        return ()
    return path_of(name.removeprefix(f"{document}:"))


def _key(path: Path) -> str:
    return key_of(path)

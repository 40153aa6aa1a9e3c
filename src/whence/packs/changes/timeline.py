"""Every change of settings in a history, with what each value was before: those that somebody made, the events that
whence.toml's `settings` name, the scorecards that were adopted, and those that nobody announced, found in the events;
and the versions that could not be used. What is in force is left to standing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from whence.adoption import ADOPTED, KIND, Adoption, adoptions
from whence.clock import to_datetime
from whence.codec import Unfit
from whence.errors import InvalidEvent, NotKnown, near
from whence.events import Recorded
from whence.history import History
from whence.pack import Asked
from whence.packs.changes.naming import SHORT, is_meant
from whence.packs.settings.events import CODEC, TYPES, Changed, VersionRefused
from whence.packs.settings.naming import MAIN, name_of
from whence.packs.settings.state import Document, split_field
from whence.query import Query, QueryItem
from whence.tree import MISSING, Edit, Path, at, edited, edits_between, key_of, path_of

SEEN_LATELY = 200
"""A value that one of so many events before it had is no change: it is side by side with others, as in a rollout."""
SAID_ABOUT = ("why", "reason", "version", "label")
"""Fields of an event of one's own that say something about a change, and are no settings."""

How = Literal["announced", "own event", "observed", "refused"]
"""By a command, a file or an import; by an event that whence.toml's `settings` name, or one that adopts a scorecard; by
nobody; not at all, since the version cannot be used."""


class Difference(msgspec.Struct, frozen=True):
    """A setting that is another, by its full name and its path in the document; MISSING stands for no value."""

    name: str
    before: Any
    after: Any
    path: Path = ()


class Change(msgspec.Struct, frozen=True):
    """Settings that became others at once; `values` are all of the document afterwards, MISSING where there is none.
    `returns_to` is the position of an earlier change after which it had exactly these values, where another state came
    between."""

    position: int
    id: str
    time_us: int
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
    values: Any = MISSING

    @property
    def names(self) -> tuple[str, ...]:
        """The settings that it is about."""
        return tuple(each.name for each in self.differences)

    @property
    def time(self) -> datetime:
        return to_datetime(self.time_us)

    @property
    def short_commit(self) -> str | None:
        return self.commit and self.commit[:SHORT]

    @property
    def reason(self) -> str | None:
        """The first line of why."""
        return None if self.why is None else self.why.strip().partition("\n")[0]


def timeline(asked: Asked) -> list[Change]:
    """The changes of what is asked, by position."""
    configured = asked.as_configured(Document).configured()
    return changes(asked.history, observed=configured.observed, own=asked.settings)


def changes(history: History, *, observed: Iterable[str] = (), own: Query | None = None) -> list[Change]:
    """The changes of a history, by position: of documents, of scorecards that were adopted, of the fields `observed`
    (TYPE.FIELD), and the events that `own` selects."""
    fields: dict[str, dict[str, _Observed]] = {}  # by type and field
    for type, field in map(split_field, observed):
        fields.setdefault(type, {})[field] = _Observed(f"{type}.{field}")
    documents, own_events, adopted = _Documents(), _OwnEvents(), _adoptions(history)
    items = [QueryItem(types=(each,)) for each in dict.fromkeys((*TYPES, ADOPTED, *fields))]
    if own is not None:
        items += own.items
    found: list[Change] = []
    for event in history.events(Query(tuple(items))):
        if event.type in TYPES:
            found.append(documents.change(event))
        elif event.position in adopted:
            found.append(_adopted(event, adopted[event.position]))
        elif own is not None and own.matches(event.type, event.tags):
            found.append(own_events.change(event))
        for field, values in fields.get(event.type, {}).items():
            found += values.change(event, field)
    return found


def differences(document: str, before: Any, edits: Iterable[Edit]) -> Iterator[Difference]:
    """What edits make of the values of a document, one after the other."""
    for edit in edits:
        path = path_of(edit.key)
        after = MISSING if edit.op == "remove" else edit.value
        yield Difference(name_of(document, edit.key), at(before, path), after, path)
        before = edited(before, [edit])


class _Documents:
    """The documents as they stand while the changes are read: their values, and when each version was first there."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.latest: dict[str, str] = {}
        self.first_at: dict[tuple[str, str], int] = {}

    def change(self, event: Recorded) -> Change:
        said = CODEC.typed(event)
        if isinstance(said, VersionRefused):
            return _change(event, "refused", said.settings, why=said.problem, commit=said.commit)
        if isinstance(said, Unfit):
            return _change(event, "refused", event.entity("settings") or "", why=said.problem)
        assert isinstance(said, Changed)
        document, version = said.settings, said.version
        before = self.values.get(document, {})
        after = self.values[document] = edited(before, said.edits)
        is_new = bool(said.edits) and self.latest.get(document) != version
        earlier = self.first_at.setdefault((document, version), event.position)
        self.latest[document] = version
        return _change(
            event,
            "announced",
            document,
            differences(document, before, said.edits),
            why=said.why,
            label=said.label,
            version=version,
            returns_to=earlier if is_new and earlier != event.position else None,
            undoes=tuple(said.undoes),
            commit=said.commit,
            values=after,
        )


class _OwnEvents:
    """Events of one's own: what the data of one say otherwise than the one before about the same setting."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def change(self, event: Recorded) -> Change:
        kind, _, id = (event.entity("setting") or next(iter(event.tags), event.type)).partition(":")
        name = id if kind == "setting" else f"{kind}.{id}" if id else kind
        data = event.data if isinstance(event.data, dict) else {"value": event.data}
        said = {field: value for field, value in data.items() if field not in SAID_ABOUT and value != id}
        before, self.values[name] = self.values.get(name, {}), said
        found = differences(MAIN, before, edits_between(before, said))
        within = (msgspec.structs.replace(each, name=f"{name}.{key_of(each.path)}") for each in found)
        said_of = {field: str(data[field]) for field in SAID_ABOUT if data.get(field) is not None}
        why, label = said_of.get("why", said_of.get("reason")), said_of.get("label", said_of.get("version"))
        return _change(event, "own event", name, within, why=why, label=label)


class _Observed:
    """The values of an observed setting that were seen lately."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.latest: Any = MISSING
        self.count = 0
        self.last_at: dict[str, int] = {}

    def change(self, event: Recorded, field: str) -> Iterator[Change]:
        """The change that an event shows: none of the last ones had its value."""
        value = event.data.get(field, MISSING) if isinstance(event.data, dict) else MISSING
        if value is MISSING:
            return
        self.count += 1
        before, key = self.latest, repr(value)
        last_at = self.last_at.get(key)
        self.latest, self.last_at[key] = value, self.count
        if last_at is None or self.count - last_at > SEEN_LATELY:
            label = value if isinstance(value, str) else None
            yield _change(event, "observed", self.name, [Difference(self.name, before, value)], label=label)


def _adoptions(history: History) -> dict[int, Adoption]:
    """The scorecards adopted, by position; none where an event of that type is no adoption, which others report."""
    try:
        return {each.event.position: each for each in adoptions(history)}
    except InvalidEvent:
        return {}


def _adopted(event: Recorded, adoption: Adoption) -> Change:
    """A scorecard that is in force from now on: what it changes in the one before; the first one as a whole."""
    name, short = f"{KIND}.{adoption.name}", adoption.card.short_version
    found = [
        Difference(
            ".".join(filter(None, (name, each.part, each.name, each.key))),
            MISSING if each.before is None else each.before,
            MISSING if each.after is None else each.after,
        )
        for each in adoption.changes
    ] or [Difference(name, MISSING, short)]
    return _change(event, "own event", name, found, why=adoption.reason, label=short, version=adoption.version)


def _change(event: Recorded, how: How, document: str, found: Iterable[Difference] = (), **said: Any) -> Change:
    return Change(event.position, event.id, event.time_us, how, document, tuple(found), event.actor, **said)


def refuse_unknown(found: Sequence[Change], setting: str | None) -> None:
    """Raise NotKnown for a setting that no change was about, nor about what holds it, naming those that are near."""
    if setting is None:
        return
    names = {each.name: change.document for change in found for each in change.differences}
    known = {change.document: change.document for change in found} | names
    is_there = any(is_meant(name, document, setting) for name, document in known.items())
    is_held = any(is_meant(setting, "", name) for name in names)
    if not is_there and not is_held:
        remedy = near(setting, known, 3, otherwise="whence settings log names them.")
        raise NotKnown("There was never such a setting", setting=setting, remedy=remedy)

"""Versions of a document, from wherever they come, recorded as changes: each with what differs from the values before
it, exactly once. How a version is read is left to those who bring it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from whence.errors import InvalidFile, Refused
from whence.grammar import id_to_raw
from whence.history import History
from whence.packs.settings.decisions import changed, replaced
from whence.packs.settings.events import CODEC, Changed, VersionRefused
from whence.packs.settings.state import Document
from whence.packs.settings.tree import MISSING, Edit, edited
from whence.query import AppendCondition, Query

if TYPE_CHECKING:
    from whence.app import Whence
    from whence.events import Event

BATCH = 500
EDITS_BYTES_MAX = 900_000
"""An event holds up to a megabyte."""
TEXT_MAX = 65_536
"""So many characters of a version that cannot be used are kept."""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a document: all its values, or the edits that lead to it, or what is wrong with it. `key` names it
    for ever, so that it is recorded once; `version` is what it must come to, where that is known."""

    values: Any = MISSING
    edits: tuple[Edit, ...] | None = None
    problem: str | None = None
    text: str | None = None
    key: str | None = None
    time: datetime | None = None
    who: str | None = None
    why: str | None = None
    commit: str | None = None
    source: str | None = None
    version: str | None = None
    line: int | None = None


class Imported(msgspec.Struct, frozen=True):
    """What came of versions: how many were recorded, of these how many changed nothing or could not be used, and how
    many were there already."""

    recorded: int = 0
    empty: int = 0
    refused: int = 0
    known: int = 0


def record(db: Whence, document: str, versions: Iterable[Version]) -> Imported:
    """Record versions one after the other, those that are there already but once. What was in force once is recorded
    whatever the schema says today. Raises InvalidFile for a version that does not come to what it must, and
    ConditionFailed when somebody else changes the document meanwhile; what was recorded by then stays, and doing it
    again goes on."""
    history = History.of(db.store)
    state: Document = history.state(Document, f"settings:{document}") or Document()
    after, found = history.head, Imported()
    source = iter(versions)
    while batch := list(islice(source, BATCH)):
        keys = {each.key: id_to_raw(each.key) for each in batch if each.key is not None}
        there = db.store.positions_of(list(keys.values()))
        events: list[Event] = []
        for each in batch:
            if each.key is not None and keys[each.key] in there:
                found = msgspec.structs.replace(found, known=found.known + 1)
                continue
            said = _said(state, document, each)
            found = _counted(found, said)
            if isinstance(said, Changed):
                state.values, state.version, state.label = edited(state.values, said.edits), said.version, said.label
            events.append(CODEC.event(said, id=each.key, time=each.time, actor=each.who))
        if events:
            condition = AppendCondition(Query.of(tags=[f"settings:{document}"]), after=after)
            after = db.store.append(events, condition)[-1]
    return found


def _said(state: Document, document: str, version: Version) -> Changed | VersionRefused:
    about: dict[str, Any] = {"why": version.why, "commit": version.commit, "source": version.source}
    if version.problem is not None:
        text = None if version.text is None else version.text[:TEXT_MAX]
        return VersionRefused(settings=document, problem=version.problem, text=text, **about)
    if version.edits is not None:
        made = changed(Document.unbound(state), document, version.edits, **about)
    else:
        made = _always(Document.unbound(state), document, version.values, about)
    if version.version is not None and made.version != version.version:
        facts = {"line": version.line, "commit": version.commit, "says": version.version, "comes_to": made.version}
        shown = {name: value for name, value in facts.items() if value is not None}
        remedy = "A change before it is missing or another: import the whole history into a document of its own."
        raise InvalidFile("The changes do not come to the version that the file says", **shown, remedy=remedy)
    return _small_enough(made, about)


def _small_enough(made: Changed, about: dict[str, Any]) -> Changed | VersionRefused:
    """The change, if an event has room for it; else that this version cannot be kept."""
    size = len(msgspec.json.encode(made.edits))
    if size <= EDITS_BYTES_MAX:
        return made
    problem = f"It changes {size:,} bytes, and a change has room for {EDITS_BYTES_MAX:,}: keep such data elsewhere."
    return VersionRefused(settings=made.settings, problem=problem, **about)


def _always(state: Document, document: str, values: Any, about: dict[str, Any]) -> Changed:
    made = replaced(state, document, values, always=True, **about)
    assert made is not None
    return made


def _counted(found: Imported, said: Changed | VersionRefused) -> Imported:
    is_refused = isinstance(said, VersionRefused)
    is_empty = isinstance(said, Changed) and not said.edits
    return Imported(found.recorded + 1, found.empty + is_empty, found.refused + is_refused, found.known)


def observe(db: Whence, document: str, version: Version) -> Changed | VersionRefused | None:
    """Record a version of a document that is in force from now on, if it differs from what is there. One that the
    schema does not take is recorded as such, and so is one that cannot be used; None where nothing is new."""

    def decide(state: Document) -> Event | None:
        said = _now(state, document, version)
        return None if said is None else CODEC.event(said, id=version.key, time=version.time, actor=version.who)

    model = db.asked(pack=db.pack("settings")).as_configured(Document)
    done = db.execute(f"settings:{document}", decide, model=model)
    events: Sequence[Event] = done.events
    return CODEC_BY_TYPE[events[0].type](events[0].data) if events else None


def _now(state: Document, document: str, version: Version) -> Changed | VersionRefused | None:
    about: dict[str, Any] = {"why": version.why, "commit": version.commit, "source": version.source}
    problem, text = version.problem, version.text
    if problem is None:
        try:
            said = replaced(state, document, version.values, **about)
            if said is not None and isinstance(large := _small_enough(said, about), VersionRefused):
                return None if large.problem == state.refused else large
        except Refused as refused:
            problem = str(refused)
        else:
            if said is None and state.refused is not None:  # it was mended by going back to the last good one
                return replaced(state, document, version.values, always=True, **about)
            return said
    if problem == state.refused:
        return None
    text = None if text is None else text[:TEXT_MAX]
    return VersionRefused(settings=document, problem=problem, text=text, **about)


CODEC_BY_TYPE = {
    CODEC.type_of(cls): (lambda data, cls=cls: msgspec.convert(data, cls)) for cls in (Changed, VersionRefused)
}

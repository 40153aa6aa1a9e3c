"""Versions of a document, from wherever they come, recorded as changes: each with what differs from the values before
it, exactly once. How a version is read is left to those who bring it.

    flags.json, version by version      what is recorded of the document flags.json
    {"limit": 3}                        settings.Changed: limit = 3
    {"limit": 3, "on": true}            settings.Changed: on = true
    {"limit": 3, "on"                   settings.VersionRefused: what is wrong with it; the values stay as they were
    {"limit": 3}                        settings.Changed: on removed
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from whence.errors import InvalidFile, Refused
from whence.grammar import id_to_raw
from whence.history import History
from whence.packs.settings.decisions import changed
from whence.packs.settings.events import CODEC, Changed, VersionRefused
from whence.packs.settings.state import Document
from whence.query import AppendCondition, Query
from whence.tree import MISSING, Edit, edited, edits_between
from whence.treefile import values_in

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
    for ever, so that it is recorded once; `version` is the digest of the values that it must come to, where that is
    known. `text` is the file as it was, `line` its number in a list of changes; the others are as in Changed and its
    event."""

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

    @classmethod
    def in_file(cls, name: str, content: bytes, **about: Any) -> Version:
        """The version that the content of a file of this name is. Raises MissingExtra as treefile.values_in does."""
        text = content[: 4 * TEXT_MAX].decode("utf-8", errors="replace")
        try:
            return cls(values=values_in(name, content), text=text, **about)
        except InvalidFile as problem:
            return cls(problem=str(problem), text=text, **about)

    def refused(self, document: str, problem: str) -> VersionRefused:
        """That it cannot be used."""
        text = None if self.text is None else self.text[:TEXT_MAX]
        about = {"why": self.why, "commit": self.commit, "source": self.source}
        return VersionRefused(settings=document, problem=problem, text=text, **about)

    def of(self, state: Document, document: str) -> Changed | VersionRefused:
        """What it makes of a document: a change, which may change nothing, or a version that cannot be used. Raises
        Refused where the schema does not take it."""
        if self.problem is not None:
            return self.refused(document, self.problem)
        edits = list(edits_between(state.values, self.values) if self.edits is None else self.edits)
        if (size := len(msgspec.json.encode(edits))) > EDITS_BYTES_MAX:
            room = f"a change has room for {EDITS_BYTES_MAX:,}: keep such data elsewhere."
            return self.refused(document, f"It changes {size:,} bytes, and {room}")
        return changed(state, document, edits, why=self.why, commit=self.commit, source=self.source)

    def event(self, said: Changed | VersionRefused) -> Event:
        """What was made of it as the event that is recorded."""
        return CODEC.event(said, id=self.key, time=self.time, actor=self.who)


class Imported(msgspec.Struct, frozen=True):
    """What came of versions: how many were recorded, of these how many changed nothing or could not be used, and how
    many were there already."""

    recorded: int = 0
    empty: int = 0
    refused: int = 0
    known: int = 0


def _refuse_another(version: Version, made: Changed) -> None:
    """Raise InvalidFile for changes that do not come to the version that is said beside them."""
    if version.version not in (None, made.version):
        facts = {"line": version.line, "commit": version.commit, "says": version.version, "comes_to": made.version}
        shown = {name: value for name, value in facts.items() if value is not None}
        remedy = "A change before it is missing or another: import the whole history into a document of its own."
        raise InvalidFile("The changes do not come to the version that the file says", **shown, remedy=remedy)


def record(db: Whence, document: str, versions: Iterable[Version]) -> Imported:
    """Record versions one after the other, each once: one whose key is there already is known. Raises InvalidFile for a
    version that does not come to what it must, and ConditionFailed when somebody else changes the document meanwhile;
    what was recorded by then stays, and doing it again goes on."""
    history = History.of(db.store)
    # The plain Document has no schema: what was in force once is recorded whatever the schema says today.
    state: Document = history.state(Document, f"settings:{document}") or Document()
    after = history.head
    recorded = empty = refused = known = 0
    coming = iter(versions)
    while batch := list(islice(coming, BATCH)):
        keys = {each.key: id_to_raw(each.key) for each in batch if each.key is not None}
        there = db.store.positions_of(list(keys.values()))
        events: list[Event] = []
        for each in batch:
            if each.key is not None and keys[each.key] in there:
                known += 1
                continue
            said = each.of(state, document)
            if isinstance(said, Changed):
                _refuse_another(each, said)
                state.values = edited(state.values, said.edits)
                empty += not said.edits
            else:
                refused += 1
            events.append(each.event(said))
        if events:
            condition = AppendCondition(Query.of(tags=[f"settings:{document}"]), after=after)
            after = db.store.append(events, condition)[-1]
            recorded += len(events)
    return Imported(recorded, empty, refused, known)


def observe(db: Whence, document: str, version: Version) -> Changed | VersionRefused | None:
    """Record a version of a document that is in force from now on, if it differs from what is there. One that the
    schema does not take is recorded as such, and so is one that cannot be used; None where nothing is new."""
    decided: list[Changed | VersionRefused | None] = []  # the last counts: it is decided again after a conflict

    def decide(state: Document) -> Event | None:
        try:
            said = version.of(state, document)
        except Refused as problem:
            said = version.refused(document, str(problem))
        if isinstance(said, Changed):
            is_new = bool(said.edits) or state.refused is not None  # it may be mended by the last good one
        else:
            is_new = said.problem != state.refused
        decided.append(said if is_new else None)
        return version.event(said) if is_new else None

    db.execute(f"settings:{document}", decide, model=db.pack("settings").states[0])
    return decided[-1]

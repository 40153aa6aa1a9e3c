"""A document of settings as it stands: its values, its version, and who changed it last."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any

import msgspec

from whence.errors import InvalidConfig
from whence.events import Recorded
from whence.model import on
from whence.packs.settings.events import CODEC, Changed, VersionRefused
from whence.packs.settings.schema import Schema
from whence.packs.settings.tree import EMPTY_VERSION, edited, name_of, split_name

KEYS = ("schema", "observed", "named_by")


class Configuration(msgspec.Struct, frozen=True):
    """What [pack.settings] in whence.toml says: the `schema`; `observed`, event fields (TYPE.FIELD) whose values are
    settings that nobody sets; and `named_by`, the fields in which decisions say by which version of a setting they were
    taken, with that setting."""

    schema: Schema = Schema()
    observed: tuple[str, ...] = ()
    named_by: Mapping[str, str] = {}


class Document:
    """The settings of one document: a file that is watched, or `main`. A version that cannot be used leaves the values
    as they were, and `refused` says what was wrong until there is a good one."""

    kind = "settings"
    codec = CODEC

    def __init__(self) -> None:
        self.values: Any = {}
        self.version = EMPTY_VERSION
        self.label: str | None = None
        self.changes = 0
        self.changed_at: datetime | None = None
        self.changed_by: str | None = None
        self.why: str | None = None
        self.refused: str | None = None

    @classmethod
    def configured(cls) -> Configuration:
        """What whence.toml says of documents; nothing where it is not asked."""
        return Configuration()

    @on(Changed)
    def changed(self, event: Changed, recorded: Recorded) -> None:
        self.values = edited(self.values, event.edits)
        self.version, self.label = event.version, event.label
        self.changes += 1
        self.changed_at, self.changed_by, self.why = recorded.time, recorded.actor, event.why
        self.refused = None

    @staticmethod
    def unbound(state: Document) -> Document:
        """The same document without a schema, for what was in force once."""
        free = Document()
        free.values, free.version, free.label, free.refused = state.values, state.version, state.label, state.refused
        return free

    @on(VersionRefused)
    def could_not_be_used(self, event: VersionRefused) -> None:
        self.refused = event.problem


def as_configured(table: Mapping[str, Any]) -> type[Document]:
    """Documents with the `Configuration` that [pack.settings] in whence.toml says. Raises InvalidConfig."""
    for name in table:
        if name not in KEYS:
            near = get_close_matches(name, KEYS, 1)
            remedy = f"Did you mean {near[0]}?" if near else f"The keys are {', '.join(KEYS)}."
            raise InvalidConfig("No such key", key=name, remedy=remedy)
    observed, named = table.get("observed", []), table.get("named_by", {})
    if not isinstance(observed, list) or not all(map(is_field, observed)):
        remedy = 'Write observed = ["LeadScored.response_model"].'
        raise InvalidConfig("Not fields of events", key="observed", value=repr(observed)[:80], remedy=remedy)
    if not isinstance(named, dict) or not all(map(is_field, named)) or not all(_is_setting(x) for x in named.values()):
        remedy = 'Write named_by = { "EmailSent.prompt" = "prompts.email" }.'
        raise InvalidConfig("Not fields of events", key="named_by", value=repr(named)[:80], remedy=remedy)
    names = {field: name_of(*split_name(setting)) for field, setting in named.items()}
    said = Configuration(Schema.from_tables(table.get("schema", [])), tuple(dict.fromkeys(observed)), names)

    class Configured(Document):
        name = "Document"

        @classmethod
        def configured(cls) -> Configuration:
            return said

    return Configured


def is_field(text: Any) -> bool:
    """Whether a text names a field of an event: TYPE.FIELD, and the type may have dots in it."""
    return isinstance(text, str) and all(text.rpartition("."))


def _is_setting(text: Any) -> bool:
    return isinstance(text, str) and bool(text)

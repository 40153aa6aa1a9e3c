"""A document of settings as it stands: its values, its version, and who changed it last. In whence.toml:

```text
[pack.settings]
observed = ["LeadScored.model"]    # event fields (TYPE.FIELD) whose values are settings that nobody sets
named_by = ["Sent.prompt"]         # fields in which decisions say by which version of a setting they were taken

[[pack.settings.schema]]           # what a setting may be: see docs/packs/settings.md
```
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from whence.errors import InvalidConfig
from whence.events import Recorded
from whence.model import on
from whence.packs.settings.events import CODEC, Changed, VersionRefused
from whence.packs.settings.naming import MAIN, split_name
from whence.schema import Schema
from whence.tree import EMPTY_VERSION, edited

if TYPE_CHECKING:
    from whence.app import Moment, Whence


class Configuration(msgspec.Struct, frozen=True):
    """What [pack.settings] in whence.toml says, as above. In a field of `named_by` a version is named by its label."""

    schema: Schema = Schema()
    observed: tuple[str, ...] = ()
    named_by: tuple[str, ...] = ()


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
        """What [pack.settings] in whence.toml says: nothing here, since this class has not read it; those that
        `as_configured` makes have."""
        return Configuration()

    @on(Changed)
    def changed(self, event: Changed, recorded: Recorded) -> None:
        self.values = edited(self.values, event.edits)
        self.version, self.label = event.version, event.label
        self.changes += 1
        self.changed_at, self.changed_by, self.why = recorded.time, recorded.actor, event.why
        self.refused = None

    @on(VersionRefused)
    def could_not_be_used(self, event: VersionRefused) -> None:
        self.refused = event.problem


def version_at(db: Whence, document: str = MAIN, moment: Moment = None) -> str:
    """The version of a document at a moment, for a decision to name: `db.execute(…, settings=version_at(db))`."""
    state: Document | None = db.history(moment).state(Document, f"settings:{document}")
    return EMPTY_VERSION if state is None else state.version


def as_configured(table: Mapping[str, Any]) -> tuple[type[Document]]:
    """Documents with the `Configuration` that [pack.settings] in whence.toml says. Raises InvalidConfig."""
    said = Configuration(
        Schema.from_tables(table.get("schema", []), "pack.settings.schema", split_name),
        _fields(table, "observed", "LeadScored.model"),
        _fields(table, "named_by", "Sent.prompt"),
    )

    class Configured(Document):
        name = "Document"  # as answers name the model

        @classmethod
        def configured(cls) -> Configuration:
            return said

    return (Configured,)


def split_field(text: str) -> tuple[str, str]:
    """The type and the field that TYPE.FIELD names; the type may have dots in it."""
    type, _, field = text.rpartition(".")
    return type, field


def _fields(table: Mapping[str, Any], key: str, example: str) -> tuple[str, ...]:
    found = table.get(key, [])
    if not isinstance(found, list) or not all(isinstance(each, str) and all(split_field(each)) for each in found):
        remedy = f'Write {key} = ["{example}"].'
        raise InvalidConfig("Not fields of events", key=key, value=repr(found)[:80], remedy=remedy)
    return tuple(dict.fromkeys(found))

"""Where changes come from: documents, events of one's own, fields in which they are observed, and scorecards that were
adopted. Each source says of one event at a time which change it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from whence.adoption import KIND, Adoption, adoptions
from whence.codec import Unfit
from whence.errors import InvalidEvent
from whence.events import Recorded
from whence.history import History
from whence.packs.changes.change import Change, change_of, differences
from whence.packs.settings.events import CODEC, Changed, VersionRefused
from whence.packs.settings.naming import MAIN
from whence.tree import MISSING, edited, edits_between, key_of
from whence.valuediff import Difference

SEEN_LATELY = 200
"""A value that one of so many events before it had is no change: it is side by side with others, as in a rollout."""
SAID_ABOUT = ("why", "reason", "version", "label")
"""Fields of an event of one's own that say something about a change, and are no settings."""


class Documents:
    """The documents as they stand while the changes are read: their values, and when each version was first there."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.latest: dict[str, str] = {}
        self.first_at: dict[tuple[str, str], int] = {}

    def change(self, event: Recorded) -> Change:
        said = CODEC.typed(event)
        if isinstance(said, VersionRefused):
            return change_of(event, "refused", said.settings, why=said.problem, commit=said.commit)
        if isinstance(said, Unfit):
            return change_of(event, "refused", event.entity("settings") or "", why=said.problem)
        assert isinstance(said, Changed)
        document, version = said.settings, said.version
        before = self.values.get(document, {})
        after = self.values[document] = edited(before, said.edits)
        is_new = bool(said.edits) and self.latest.get(document) != version
        earlier = self.first_at.setdefault((document, version), event.position)
        self.latest[document] = version
        return change_of(
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


class OwnEvents:
    """Events of one's own: what the data of one say otherwise than the one before about the same setting.

        PriceChanged  setting:price  {"amount": 10, "setting": "price"}               price.amount = 10
        PriceChanged  setting:price  {"amount": 12, "why": "costs", "name": "price"}  price.amount: 10 → 12, why: costs

    A field that is called `name`, or as the kind of the tag, and merely repeats what is tagged, is no setting."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def change(self, event: Recorded) -> Change:
        kind, _, id = (event.entity("setting") or next(iter(event.tags), event.type)).partition(":")
        # What it is about: `setting:price` is price, `price:a` is price.a.
        name = id if kind == "setting" else f"{kind}.{id}" if id else kind
        data = event.data if isinstance(event.data, dict) else {"value": event.data}
        before = self.values.get(name, {})
        # Fields that merely repeat it; one that said otherwise before is a setting.
        repeated = {field for field in ("name", kind) if id and data.get(field) == id and field not in before}
        # What else it says are the values.
        said = {field: value for field, value in data.items() if field not in (*SAID_ABOUT, *repeated)}
        self.values[name] = said
        found = differences(MAIN, before, edits_between(before, said))
        within = (msgspec.structs.replace(each, name=f"{name}.{key_of(each.path)}") for each in found)
        said_of = {field: str(data[field]) for field in SAID_ABOUT if data.get(field) is not None}
        why, label = said_of.get("why", said_of.get("reason")), said_of.get("label", said_of.get("version"))
        return change_of(event, "own event", name, within, why=why, label=label)


class Observed:
    """The values of an observed setting that were seen lately.

    LeadScored  {"model": "m1", …}    model = m1: the first
    LeadScored  {"model": "m2", …}    model: m1 → m2
    LeadScored  {"model": "m1", …}    no change: m1 is still in use, beside m2
    """

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
            yield change_of(event, "observed", self.name, [Difference(self.name, before, value)], label=label)


def adoptions_in(history: History) -> dict[int, Adoption]:
    """The scorecards adopted, by position; none where an event of that type is no adoption, which others report."""
    try:
        return {each.event.position: each for each in adoptions(history)}
    except InvalidEvent:
        return {}


def adopted_change(event: Recorded, adoption: Adoption) -> Change:
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
    return change_of(event, "own event", name, found, why=adoption.reason, label=short, version=adoption.version)

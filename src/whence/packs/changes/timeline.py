"""Every change of settings in a history, with what each value was before: those that somebody made, the events that
whence.toml's `settings` name, the scorecards that were adopted, and those that nobody announced, found in the events;
and the versions that could not be used. What is in force is left to whence.packs.active."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from whence.adoption import ADOPTED
from whence.errors import NotKnown, near
from whence.history import History
from whence.pack import Asked
from whence.packs.changes.change import Change
from whence.packs.changes.sources import Documents, Observed, OwnEvents, adopted_change, adoptions_in
from whence.packs.settings.events import TYPES
from whence.packs.settings.naming import holds, is_meant
from whence.packs.settings.state import Document, split_field
from whence.query import Query, QueryItem


def timeline(asked: Asked) -> list[Change]:
    """The changes of what is asked, by position."""
    configured = asked.as_configured(Document).configured()
    return changes(asked.history, observed=configured.observed, own=asked.settings)


def changes(history: History, *, observed: Iterable[str] = (), own: Query | None = None) -> list[Change]:
    """The changes of a history, by position: of documents, of scorecards that were adopted, of the fields `observed`
    (TYPE.FIELD), and the events that `own` selects."""
    fields: dict[str, dict[str, Observed]] = {}  # by type and field
    for type, field in map(split_field, observed):
        fields.setdefault(type, {})[field] = Observed(f"{type}.{field}")
    documents, own_events, adopted = Documents(), OwnEvents(), adoptions_in(history)
    items = [QueryItem(types=(each,)) for each in dict.fromkeys((*TYPES, ADOPTED, *fields))]
    if own is not None:
        items += own.items
    found: list[Change] = []
    for event in history.events(Query(tuple(items))):
        if event.type in TYPES:
            found.append(documents.change(event))
        elif event.position in adopted:
            found.append(adopted_change(event, adopted[event.position]))
        elif own is not None and own.matches(event.type, event.tags):
            found.append(own_events.change(event))
        for field, values in fields.get(event.type, {}).items():
            found += values.change(event, field)
    return found


def refuse_unknown(found: Sequence[Change], setting: str | None) -> None:
    """Raise NotKnown for a setting that no change was about, nor about what holds it, naming those that are near."""
    if setting is None:
        return
    names = {each.name: change.document for change in found for each in change.differences}
    known = {change.document: change.document for change in found} | names
    is_there = any(is_meant(name, document, setting) for name, document in known.items())
    is_held = any(holds(name, setting) for name in names)
    if not is_there and not is_held:
        remedy = near(setting, known, 3, otherwise="whence settings log names them.")
        raise NotKnown("There was never such a setting", setting=setting, remedy=remedy)

"""What a version of the settings touched: the decisions that were taken under it, whom they were about, and all that
followed from them.

    @5  EmailSent    lead:42  prompt=p3        decision: names it
    @6  EmailOpened  lead:42  caused by @5     followed, in one step: by cause
    @9  Unsubscribed lead:42                   followed, with `about`: same lead, later
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated

import msgspec

from whence.clock import EARLIEST_US, LATEST_US, to_datetime, to_us
from whence.errors import InvalidQuery, NotKnown
from whence.events import Recorded
from whence.pack import Asked, table
from whence.packs.changes.change import Change
from whence.packs.changes.timeline import timeline
from whence.packs.settings.state import Document, split_field
from whence.query import Query
from whence.tree import SHORT, names_version


class Affected(msgspec.Struct, frozen=True):
    position: int
    time: datetime
    part: str
    steps: int
    type: str
    entities: list[str]
    who: str | None
    how: str
    decision: int


@table
def affected(
    asked: Asked,
    version: Annotated[str, "its label, its first characters as in versions, or the change, @120"],
    *,
    type: Annotated[list[str] | None, "which events are decisions; else those that name a version"] = None,
    since: Annotated[datetime | None, "only decisions from then on"] = None,
    until: Annotated[datetime | None, "only decisions until then"] = None,
    about: Annotated[bool, "also what happened later to the same entities, whatever its cause"] = False,
) -> Iterable[Affected]:
    """$ whence settings affected p3 --about

    The decisions that were taken under a version, whom they were about, and all that followed.

    Decisions are those that name the version, in a field that `named_by` or `observed` lists in whence.toml or in their
    basis; with --type, events of these types that name none count while the version was in force. What followed is told
    by causes, and with --about also by entity: `how` says which. Give --since and --until for a span.
    """
    found = timeline(asked)
    chosen = _meant(found, version)
    _refuse_unknown(asked, type or ())
    configured = asked.as_configured(Document).configured()
    names = _Names(chosen, version, (*configured.named_by, *configured.observed))
    last_us = min((each.time_us for each in found if _ends(each, chosen)), default=LATEST_US)
    first_us = min(each.time_us for each in chosen)
    since_us, until_us = to_us(since) if since else EARLIEST_US, to_us(until) if until else LATEST_US
    if until_us < since_us:
        raise InvalidQuery("It ends before it begins", since=since, until=until, remedy="Let --until be the later.")
    decided: dict[bytes | str, tuple[Recorded, str]] = {}  # the decisions by their ids, and how each is known to be one
    for event in asked.history.events():
        if event.type.startswith("settings.") or not since_us <= event.time_us <= until_us:
            continue
        said = names.said_by(event)
        if said:
            decided[event.raw_id] = event, "names it"
        elif said is None and event.type in (type or ()) and first_us <= event.time_us < last_us:
            decided[event.raw_id] = event, "in force"
    yield from _with_what_followed(asked, decided, about)


def _with_what_followed(
    asked: Asked, decided: dict[bytes | str, tuple[Recorded, str]], about: bool
) -> Iterator[Affected]:
    """Each decision, and behind it what it led to, in the order of positions."""
    rows = [_row(event, "decision", 0, how, event.position) for event, how in decided.values()]
    # By the id of an event: the position of the decision that led to it, and in how many steps.
    steps: dict[bytes | str, tuple[int, int]] = {id: (event.position, 0) for id, (event, _) in decided.items()}
    known = -1
    while known != len(steps):  # an effect that was recorded before its cause takes another reading
        known = len(steps)
        for event in asked.history.events():
            if event.raw_id not in steps and event.raw_cause is not None and event.raw_cause in steps:
                decision, step = steps[event.raw_cause]
                steps[event.raw_id] = decision, step + 1
                rows.append(_row(event, "followed", step + 1, "by cause", decision))
    if about:
        decisions = {tag: event.position for event, _ in decided.values() for tag in event.tags}
        for event in asked.history.events():
            tag = next((tag for tag in event.tags if decisions.get(tag, event.position) < event.position), None)
            if tag is not None and event.raw_id not in steps:
                rows.append(_row(event, "followed", 0, f"same {tag.partition(':')[0]}, later", decisions[tag]))
    yield from sorted(rows, key=lambda row: (row.decision, row.position))


def _row(event: Recorded, part: str, steps: int, how: str, decision: int) -> Affected:
    when = to_datetime(event.time_us)
    return Affected(event.position, when, part, steps, event.type, list(event.tags), event.actor, how, decision)


def _refuse_unknown(asked: Asked, types: Iterable[str]) -> None:
    """Raise NotKnown for a type that no event has: it is mistyped, and nothing would have been touched."""
    for type in types:
        if next(iter(asked.history.events(Query.of(types=[type]))), None) is None:
            raise NotKnown("There are no such events", type=type, remedy="whence types lists the types there are.")


def _meant(found: list[Change], version: str) -> list[Change]:
    """The changes that a version is named by. Raises NotKnown."""
    meant = [
        each
        for each in found
        if each.label == version or f"@{each.position}" == version or names_version(version, each.version)
    ]
    if not meant:
        known = dict.fromkeys(each.label or (each.version or "")[:SHORT] for each in reversed(found))
        names = [each for each in known if each]
        listed = f"There are: {', '.join(names[:8])}{' …' if names[8:] else ''} (whence settings versions)."
        remedy = listed if names else "Set something first: whence settings set KEY VALUE."
        raise NotKnown("There is no such version", version=version, remedy=remedy)
    return meant


def _ends(each: Change, chosen: list[Change]) -> bool:
    """Whether a change takes another from being in force: it is about the same settings, and later."""
    return any(
        each.position > one.position and each.time_us >= one.time_us and set(each.names) & set(one.names)
        for one in chosen
    )


class _Names:
    """What a decision says about the version that it was taken by."""

    def __init__(self, chosen: list[Change], version: str, fields: Iterable[str]) -> None:
        self.versions = {each.version for each in chosen}
        self.labels = {version, *(each.label for each in chosen if each.label is not None)}
        self.fields = set(map(split_field, fields))

    def said_by(self, event: Recorded) -> bool | None:
        """Whether a decision names the version; None where it names none at all."""
        fields = [field for type, field in self.fields if type == event.type]
        data = event.data if fields and isinstance(event.data, dict) else {}
        said = [str(data[field]) for field in fields if data.get(field) is not None]
        if event.basis_text is not None and (basis := event.basis) is not None and basis.settings:
            said.append(basis.settings)
        if not said:
            return None
        return any(
            each in self.labels or any(names_version(each, version) for version in self.versions) for each in said
        )

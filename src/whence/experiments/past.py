"""A changed past: a history in which some entities stopped at an event that a rule refuses, and nothing of theirs
happened afterwards. Other changes are branches of a history itself (drop, insert, alter)."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from whence.events import Recorded
from whence.experiments.side import in_occurred_order
from whence.grammar import normal_kind
from whence.history import History, events_by_entity


class Stopped(msgspec.Struct, frozen=True, eq=False):
    """The history without what came after a refusal, the entities that were refused, in the order of their first
    events, and how many events never happen."""

    history: History
    entities: tuple[str, ...]
    events: int


def stopped(history: History, kind: str, refuses: Callable[[Recorded], bool]) -> Stopped:
    """The past in which each entity of a kind stops at the first of its events, as they happened, that the rule
    refuses: this event is kept, and the later ones are dropped. An event that is about other entities too is dropped
    with the first of them that stopped.

    The rule must be pure. Holds the events of the kind in memory.
    """
    kind = normal_kind(kind)
    by_entity = events_by_entity(history.events(), kind)
    entities: list[str] = []
    dropped: dict[str, None] = {}
    for entity, events in by_entity.items():
        ordered = in_occurred_order(events)
        at = next((number for number, event in enumerate(ordered) if refuses(event)), None)
        if at is not None:
            entities.append(entity)
            dropped |= dict.fromkeys(event.id for event in ordered[at + 1 :])
    return Stopped(history.drop(*dropped) if dropped else history, tuple(entities), len(dropped))

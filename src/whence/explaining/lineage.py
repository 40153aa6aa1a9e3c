"""What led to an event and what followed from it, across entities, by the causes that events name. What a decision
looked at beside its cause is left to why.

A cause is the id of one event, so what led to an event is a chain and what followed from it is a tree. Effects are
found wherever they were recorded, also before their cause: that is rare, and costs a second reading where it is so.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

import msgspec

from whence.admission import RawId
from whence.clock import to_iso
from whence.errors import NotKnown
from whence.events import Recorded
from whence.history import PROGRESS_EVENTS, History, Progress
from whence.markup import bold, cell, nested

NESTED_MAX = 200
"""So deep does a tree nest as JSON, as every value does: what is deeper is counted."""
PAGE_DEPTH, PAGE_SIBLINGS = 12, 20
"""So much of a tree is shown where it must fit on a page."""
TYPES_MAX = 6


class Effect(msgspec.Struct, frozen=True):
    """An event that followed from another; `depth` is how many steps from cause to effect lie between them, from 1."""

    recorded: Recorded
    depth: int


class More(msgspec.Struct, frozen=True):
    """So many effects that are not shown, the first of them at this depth."""

    count: int
    depth: int


class Lineage(msgspec.Struct, frozen=True):
    """What led to an event and what followed from it.

    `causes` are its cause, that one's cause and so on. Where the chain ends at an id that is not in the store,
    `missing_cause` is that id; `circular` says that it came back to an event it had passed. `effects` are in the order
    of the tree, each behind its cause. `correlated` counts the other events of the same correlation by type, and
    `companions` are these events, where they were asked for.
    """

    recorded: Recorded
    causes: list[Recorded]
    missing_cause: str | None
    circular: bool
    effects: list[Effect]
    correlated: dict[str, int]
    companions: list[Recorded]

    def tree(self, depth_max: int | None = None, siblings_max: int | None = None) -> Iterator[Effect | More]:
        """The effects with as many steps and as many to one cause as this; what is left out is counted in its place."""
        counts: list[int] = []  # at each depth so far, how many effects of one cause are shown
        hidden: list[int] = []  # and how many are not, with all that followed from them
        cut_at: int | None = None
        for effect in self.effects:
            yield from _left(effect.depth, counts, hidden)
            if cut_at is not None and effect.depth > cut_at:
                hidden[-1] += 1
                continue
            if effect.depth > len(counts):
                counts.append(0)
                hidden.append(0)
            too_deep = depth_max is not None and effect.depth > depth_max
            if too_deep or (siblings_max is not None and counts[-1] >= siblings_max):
                cut_at = effect.depth
                hidden[-1] += 1
            else:
                cut_at = None
                counts[-1] += 1
                yield effect
        yield from _left(0, counts, hidden)

    def to_json(self, depth_max: int | None = None) -> dict[str, Any]:
        """All of it as a JSON object: `event`, `causes` from the nearest on, `effects`, each with its own `effects`,
        and `correlated`. Beneath `depth_max` steps, at most 200, the effects are only counted, as `more`."""
        whole: dict[str, Any] = {
            "event": self.recorded.to_json(),
            "causes": [cause.to_json() for cause in self.causes],
            "missing_cause": self.missing_cause,
            "circular": self.circular,
            "effects": [],
            "correlated": self.correlated,
        }
        if self.companions:
            whole["companions"] = [event.to_json() for event in self.companions]
        path = [whole]
        for item in self.tree(min(depth_max or NESTED_MAX, NESTED_MAX)):
            del path[item.depth :]
            if isinstance(item, More):
                path[-1]["more"] = item.count
            else:
                path.append({"event": item.recorded.to_json(), "effects": []})
                path[-2]["effects"].append(path[-1])
        return whole

    def _repr_html_(self) -> str:
        """The chain and the tree as nested lists, for notebooks."""
        shown = nested(self._items())
        if not self.correlated:
            return shown
        return f"{shown}<p>{cell(f'{self.recorded.correlation}: {self.counts_text()}')}</p>"

    def counts_text(self) -> str:
        """The most frequent types of the same correlation, each with its number, and how many more types there are."""
        counts = [f"{type} {count:,}" for type, count in islice(self.correlated.items(), TYPES_MAX)]
        if (more := len(self.correlated) - TYPES_MAX) > 0:
            counts.append(f"{more} more type{'' if more == 1 else 's'}")
        return ", ".join(counts)

    def _items(self) -> Iterator[tuple[int, str]]:
        """What a page shows, each with its depth: the chain, the event, and its effects beneath it."""
        if self.missing_cause is not None:
            yield 0, f"{self.missing_cause} (not in this store)"
        if self.circular:
            yield 0, "The causes go round in a circle."
        if (rest := len(self.causes) - PAGE_SIBLINGS) > 0:
            yield 0, f"… {rest:,} more"
        yield from ((0, _text(cause)) for cause in reversed(self.causes[:PAGE_SIBLINGS]))
        yield 0, bold(_text(self.recorded))
        for item in self.tree(PAGE_DEPTH, PAGE_SIBLINGS):
            yield item.depth, f"… {item.count:,} more" if isinstance(item, More) else _text(item.recorded)


def lineage(
    history: History, event: Recorded, *, correlated: bool = False, progress: Progress | None = None
) -> Lineage:
    """What led to an event of a history and what followed from it; with `correlated` also its companions.

    Reads the whole history once, and once more when an effect was recorded before its cause.
    """
    causes, missing_cause, circular = _causes(history, event)
    search = _Search(event, correlated)
    search.go_over(_reported(history.events(), history.head, progress))
    if early := search.missed():
        search.take_missed(history.upto(max(early)).events(), early)
    effects = list(_in_tree_order(event, search.by_cause))
    counts = dict(sorted(search.correlated.items(), key=lambda item: -item[1]))
    return Lineage(event, causes, missing_cause, circular, effects, counts, search.companions)


def _causes(history: History, event: Recorded) -> tuple[list[Recorded], str | None, bool]:
    """The chain of causes from the nearest on; the id it ends with that is not there; and whether it is a circle."""
    found: list[Recorded] = []
    passed = {event.raw_id}
    while (cause := (found[-1] if found else event).cause) is not None:
        try:
            recorded = history.event(cause)
        except NotKnown:
            return found, cause, False
        if recorded.raw_id in passed:
            return found, None, True
        passed.add(recorded.raw_id)
        found.append(recorded)
    return found, None, False


class _Search:
    """The effects of each event of a tree that grows while events are read, and the events of a correlation."""

    def __init__(self, root: Recorded, correlated: bool) -> None:
        self.by_cause: dict[RawId, list[Recorded]] = {root.raw_id: []}
        self.correlated: dict[str, int] = {}
        self.companions: list[Recorded] = []
        self._root = root
        self._keep_companions = correlated
        # Events whose cause is not in the tree, as hashes, 24 bytes each: their cause may come behind them.
        self._cause_hashes, self._id_hashes, self._positions = array("q"), array("q"), array("q")

    def go_over(self, events: Iterable[Recorded]) -> None:
        """Take in every event once, in order of position."""
        by_cause, root, correlation = self.by_cause, self._root.raw_id, self._root.correlation
        for event in events:
            if event.raw_id == root:  # a circle of causes ends here
                continue
            if correlation is not None and event.correlation == correlation:
                self.correlated[event.type] = self.correlated.get(event.type, 0) + 1
                if self._keep_companions:
                    self.companions.append(event)
            if (cause := event.raw_cause) is None:
                continue
            if cause in by_cause:
                by_cause[cause].append(event)
                by_cause[event.raw_id] = []
            else:
                self._cause_hashes.append(hash(cause))
                self._id_hashes.append(hash(event.raw_id))
                self._positions.append(event.position)

    def missed(self) -> set[int]:
        """The positions of the events passed whose cause, or its cause, has come into the tree behind them."""
        if not self._positions:
            return set()
        import numpy as np  # a tenth of a second, which only this should wait for

        causes, ids, positions = (
            np.frombuffer(part, dtype=np.int64) for part in (self._cause_hashes, self._id_hashes, self._positions)
        )
        found = np.zeros(len(causes), dtype=bool)
        new = np.isin(causes, np.fromiter(map(hash, self.by_cause), dtype=np.int64))
        while new.any():
            found |= new
            new = np.isin(causes, ids[new]) & ~found
        return set(positions[found].tolist())

    def take_missed(self, events: Iterable[Recorded], positions: set[int]) -> None:
        """Take in the events at these positions, which may come before their causes."""
        taken = set(self.by_cause)
        for event in events:
            if event.position in positions and event.raw_id not in taken:
                assert event.raw_cause is not None, "only events with a cause are remembered"
                self.by_cause.setdefault(event.raw_cause, []).append(event)
        for effects in self.by_cause.values():
            effects.sort(key=lambda event: event.position)


def _in_tree_order(root: Recorded, by_cause: dict[RawId, list[Recorded]]) -> Iterator[Effect]:
    waiting = [Effect(event, 1) for event in reversed(by_cause[root.raw_id])]
    while waiting:
        effect = waiting.pop()
        yield effect
        following = by_cause.get(effect.recorded.raw_id, ())
        waiting += [Effect(event, effect.depth + 1) for event in reversed(following)]


def _left(depth: int, counts: list[int], hidden: list[int]) -> Iterator[More]:
    """Go back to a depth: what was hidden beneath it is counted now."""
    while len(counts) > depth:
        counts.pop()
        if count := hidden.pop():
            yield More(count, len(counts) + 1)


def _text(event: Recorded) -> str:
    words = chain([f"@{event.position}", event.type], event.tags, [to_iso(event.time_us), event.actor or ""])
    return " ".join(word for word in words if word)


def _reported(events: Iterator[Recorded], head: int, progress: Progress | None) -> Iterator[Recorded]:
    """The same events, while `progress` is told how many of so many are read."""
    if progress is None:
        yield from events
        return
    for count, event in enumerate(events, 1):
        yield event
        if count % PROGRESS_EVENTS == 0:
            progress(count, head)
    progress(head, head)

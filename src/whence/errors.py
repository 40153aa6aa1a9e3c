"""Every error that Whence raises on purpose: one tree, so that a caller can catch as much or as little as it means to.

    WhenceError                     everything below
    ├─ InvalidInput                 a value that cannot be accepted, also a ValueError
    │  ├─ InvalidEvent              an event, tag, type, id or data that breaks the grammar
    │  ├─ InvalidQuery              a query or condition that cannot mean anything
    │  ├─ InvalidTime               a time that cannot be read, or has no zone
    │  ├─ InexactAmount             an amount of money finer than the smallest unit of its currency
    │  ├─ InvalidModel              a model, rule or field that does not exist or contradicts itself
    │  ├─ InvalidConfig             whence.toml or a mapping, with the line or key
    │  └─ InvalidFile               an input file that cannot be read as what it should be
    ├─ Conflict                     normal under concurrency: read again and decide again
    │  └─ ConditionFailed           an append condition was met by a newer event
    ├─ Refused                      a decision that the rules of its domain do not allow
    ├─ IdConflict                   an event id that is already in use for something else
    ├─ NotKnown                     a time, an event or an import of which nothing was recorded
    ├─ StoreError                   the store itself
    │  ├─ NoSuchStore               nothing at this path or URL
    │  ├─ NotAStore                 something is there, but it is not a Whence store
    │  ├─ UnknownFormat             a store written by a newer Whence
    │  ├─ StoreBusy                 another writer held the store for too long
    │  ├─ StoreClosed               used after close()
    │  ├─ CorruptStore              what is stored breaks a promise: stop and look
    │  ├─ CannotWrite               the file or folder is not writable, or the disk is full
    │  └─ OutcomeUnknown            the commit failed in a way that leaves both outcomes possible
    ├─ InvalidSegments              a folder of segments that is of another store, or damaged
    ├─ InvalidSnapshot              states that cannot be kept as a snapshot, or no place for one
    ├─ MissingExtra                 an optional package that this needs is not installed
    ├─ WorkerLost                   a process that worked for this ended before it was done
    ├─ FoldFailed                   a handler raised while an event was folded
    └─ Cancelled                    what was asked for was cancelled before it was done

A class's docstring is its default sentence; facts given by keyword become attributes and are shown as (Key: value).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class WhenceError(Exception):
    """Whence could not do this."""

    def __init__(self, fact: str = "", /, *, remedy: str = "", **facts: Any) -> None:
        super().__init__(fact)
        self.fact = fact or (type(self).__doc__ or "").strip().splitlines()[0]
        self.remedy = remedy
        self.facts = facts
        for name, value in facts.items():
            setattr(self, name, value)

    def __str__(self) -> str:
        shown = ", ".join(_fact(name, value) for name, value in self.facts.items())
        sentence = self.fact.rstrip(".") + (f" ({shown})" if shown else "") + "."
        return f"{sentence} {self.remedy}" if self.remedy else sentence

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.fact, self.remedy, self.facts)


NAMED_MAX = 40
"""So many names are listed."""


def near(name: str, known: Iterable[str], most: int = 1, otherwise: str = "", listed: str = "There are:") -> str:
    """The remedy for a name that is not known: the names that are like it, so many at most; where none is, `otherwise`,
    by default all that there are, behind the words of `listed`."""
    from difflib import get_close_matches  # here, since most names are known

    names = list(known)
    by_lower = {each.lower(): each for each in names}
    if found := [by_lower[each] for each in get_close_matches(name.lower(), by_lower, most)]:
        return f"Did you mean {' or '.join(found)}?"
    more = " …" if len(names) > NAMED_MAX else ""
    return otherwise or f"{listed} {', '.join(names[:NAMED_MAX]) or 'none'}{more}."


def _fact(name: str, value: Any) -> str:
    """A fact as it is shown: `In use: x`, and `Waited: 10 s` for one that is named with its unit, waited_s."""
    plain = name.removesuffix("_s")
    return f"{plain.replace('_', ' ').capitalize()}: {value}" + (" s" if plain != name else "")


def _rebuild(kind: type[WhenceError], fact: str, remedy: str, facts: dict[str, Any]) -> WhenceError:
    return kind(fact, remedy=remedy, **facts)


class InvalidInput(WhenceError, ValueError):
    """This value cannot be accepted."""


class InvalidEvent(InvalidInput):
    """This event breaks the grammar of events."""


class InvalidQuery(InvalidInput):
    """This query cannot mean anything."""


class InvalidTime(InvalidInput):
    """This time cannot be read."""


class InexactAmount(InvalidInput):
    """A fraction of the smallest unit."""


class InvalidModel(InvalidInput):
    """This model cannot be used."""


class InvalidConfig(InvalidInput):
    """The configuration cannot be used."""


class InvalidFile(InvalidInput):
    """This file cannot be read as what it should be."""


class Conflict(WhenceError):
    """Something else came first."""


class ConditionFailed(Conflict):
    """Another decision came first."""


class Refused(WhenceError):
    """The rules do not allow this."""


class IdConflict(WhenceError):
    """An event id is already in use for something else."""


class NotKnown(WhenceError):
    """Nothing of this was recorded."""


class StoreError(WhenceError):
    """The store could not do this."""


class NoSuchStore(StoreError):
    """There is no store here."""


class NotAStore(StoreError):
    """This is not a Whence store."""


class UnknownFormat(StoreError):
    """This store was written in a format that this version does not know."""


class StoreBusy(StoreError):
    """Another writer holds the store."""


class StoreClosed(StoreError):
    """The store is closed."""


class CorruptStore(StoreError):
    """What is stored breaks a promise."""


class CannotWrite(StoreError):
    """The store cannot be written."""


class OutcomeUnknown(StoreError):
    """The commit failed, and the events may or may not be stored."""


class InvalidSegments(WhenceError):
    """This folder of segments cannot be used."""


class InvalidSnapshot(WhenceError):
    """These states cannot be kept as a snapshot."""


class MissingExtra(WhenceError):
    """An optional package is not installed."""


class WorkerLost(WhenceError):
    """A process that worked for this ended before it was done."""


class FoldFailed(WhenceError):
    """A handler failed while folding an event."""


class Cancelled(WhenceError):
    """It was cancelled, and nothing of it is left behind."""

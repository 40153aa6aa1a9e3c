"""Who is who: the names that are of one customer, because events join them, directly or through others. Names that are
joined with none stand for themselves. In whence.toml:

    [pack.journeys]
    kinds = ["customer", "lead", "visitor"]   # the tags that name customers; the first is what one is called by
    joined_by = ["FormSent"]                  # event types that join the names they are tagged with

Tags of other kinds, say `campaign:spring`, are no names. Without `kinds` a customer is called by the main kind of the
store, and all tags of an event that joins are names: where some are not, say `kinds`, or all who share a campaign are
one customer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from whence.clock import SystemClock, to_datetime
from whence.contents import main_kind
from whence.errors import InvalidQuery, Refused
from whence.events import Recorded
from whence.grammar import id_to_raw, split_tag
from whence.history import History, by_time
from whence.packs.journeys.events import Identified, Separated
from whence.packs.journeys.state import Identity, Naming, naming_of
from whence.query import Query

if TYPE_CHECKING:
    from whence.app import Whence

IDENTIFIED, SEPARATED = Identified.event_type, Separated.event_type

Pair = tuple[str, str]


def pairs_in(history: History, joined_by: Sequence[str] = (), kinds: Sequence[str] = ()) -> list[Pair]:
    """The pairs of names that are joined at the end of a history, in the order in which it happened.

    `joined_by` are event types that join all names they are tagged with, whatever else they mean: a form that is sent
    by `visitor:abc` and makes `lead:42`. `kinds` say which of their tags are names; without them all are. Being
    separated undoes what came before, whichever way the two were joined.
    """
    if unknown := {IDENTIFIED, SEPARATED} & set(joined_by):
        raise InvalidQuery("These events say who is who already", types=", ".join(sorted(unknown)))
    found = history.events(Query.of(types=[IDENTIFIED, SEPARATED, *joined_by]))
    return list(_pairs(sorted(found, key=by_time), kinds))


def _pairs(events: Iterable[Recorded], kinds: Sequence[str]) -> dict[Pair, None]:
    """What the events come to, one after the other: the keys are the pairs, in the order in which they were joined."""
    pairs: dict[Pair, None] = {}
    for event in events:
        if event.type == IDENTIFIED:
            pairs[_pair(event.data["name"], event.data["same_as"])] = None
        elif event.type == SEPARATED:
            pairs.pop(_pair(event.data["name"], event.data["other"]), None)
        else:
            names = [tag for tag in event.tags if not kinds or split_tag(tag)[0] in kinds]
            pairs.update(dict.fromkeys(_pair(names[0], other) for other in names[1:]))
    return pairs


def _pair(one: str, other: str) -> Pair:
    return (one, other) if one < other else (other, one)


class People:
    """The names of each customer. `kinds` are the kinds of names, the one by which a customer is called first."""

    def __init__(self, pairs: Iterable[Pair], kinds: Sequence[str]) -> None:
        self.kinds = tuple(kinds)
        self._together: dict[str, list[str]] = {}
        for pair in pairs:
            if all(split_tag(name)[0] in self.kinds for name in pair):
                self._join(*pair)

    @classmethod
    def of(cls, history: History, naming: Naming, main: str) -> People:
        """Who is who at the end of a history. Without kinds they are the main one (see main_of), then those that are
        joined with others, by their names."""
        pairs = pairs_in(history, naming.joined_by, naming.kinds)
        return cls(pairs, naming.kinds or kinds_of(pairs, main))

    def _join(self, one: str, other: str) -> None:
        """All who are together share one list; of two such lists the shorter one goes into the longer."""
        few, many = sorted((self._together.setdefault(name, [name]) for name in (one, other)), key=len)
        if few is not many:
            many += few
            self._together.update(dict.fromkeys(few, many))

    def names_of(self, name: str) -> list[str]:
        """All names of the customer who has this one, the one that the customer is called by first."""
        if name not in self._together:
            return [name]
        return sorted(self._together[name], key=lambda each: (self.kinds.index(split_tag(each)[0]), each))

    def groups(self) -> Iterator[list[str]]:
        """The names of each customer who has several."""
        for names in {id(names): names for names in self._together.values()}.values():
            yield self.names_of(names[0])


def main_of(history: History, naming: Naming, models: Collection[str]) -> str:
    """The kind that a customer is called by: the first that is said, else the one that the events of a history are
    mostly about, those of `models` before others (see contents.main_kind). Where that is who is who, which is no kind
    of customers, it is one of the kinds whose names are joined."""
    if naming.kinds:
        return naming.kinds[0]
    found = main_kind(history.events(), models)
    if found != Identity.kind:
        return found
    _, *joined = kinds_of(pairs_in(history, naming.joined_by), found)  # nobody is called identity:…
    return main_kind(history.events(), [*models, *joined])


def kinds_of(pairs: Iterable[Pair], main: str) -> list[str]:
    """The main kind, then those of the names that are joined."""
    others = {split_tag(name)[0] for pair in pairs for name in pair}
    return [main, *sorted(others - {main})]


def refuse_to_separate(db: Whence, one: str, other: str, key: str | None, time_us: int | None = None) -> None:
    """Raises Refused for two names that no event joined just with each other, or only after this time, by default now,
    unless it was done under this key. It looks at all events, of which the decision sees those of the names alone, so
    that the command asks it first."""
    if key is not None and db.store.positions_of([id_to_raw(key)]):
        return
    naming = naming_of(db)
    pairs = pairs_in(db.history(), naming.joined_by, naming.kinds)
    if _pair(one, other) in pairs:
        when = to_datetime(SystemClock().now_us() if time_us is None else time_us)
        if _pair(one, other) not in pairs_in(db.history(when), naming.joined_by, naming.kinds):
            remedy = "Name a time after they were joined: what happened earlier does not undo it."
            raise Refused("These two were joined only later", name=one, other=other, remedy=remedy)
        return
    told = []
    for name in (one, other):
        partners = sorted({each for pair in pairs if name in pair for each in pair if each != name})
        told.append(f"{name} is joined with {' and '.join(partners) or 'nobody'}")
    remedy = f"Separate two that one event joined: {'; '.join(told)}."
    raise Refused("These two were not joined", name=one, other=other, remedy=remedy)

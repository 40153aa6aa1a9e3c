"""Who is who: the names that are of one customer, because events join them, directly or through others. A name that is
joined with none stands for itself. With the kinds customer, lead and visitor, joined by FormSent:

    event             names                    the pair that it joins
    FormSent          visitor:abc, lead:42     lead:42, visitor:abc
    Identified        lead:42, customer:7      customer:7, lead:42

So one customer has all three names, and is called customer:7.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from whence.contents import main_kind
from whence.errors import InvalidQuery
from whence.events import Recorded
from whence.grammar import split_tag
from whence.groups import Groups
from whence.history import History, by_time
from whence.packs.journeys.events import Identified, Separated
from whence.packs.journeys.naming import Naming
from whence.packs.journeys.state import Identity
from whence.query import Query

IDENTIFIED, SEPARATED = Identified.event_type, Separated.event_type

Pair = tuple[str, str]


def pairs_in(history: History, joined_by: Sequence[str] = (), kinds: Sequence[str] = ()) -> list[Pair]:
    """The pairs of names that are joined at the end of a history, in the order in which it happened; `joined_by` and
    `kinds` are as in Naming. Being separated undoes what came before, whichever way the two were joined. Raises
    InvalidQuery where joined_by has an event that says who is who already.
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
            pairs[pair_of(event.data["name"], event.data["same_as"])] = None
        elif event.type == SEPARATED:
            pairs.pop(pair_of(event.data["name"], event.data["other"]), None)
        else:
            names = [tag for tag in event.tags if not kinds or split_tag(tag)[0] in kinds]
            # Of three names the first with each of the others: so all are together, and one can be taken out again.
            pairs.update(dict.fromkeys(pair_of(names[0], other) for other in names[1:]))
    return pairs


def pair_of(one: str, other: str) -> Pair:
    """The two in the order in which a pair has them."""
    return (one, other) if one < other else (other, one)


class People:
    """The names of each customer, of these kinds alone, the one by which a customer is called first."""

    def __init__(self, pairs: Iterable[Pair], kinds: Sequence[str]) -> None:
        self.kinds = tuple(kinds)
        self._groups = Groups[str]()
        for pair in pairs:
            if all(split_tag(name)[0] in self.kinds for name in pair):
                self._groups.join(*pair)

    @classmethod
    def of(cls, history: History, naming: Naming, main: str) -> People:
        """Who is who at the end of a history. Where Naming has no kinds, they are the main one (see main_of), then
        those whose names are joined."""
        pairs = pairs_in(history, naming.joined_by, naming.kinds)
        return cls(pairs, naming.kinds or kinds_of(pairs, main))

    def names_of(self, name: str) -> list[str]:
        """All names of the customer who has this one, the one that the customer is called by first."""
        names = self._groups.of(name)
        if len(names) == 1:
            return [name]
        return sorted(names, key=lambda each: (self.kinds.index(split_tag(each)[0]), each))

    def groups(self) -> Iterator[list[str]]:
        """The names of each customer who has several."""
        for names in self._groups:
            yield self.names_of(names[0])


def main_of(history: History, naming: Naming, models: Collection[str]) -> str:
    """The kind that a customer is called by: the first of Naming, else the one that the events of a history are mostly
    about, those of `models` before others (see contents.main_kind)."""
    if naming.kinds:
        return naming.kinds[0]
    found = main_kind(history.events(), models)
    if found != Identity.kind:
        return found
    # That is no kind of customers: it is one of those whose names are joined.
    _, *joined = kinds_of(pairs_in(history, naming.joined_by), found)
    return main_kind(history.events(), [*models, *joined])


def kinds_of(pairs: Iterable[Pair], main: str) -> list[str]:
    """The main kind, then those of the names that are joined."""
    others = {split_tag(name)[0] for pair in pairs for name in pair}
    return [main, *sorted(others - {main})]

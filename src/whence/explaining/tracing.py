"""A fold looked at from within: which fields of the state each event's handler read and wrote, changes inside lists,
dicts and nested values included. The handlers are the very same; the state is of subclasses that take note.

What follows from that for one value (a dynamic slice: Korel and Laski, 1988) is left to slicing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from whence.events import Recorded
from whence.explaining.noting import copied, noting_class
from whence.explaining.writes import Ledger
from whence.model import Model
from whence.parts import SHAPE, is_atom, parts_of, plain_class, plain_get, put, values_at

Slot = int | None
"""A container whose contents are looked at as one, by a number; None for a value of its own."""

Source = tuple[str, int, Slot]
"""What was read: the field it belongs to, the index of the event that wrote it last, and the slot."""

WHOLE = "value"
"""The field that a state without parts is shown as."""


class Touched(msgspec.Struct, gc=False):
    """What the handler of one event did to the state."""

    reads: set[Source] = set()
    writes: set[str] = set()
    chains: dict[int, int] = {}
    """The containers that were changed, each with the event that changed it before."""
    wholes: tuple[tuple[str, int, int], ...] = ()
    """The large containers that were read whole: the field, the number of the ledger, and the place in it."""


FIRST = -1
"""The index of what wrote the state before any event."""
HOLDER = 0
"""The slot of a source that is a container on the way to what was read, the contents being sources of their own."""


MANY = 50
"""A container with more parts than this keeps a ledger once it is read whole."""


class _Known:
    """What is known of an object within the state: the fields it belongs to and who wrote its parts last."""

    __slots__ = ("holders", "ledger", "object", "roots", "writers")

    def __init__(self, object: Any, roots: tuple[str, ...] | None) -> None:
        self.object = object  # held, so that its id stays its own
        self.roots = roots  # None for the state itself, whose parts are the fields
        self.writers: dict[Any, int] = {}
        self.holders: set[Any] = set()  # the keys under which there is an object that is known itself
        self.ledger: int | None = None


class Trace:
    """A fold over events with what each of them touched. `state` is the last state, which keeps taking note."""

    def __init__(self, model: Model, *, wary: bool = False) -> None:
        """A trace that is `wary` takes whatever a handler got hold of for read and changed, if it can be changed:
        what C functions do to a container is not seen."""
        self.touched: list[Touched] = []
        self.ledgers: list[Ledger] = []
        self._model = model
        self._known: dict[int, _Known] = {}
        self._classes: dict[type, type | None] = {}
        self._event = -1
        self._now = Touched()
        self._taken: list[tuple[Any, Any]] = []
        self._handed_out: list[tuple[Any, Mapping[Any, Any]]] = []
        self._is_wary = wary
        self.is_copying = False
        self._whole = FIRST  # who wrote a state that has no parts last
        self.state = self._root(model.initial())

    @classmethod
    def of(cls, model: Model, events: Iterable[Recorded], *, wary: bool = False) -> Trace:
        """The trace of a fold. Raises FoldFailed."""
        trace = cls(model, wary=wary)
        for event in events:
            trace.follow(event)
        return trace

    def follow(self, event: Recorded) -> None:
        """Apply the next event. Raises FoldFailed."""
        self._event += 1
        self._now = now = Touched()
        before = self.state
        if id(before) not in self._known and self._model.step(event.type) is not None:
            self._read_whole()
        after = self._model.apply(before, event)
        if after is not before:
            self._replace(before, after)
        if self._handed_out:
            self._take_back()
        if self._taken:
            self._settle()
        self.touched.append(now)

    def reading(self, look: Callable[[Any], object]) -> Touched:
        """What is read where somebody looks at the state as it is now."""
        self._event += 1
        self._now = Touched()
        if id(self.state) not in self._known:
            self._read_whole()
        look(self.state)
        return self._now

    # What the traced objects say.

    def read(self, thing: Any, key: Any) -> None:
        if (known := self._known.get(id(thing))) is None and (known := self._copied_from(thing, key)) is None:
            return  # made just now, of parts that were read
        writer = known.writers.get(key, FIRST)
        if writer != self._event:
            slot = HOLDER if key in known.holders else None
            if known.roots is None:
                self._now.reads.add((key, writer, slot))
            else:
                self._now.reads.update([(root, writer, slot) for root in known.roots])
        if self._is_wary:
            self._suspect(thing, key)

    def _copied_from(self, thing: Any, key: Any) -> _Known | None:
        """The state, when what is read is a part that was taken over from it into one on its way to be the next."""
        state = self.state
        if type(thing) is type(state) and plain_get(thing, key, self) is plain_get(state, key, None):
            return self._known.get(id(state))
        return None

    def read_shape(self, thing: Any) -> None:
        slot = id(thing)
        if (known := self._known.get(slot)) is None:
            return
        writer = known.writers.get(SHAPE, FIRST)
        if writer == self._event:
            writer = self._now.chains[slot]
        for root in known.roots or ("",):
            self._now.reads.add((root, writer, slot))

    def read_all(self, thing: Any) -> None:
        if (known := self._known.get(id(thing))) is None:
            return
        self.read_shape(thing)
        if known.roots is None or len(known.writers) <= MANY:
            for key in known.writers:
                if key is not SHAPE:
                    self.read(thing, key)
            return
        if known.ledger is None:
            known.ledger = len(self.ledgers)
            writers = {key: writer for key, writer in known.writers.items() if key is not SHAPE}
            self.ledgers.append(Ledger(writers, known.holders))
        place = len(self.ledgers[known.ledger])
        self._now.wholes += tuple((root, known.ledger, place) for root in known.roots)

    def write(self, thing: Any, key: Any) -> None:
        if (known := self._known.get(id(thing))) is None:
            return
        known.writers[key] = self._event
        known.holders.discard(key)
        if known.ledger is not None:
            self.ledgers[known.ledger].add(key, self._event)
        if known.roots is None:
            self._now.writes.add(key)
        else:
            self._now.writes.update(known.roots)

    def hand_out(self, thing: Any) -> None:
        if id(thing) in self._known:
            self.read_all(thing)
            self._handed_out.append((thing, parts_of(thing)))

    def take_in(self, thing: Any, key: Any) -> None:
        if id(thing) in self._known:
            self._taken.append((thing, key))

    def write_shape(self, thing: Any) -> None:
        slot = id(thing)
        if (known := self._known.get(slot)) is None:
            return
        writer = known.writers.get(SHAPE, FIRST)
        if writer != self._event:
            self._now.chains[slot] = writer
            known.writers[SHAPE] = self._event
        if known.roots is not None:
            self._now.writes.update(known.roots)

    def write_all(self, thing: Any) -> None:
        """Anything in here may be another now."""
        self.write_shape(thing)
        for key in parts_of(thing):
            self.write(thing, key)
        self.take_in(thing, SHAPE)

    def _suspect(self, thing: Any, key: Any) -> None:
        """Take what stands there for read and changed, with all that is in it."""
        for _, part in values_at(thing, key):
            known = self._known.get(id(part))
            if is_atom(part):
                continue
            if known is None:
                self.write(thing, key)
            elif SHAPE not in known.writers or known.writers[SHAPE] != self._event:
                self.read_all(part)
                self.write_all(part)
                for inner in parts_of(part):
                    self._suspect(part, inner)

    def moved(self, thing: Any, has_more: bool) -> None:
        if has_more or any(thing is other for other, _ in self._taken):
            self.take_in(thing, SHAPE)

    # Between two events.

    def _take_back(self) -> None:
        """What was put into a `__dict__` that a handler got hold of was written."""
        handed_out, self._handed_out = self._handed_out, []
        for thing, before in handed_out:
            after = parts_of(thing)
            for key in before.keys() | after.keys():
                if key not in before or key not in after or before[key] is not after[key]:
                    self.write(thing, key)
                    self.take_in(thing, key)

    def _settle(self) -> None:
        """Make what was put into the state take note from now on."""
        memo: dict[int, Any] = {}
        while self._taken:
            taken, self._taken = self._taken, []
            for thing, key in taken:
                known = self._known[id(thing)]
                for place, value in values_at(thing, key):
                    if not is_atom(value):
                        roots = known.roots or (place,)
                        adopted = self._adopted(value, roots, memo)
                        if adopted is not value:
                            put(thing, place, adopted)
                        if id(adopted) in self._known:
                            known.holders.add(place)
                            if known.ledger is not None:
                                self.ledgers[known.ledger].hold(place)

    def _adopted(self, value: Any, roots: tuple[str, ...] | None, memo: dict[int, Any]) -> Any:
        """A value as one that takes note, all the way down; as it is when it cannot change or cannot be taken."""
        if is_atom(value):
            return value
        if (known := self._known.get(id(value))) is not None and known.object is value:
            self._belongs(known, roots)
            return value
        if id(value) in memo:
            adopted = memo[id(value)]
            if (known := self._known.get(id(adopted))) is not None:
                self._belongs(known, roots)
            return adopted
        if type(value) is tuple:
            parts = tuple(self._adopted(part, roots, memo) for part in value)
            changed = any(one is not other for one, other in zip(parts, value, strict=True))
            return parts if changed else value
        made = self._made(value)
        if made is None:
            return value
        memo[id(value)] = made
        known = self._known[id(made)] = _Known(made, roots)
        for key, part in parts_of(made).items():
            inner = self._adopted(part, roots if roots is not None else (key,), memo)
            if inner is not part:
                put(made, key, inner)
            if id(inner) in self._known:
                known.holders.add(key)
            if self._event >= 0:
                known.writers[key] = self._event
        if self._event >= 0:
            known.writers[SHAPE] = self._event
            self._now.chains[id(made)] = FIRST
        return made

    def _belongs(self, known: _Known, roots: tuple[str, ...] | None) -> None:
        """An object that stands in the state already now belongs to these fields too, with all that is in it."""
        if known.roots is None or roots is None or set(roots) <= set(known.roots):
            return
        known.roots = tuple(dict.fromkeys((*known.roots, *roots)))
        for part in parts_of(known.object).values():
            if (inner := self._known.get(id(part))) is not None and inner.object is part:
                self._belongs(inner, roots)

    def _root(self, state: Any) -> Any:
        """A state that takes note; one without parts as it is."""
        return state if type(state) is tuple else self._adopted(state, None, {})

    def _read_whole(self) -> None:
        self._now.reads.add((WHOLE, self._whole, None))

    def _replace(self, before: Any, after: Any) -> None:
        """A function gave another state back: what is not the very same value in it was written."""
        earlier = self._known.pop(id(before), None)
        mine = parts_of(before) if earlier is not None else {}
        self.state = after = self._root(after)
        if (known := self._known.get(id(after))) is None:
            self._whole = self._event
            self._now.writes.add(WHOLE)
            return
        for key, part in parts_of(after).items():
            if earlier is not None and key in mine and mine[key] is part:
                if (writer := earlier.writers.get(key)) is None:
                    known.writers.pop(key, None)
                else:
                    known.writers[key] = writer
            else:
                known.writers[key] = self._event
                self._now.writes.add(key)
        for key in mine.keys() - parts_of(after).keys():
            known.writers[key] = self._event
            self._now.writes.add(key)
        known.writers.pop(SHAPE, None)
        known.holders = {key for key, part in parts_of(after).items() if id(part) in self._known}

    def _made(self, value: Any) -> Any:
        """A copy of a subclass that takes note; None when there can be none."""
        cls = plain_class(type(value))
        if cls is not type(value):  # the copy of one that takes note
            return value
        if cls not in self._classes:
            self._classes[cls] = noting_class(self, cls)
        noting = self._classes[cls]
        if noting is None:
            return None
        self.is_copying = True
        try:
            return copied(value, cls, noting)
        except Exception:  # a class that refuses to be copied or extended: its values are taken as they are
            self._classes[cls] = None
            return None
        finally:
            self.is_copying = False

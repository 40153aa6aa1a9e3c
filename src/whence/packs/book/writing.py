"""The book: each movement appended under the condition that nothing came between that it depends on. What that is, is
said in condition; how states are kept is left to whence.current."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import cache
from typing import Any, Concatenate, ParamSpec

import msgspec

from whence import jsonvalue
from whence.app import Whence
from whence.clock import SystemClock, to_us
from whence.current import Made, States
from whence.decide import Decided, retried
from whence.errors import IdConflict, Refused
from whence.grammar import raw_to_id
from whence.money import money
from whence.pack import appended
from whence.packs.book.condition import depends_on
from whence.packs.book.periods import BOOK, Periods, dated
from whence.packs.holds import verbs as holding
from whence.packs.ledger.events import CODEC, Movement, Posted, Released
from whence.packs.ledger.state import Account, Charge, Hold, Transaction
from whence.packs.movements import laws
from whence.packs.movements import verbs as moving
from whence.packs.movements.known import Known
from whence.query import AppendCondition, Basis, Query

P = ParamSpec("P")


@cache
def _defaults(decide: Callable[..., Movement]) -> dict[str, Any]:
    """What a decision is told, in order, with None where it has to be said; cached, since to ask costs more."""
    _known, _id, *told = inspect.signature(decide).parameters.values()
    return {
        each.name: None if each.default is each.empty else each.default
        for each in told
        if each.kind is not each.VAR_KEYWORD
    }


def _request(decide: Callable[..., Movement], told: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked for, so that another request under the same key is known; amounts as they are shown."""
    defaults = _defaults(decide)
    said = {**defaults, **dict(zip(defaults, told, strict=False)), **named}
    said = {name: value for name, value in said.items() if value is not None}
    said |= {name: str(money(said[name])) for name in ("amount", "fee") if name in said}
    return {"verb": decide.__name__, **msgspec.to_builtins(said)}


def _verb(decide: Callable[Concatenate[Known, str, P], Movement]) -> Callable[Concatenate[Book, P], Decided]:
    """A decision as a method of the book."""

    def verb(book: Book, /, *told: P.args, **named: P.kwargs) -> Decided:
        return book._take(decide, told, named)

    verb.__name__, verb.__doc__ = decide.__name__, decide.__doc__
    return verb


class Book:
    """The ledger of a store, to be written to; safe for threads, and any number of processes may write beside it.

    Each verb is told what the function of its name in the packs movements and holds is, and `by`, `time` and `key` as
    its How says. It raises Refused for what the laws do not allow, IdConflict for something else under a key that is in
    use, and ConditionFailed where others came first too often.
    """

    post = _verb(moving.post)
    enter = _verb(moving.enter)
    transfer = _verb(moving.transfer)
    charge = _verb(moving.charge)
    refund = _verb(moving.refund)
    hold = _verb(holding.hold)
    capture = _verb(holding.capture)
    release = _verb(holding.release)
    reverse = _verb(moving.reverse)

    def __init__(self, db: Whence) -> None:
        self._store = db.store
        self.lock = threading.Lock()
        self.states = States(db.store, (Account, Charge, Hold, Transaction, Periods))  # under the lock
        self.policy = str(db.config.packs.get("ledger", {}).get("closed", "refuse"))

    def state(self, entity: str) -> Any:
        """The state of an account, charge, hold, transaction or of the book as of now."""
        with self.lock:
            self.states.catch_up()
            return self.states.copy_of(entity)

    # What extends the book decides under its lock on its states, and appends so, too.

    def append_decided(self, made: Sequence[Made], guard: Query, head: int) -> Sequence[int]:
        """Append what was decided on what was known up to a position, on condition that none of `guard` came since."""
        events = [event for _, event in made]
        positions = self._store.append(events, AppendCondition(guard, head), basis=Basis(guard, head))
        with self.lock:
            self.states.take(made, positions)
        return positions

    def _allow(self, movement: Movement, noted: Iterable[str]) -> Query:
        """What must not have happened meanwhile. Raises Refused for what the laws do not allow."""
        moved: laws.Moved = {}
        names = movement.accounts if isinstance(movement, Posted) else [movement.account]
        accounts = self.states.of_kind("account", names)
        if not isinstance(movement, Released):
            laws.allow(movement, accounts, moved)
        return depends_on(noted, accounts, laws.limited(moved, accounts))

    def _take(self, decide: Callable[..., Movement], told: Sequence[Any], named: dict[str, Any]) -> Decided:
        """Decide and append, as often as others come first."""
        by, time, key = named.pop("by", None), named.pop("time", None), named.pop("key", None)
        if unknown := named.keys() - _defaults(decide).keys():
            raise TypeError(f"{decide.__name__} is not told {', '.join(sorted(unknown))}")
        asked = None if key is None else _request(decide, told, named)
        meta = None if asked is None else {"request": asked}
        id = raw_to_id(SystemClock().new_id()) if key is None else key
        time_us = None if time is None else to_us(time)

        # The states are read under the lock, so that all are as of one position, the head. The verb decides on them,
        # the laws allow it, and it is appended on condition that nothing it depends on came after the head. At first
        # nobody looks into the store for what others did: where that matters the condition fails, and `retried` calls
        # again.
        #
        # A refusal may come of that too, or of this very request having been recorded under its key before: so that is
        # looked up, and else it is decided anew, on all that there is. What is refused then is refused.
        def act(attempt: int, is_anew: bool = False) -> Decided:
            is_anew = is_anew or attempt > 1
            try:
                with self.lock:
                    self.states.catch_up(if_behind=not is_anew)
                    known, head = Known(self.states.of), self.states.head
                    movement = decide(known, id, *told, **named)
                    us, movement = dated(movement, time_us, self.states.of(BOOK), self.policy)
                    guard = self._allow(movement, known.noted)
                event = CODEC.event(movement, id=id, time=us, actor=by, meta=meta)
                positions = self.append_decided([(movement, event)], guard, head)
            except (Refused, IdConflict):
                if asked is not None:
                    before = appended(self._store, id, jsonvalue.decode(jsonvalue.encode(asked)))
                    if before is not None:
                        return before
                if is_anew:
                    raise
            else:  # what was there already, the very same, took no attempt
                return Decided(positions, [event], attempt if positions[0] > head else 0)
            return act(attempt, is_anew=True)

        return retried(act)


def expire(db: Whence, *, on: date, by: str | None = None) -> list[Decided]:
    """Release every open hold that was meant until a day before this one. One that somebody captures or releases
    meanwhile is left to them."""
    book, done = Book(db), []
    for id, hold in db.asked().states(Hold).items():
        if hold.status == "open" and hold.until is not None and date.fromisoformat(hold.until) < on:
            with suppress(Refused):
                done.append(book.release(id, reason=f"held until {hold.until}", by=by))
    return done

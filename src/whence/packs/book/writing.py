"""The book: each movement appended under the condition that nothing came between that it depends on.

What it depends on is exact: an account without a limit is hindered by nobody who moves money too, so that a thousand
may pay into it at once, but by who closes or limits it; of an account with a limit, and of a charge, a hold or a
transaction that is looked at, every event counts; and so does each period that is closed. What is known is left to
whence.current."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import cache, lru_cache
from typing import Any, Concatenate, ParamSpec, TypeVar

import msgspec

from whence import jsonvalue
from whence.app import Whence
from whence.clock import SystemClock, to_iso, to_us
from whence.current import Made, States
from whence.decide import Decided, retried
from whence.errors import IdConflict, Refused
from whence.grammar import raw_to_id
from whence.money import money
from whence.pack import appended
from whence.packs.book.periods import BOOK, Periods
from whence.packs.holds import verbs as holding
from whence.packs.ledger.events import ABOUT_ACCOUNTS, CODEC, Movement, Posted, Released
from whence.packs.ledger.state import Account, Charge, Hold, Transaction
from whence.packs.movements import laws
from whence.packs.movements import verbs as moving
from whence.packs.movements.known import Known
from whence.query import AppendCondition, Basis, Query, QueryItem

APART_MAX = 32
"""So many accounts without a limit have a condition each; more share one: that no account is closed or limited."""
QUERIES_MAX = 200_000
"""So many items of queries are kept."""

P = ParamSpec("P")
M = TypeVar("M", bound=Movement)


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
        self._lock = threading.Lock()
        self._states = States(db.store, (Account, Charge, Hold, Transaction, Periods))  # under the lock
        self._policy = str(db.config.packs.get("ledger", {}).get("closed", "refuse"))

    def state(self, entity: str) -> Any:
        """The state of an account, charge, hold, transaction or of the book as of now."""
        with self._lock:
            self._states.catch_up()
            return self._states.copy_of(entity)

    # How it is appended; what extends the book appends so, too.

    def _take(self, decide: Callable[..., Movement], told: Sequence[Any], named: dict[str, Any]) -> Decided:
        """Decide and append: first on what is known, without a look at the store, for the condition fails where that is
        not all there is; where it does, or a law refuses, anew on all that others did meanwhile."""
        by, time, key = named.pop("by", None), named.pop("time", None), named.pop("key", None)
        if unknown := named.keys() - _defaults(decide).keys():
            raise TypeError(f"{decide.__name__} is not told {', '.join(sorted(unknown))}")
        asked = None if key is None else _request(decide, told, named)
        meta = None if asked is None else {"request": asked}
        id = raw_to_id(SystemClock().new_id()) if key is None else key
        time_us = None if time is None else to_us(time)

        def act(attempt: int, is_anew: bool = False) -> Decided:
            is_anew = is_anew or attempt > 1
            try:
                with self._lock:
                    self._states.catch_up(if_behind=not is_anew)
                    known, head = Known(self._states.of), self._states.head
                    us, made = self._dated(decide(known, id, *told, **named), time_us)
                    guard = self._allow(made, known.noted)
                event = CODEC.event(made, id=id, time=us, actor=by, meta=meta)
                positions = self._append([(made, event)], guard, head)
            except (Refused, IdConflict):  # what was done under this key may be why, or by others since
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

    def _append(self, made: Sequence[Made], guard: Query, head: int) -> Sequence[int]:
        """Append what was decided on what was known up to a position."""
        events = [event for _, event in made]
        positions = self._store.append(events, AppendCondition(guard, head), basis=Basis(guard, head))
        with self._lock:
            self._states.take(made, positions)
        return positions

    def _allow(self, made: Movement, noted: Iterable[str]) -> Query:
        """What must not have happened meanwhile. Raises Refused for what the laws do not allow."""
        moved: laws.Moved = {}
        accounts = self._states.of_kind("account", made.accounts if isinstance(made, Posted) else [made.account])
        if not isinstance(made, Released):
            laws.allow(made, accounts, moved)
        return depends_on(noted, accounts, laws.limited(moved, accounts))

    def _dated(self, made: M, time_us: int | None) -> tuple[int | None, M]:
        """When it happens, and what: in a closed period it is refused, or dated into the open one, as configured."""
        periods: Periods = self._states.of(BOOK)
        if not periods.closed:
            return time_us, made
        us = SystemClock().now_us() if time_us is None else time_us
        if (period := periods.holding(us)) is None:
            return time_us, made
        if self._policy == "refuse":
            remedy = 'Date it later, or write closed = "redate" under [pack.ledger].'
            raise Refused("The period is closed", period=period.period, asked=to_iso(us), remedy=remedy)
        if isinstance(made, Posted):
            made = msgspec.structs.replace(made, dated=to_iso(us))
        return periods.open_after(us), made


def expire(db: Whence, *, on: date, by: str | None = None) -> list[Decided]:
    """Release every open hold that was meant until a day before this one. One that somebody captures or releases
    meanwhile is left to them."""
    book, done = Book(db), []
    for id, hold in db.asked().states(Hold).items():
        if hold.status == "open" and hold.until is not None and date.fromisoformat(hold.until) < on:
            with suppress(Refused):
                done.append(book.release(id, reason=f"held until {hold.until}", by=by))
    return done


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


def depends_on(entities: Iterable[str], accounts: Iterable[str], strict: Collection[str]) -> Query:
    """What a decision depends on: the closed periods, all events of its entities and of the accounts that have a limit,
    and of the other accounts whether they are open."""
    every, free = [BOOK, *entities], list[str]()
    for name in accounts:
        (every if name in strict else free).append(f"account:{name}")
    items = [_item((each,)) for each in every]
    if len(free) > APART_MAX:
        items.append(QueryItem(types=ABOUT_ACCOUNTS[1:]))
    else:
        items += [_item((each,), ABOUT_ACCOUNTS) for each in free]
    return Query(tuple(items))


@lru_cache(QUERIES_MAX)
def _item(tags: tuple[str, ...], types: tuple[str, ...] = ()) -> QueryItem:
    """An item of a query; kept, since it is checked when it is made, and the same come again."""
    return QueryItem(types, tags)

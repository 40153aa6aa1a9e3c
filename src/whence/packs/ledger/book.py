"""The book: every verb that moves money, appended under the condition that nothing came between that it depends on.

What it depends on is exact: an account without a limit is hindered by nobody, so that a thousand may pay into it at
once; of an account with a limit, a charge or a hold every event counts. States are kept and caught up by position, so
that an account with a long past costs no more than a new one. What each verb comes to is left to verbs, and what is
allowed to laws."""

from __future__ import annotations

import random
import threading
import time as sleeping
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import msgspec

from whence.app import Whence
from whence.clock import SystemClock, to_iso, to_us
from whence.decide import ATTEMPTS_MAX, PAUSE_MAX_S, Decided
from whence.errors import ConditionFailed, IdConflict, InvalidTime, Refused
from whence.events import Event, Recorded
from whence.grammar import id_to_raw, raw_to_id
from whence.model import Model
from whence.packs.ledger import laws, verbs
from whence.packs.ledger.events import (
    CODEC,
    MAIN,
    AccountClosed,
    AccountOpened,
    Held,
    LimitChanged,
    Posted,
    Posting,
    Released,
)
from whence.packs.ledger.money import Money, money
from whence.packs.ledger.state import Account, Charge, Hold, Periods, Transaction
from whence.query import AppendCondition, Basis, Query, QueryItem

MODELS = {each.kind: Model.of(each) for each in (Account, Charge, Hold, Transaction, Periods)}
HANDLERS = {
    each.kind: {event: handler for handler in vars(each).values() for event in getattr(handler, "__whence_on__", ())}
    for each in (Account, Charge, Hold, Transaction, Periods)
}
"""The handlers of each kind by the class of the event."""
BOOK = f"book:{MAIN}"
OPENING = (AccountOpened.event_type, AccountClosed.event_type, LimitChanged.event_type)
STATES_MAX, GAP_MAX = 200_000, 20_000
"""So many states are kept, and so many events that others appended are folded into them; beyond, it begins anew."""
APART_MAX = 32
"""So many entities are looked up one by one, and so many accounts without a limit have a condition each; more share
one, that no account at all is closed or limited."""

States = Mapping[str, Any]
Time = datetime | str | int | None
Make = Callable[[States, str], Sequence[msgspec.Struct]]


class Draft(NamedTuple):
    """A transaction that is to be posted, when it happened, and the accounts that it may open."""

    posted: Posted
    time_us: int | None = None
    opens: tuple[AccountOpened, ...] = ()
    meta: dict[str, Any] | None = None


class Outcome(NamedTuple):
    """What became of a draft: its position, or why it is refused."""

    position: int | None
    refused: Refused | None = None


class Book:
    """The ledger of a store, to be written to; safe for threads, and any number of processes may write beside it.

    `by` is who does it, `time` when it happened (now, unless it is said), and `key` makes a retry safe: it names the
    transaction, so that the same again changes nothing, and something else under it is an IdConflict. Every verb raises
    Refused for what the laws do not allow, and ConditionFailed where others came first too often.
    """

    def __init__(self, db: Whence) -> None:
        self._store = db.store
        self._lock = threading.Lock()
        self._kept: dict[str, Any] = {}  # the states, under the lock
        self._head = 0  # the position up to which all of them hold, under the lock
        self._is_behind = True  # whether more is known to have happened since, under the lock
        self._policy = str(db.config.packs.get("ledger", {}).get("closed", "refuse"))

    # The verbs.

    def post(
        self,
        category: str,
        postings: Iterable[Posting],
        *,
        text: str | None = None,
        by: str | None = None,
        time: Time = None,
        key: str | None = None,
    ) -> Decided:
        """A transaction as it is: debits positive, credits negative."""
        given = tuple(postings)
        asked: dict[str, Any] = {
            "verb": "post",
            "category": category,
            "postings": msgspec.to_builtins(given),
            "text": text,
        }
        return self._take(asked, (), lambda _, id: [Posted(id, category, given, text)], by, time, key)

    def enter(
        self,
        debit: str,
        credit: str,
        amount: Money | str,
        *,
        category: str = "adjustment",
        text: str | None = None,
        by: str | None = None,
        time: Time = None,
        key: str | None = None,
    ) -> Decided:
        """Debit one account and credit another: an adjustment, a credit, a fee, a deposit, as the category says."""
        sum_ = money(amount)
        verbs.positive(sum_)
        return self.post(category, verbs.entry(debit, credit, sum_), text=text, by=by, time=time, key=key)

    def charge(
        self,
        charge: str,
        amount: Money | str,
        *,
        debit: str,
        credit: str,
        fee: Money | str | None = None,
        fee_account: str = "expenses:fees",
        text: str | None = None,
        by: str | None = None,
        time: Time = None,
        key: str | None = None,
    ) -> Decided:
        """Charge somebody: what is debited (a receivable, or where the money arrives) is what is charged less the fee,
        and what is credited earned it. A charge is made once."""
        sum_, kept = money(amount), None if fee is None else money(fee)
        verbs.positive(sum_)
        asked: dict[str, Any] = {
            "verb": "charge",
            "charge": charge,
            "amount": str(sum_),
            "debit": debit,
            "credit": credit,
        }
        asked |= {"fee": None if kept is None else str(kept), "fee_account": fee_account, "text": text}

        def made(states: States, id: str) -> list[msgspec.Struct]:
            if states[f"charge:{charge}"].status != "none":
                raise Refused("It was charged before", charge=charge, remedy="Take another name for another charge.")
            postings = verbs.entry(debit, credit, sum_, kept, fee_account)
            return [Posted(id, "charge", postings, text, charge=charge, charged_minor=sum_.minor)]

        return self._take(asked, [f"charge:{charge}"], made, by, time, key)

    def refund(
        self,
        charge: str,
        amount: Money | str | None = None,
        *,
        text: str | None = None,
        by: str | None = None,
        time: Time = None,
        key: str | None = None,
    ) -> Decided:
        """Give back some of a charge, or all that is left of it; never more."""
        sum_ = None if amount is None else money(amount)
        asked: dict[str, Any] = {
            "verb": "refund",
            "charge": charge,
            "amount": None if sum_ is None else str(sum_),
            "text": text,
        }

        def made(states: States, id: str) -> list[msgspec.Struct]:
            return [verbs.refunded(states[f"charge:{charge}"], charge, id, sum_, text)]

        return self._take(asked, [f"charge:{charge}"], made, by, time, key)

    def transfer(
        self,
        source: str,
        target: str,
        amount: Money | str,
        *,
        category: str = "transfer",
        text: str | None = None,
        by: str | None = None,
        time: Time = None,
        key: str | None = None,
    ) -> Decided:
        """Move an amount between two accounts of one side: two wallets, or two banks."""
        sum_, named = money(amount), (f"account:{source}", f"account:{target}")
        asked: dict[str, Any] = {"verb": "transfer", "from": source, "to": target, "amount": str(sum_)}
        asked |= {"category": category, "text": text or ""}

        def made(states: States, id: str) -> list[msgspec.Struct]:
            one, other = (states[each] for each in named)
            return [Posted(id, category, verbs.moving(one, other, (source, target), sum_), text)]

        return self._take(asked, (), made, by, time, key, looked_at=named)

    def hold(
        self,
        hold: str,
        account: str,
        amount: Money | str,
        *,
        until: str | None = None,
        text: str | None = None,
        by: str | None = None,
        time: Time = None,
        key: str | None = None,
    ) -> Decided:
        """Set money of an account aside, to be captured or released, meant `until` a day: 2026-02-01."""
        sum_ = money(amount)
        verbs.positive(sum_)
        if until is not None:
            _day(until)
        asked: dict[str, Any] = {
            "verb": "hold",
            "hold": hold,
            "account": account,
            "amount": str(sum_),
            "until": until,
            "text": text,
        }

        def made(states: States, id: str) -> list[msgspec.Struct]:
            if states[f"hold:{hold}"].status != "none":
                raise Refused("There was such a hold", hold=hold, remedy="Take another name for another hold.")
            return [Held(hold, account, sum_.minor, sum_.currency, until, text)]

        return self._take(asked, [f"hold:{hold}"], made, by, time, key)

    def capture(
        self,
        hold: str,
        target: str,
        amount: Money | str | None = None,
        *,
        more: bool = False,
        text: str | None = None,
        by: str | None = None,
        time: Time = None,
        key: str | None = None,
    ) -> Decided:
        """Take what is held, or some of it, to another account. The rest is released, unless `more` is to follow."""
        sum_ = None if amount is None else money(amount)
        asked: dict[str, Any] = {
            "verb": "capture",
            "hold": hold,
            "to": target,
            "amount": None if sum_ is None else str(sum_),
        }
        asked |= {"more": str(more), "text": text}

        def made(states: States, id: str) -> list[msgspec.Struct]:
            state = states[f"hold:{hold}"]
            verbs.open_hold(state, hold)
            named = f"account:{state.account}"
            account = self._states([named], anew=False)[1][named]
            return [verbs.captured(state, account, hold, id, target, sum_, text, more)]

        return self._take(asked, [f"hold:{hold}"], made, by, time, key)

    def release(
        self,
        hold: str,
        amount: Money | str | None = None,
        *,
        reason: str = "not needed",
        by: str | None = None,
        time: Time = None,
        key: str | None = None,
    ) -> Decided:
        """Free what is held, or some of it."""
        sum_ = None if amount is None else money(amount)
        asked: dict[str, Any] = {
            "verb": "release",
            "hold": hold,
            "amount": None if sum_ is None else str(sum_),
            "reason": reason,
        }

        def made(states: States, id: str) -> list[msgspec.Struct]:
            return [verbs.released(states[f"hold:{hold}"], hold, sum_, reason)]

        return self._take(asked, [f"hold:{hold}"], made, by, time, key)

    def reverse(
        self,
        transaction: str,
        *,
        text: str | None = None,
        by: str | None = None,
        time: Time = None,
        key: str | None = None,
    ) -> Decided:
        """Undo a transaction by its counter-entry, which names it; once."""
        asked: dict[str, Any] = {"verb": "reverse", "transaction": transaction, "text": text}
        with self._lock:
            charge = self._states([f"transaction:{transaction}"])[1][f"transaction:{transaction}"].charge
        entities = [f"transaction:{transaction}", *([] if charge is None else [f"charge:{charge}"])]

        def made(states: States, id: str) -> list[msgspec.Struct]:
            left = None if charge is None else states[f"charge:{charge}"].left_minor
            return [verbs.reversed_(states[f"transaction:{transaction}"], transaction, id, text, left)]

        return self._take(asked, entities, made, by, time, key)

    def post_all(
        self, drafts: Sequence[Draft], *, by: str | None = None, correlation: str | None = None
    ) -> list[Outcome]:
        """Post many transactions in one append: what the laws do not allow is refused one by one, and the rest is
        posted. Their ids must be new. Raises ConditionFailed, and IdConflict when one is there by now."""
        for attempt in range(1, ATTEMPTS_MAX + 1):
            with self._lock:
                events, outcomes, condition, head = self._checked(drafts, by, correlation)
            if not events:
                return outcomes
            try:
                positions = self._store.append(events, condition, basis=Basis(condition.fail_if_events_match, head))
            except ConditionFailed:
                _pause(attempt)
                continue
            by_id = {event.id: position for event, position in zip(events, positions, strict=True)}
            return [
                each if each.refused else Outcome(by_id[draft.posted.transaction])
                for each, draft in zip(outcomes, drafts, strict=True)
            ]
        raise ConditionFailed(attempts=ATTEMPTS_MAX, remedy="Try again later.")

    def state(self, entity: str) -> Any:
        """The state of an account, charge, hold, transaction or of the book as of now."""
        with self._lock:
            return MODELS[entity.partition(":")[0]].copied(self._states([entity])[1][entity])

    # How it is appended.

    def _take(
        self,
        asked: dict[str, Any],
        entities: Sequence[str],
        make: Make,
        by: str | None,
        time: Time,
        key: str | None,
        looked_at: Sequence[str] = (),
    ) -> Decided:
        """Decide and append. The verb depends on all events of the entities; it may look at more, of which it depends
        only on what cannot change."""
        id = raw_to_id(SystemClock().new_id()) if key is None else key
        time_us = None if time is None else to_us(time)
        meta = None if key is None else {"request": asked}
        anew = False  # it is decided on what is known: the condition says whether that is all there is
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                with self._lock:
                    head, states = self._states([BOOK, *entities, *looked_at], anew=anew or self._is_behind)
                    made = make(states, id)
                    us, made = self._dated(made, time_us)
                    guard = self._guard(made, entities)
                events = [
                    CODEC.event(each, id=id if number == 0 else None, time=us, actor=by, meta=meta)
                    for number, each in enumerate(made)
                ]
                positions = self._store.append(events, AppendCondition(guard, head), basis=Basis(guard, head))
            except ConditionFailed:
                _pause(attempt)
                anew = True
            except (Refused, IdConflict):  # what was done under this key may be why, or what others did meanwhile
                if key is not None and (before := self._before(key, asked)) is not None:
                    return before
                if anew:
                    raise
                anew = True
            else:
                if positions[0] <= head:  # it was there already, the very same
                    return Decided(positions, events, 0)
                self._own(made, events, positions)
                return Decided(positions, events, attempt)
        raise ConditionFailed(attempts=ATTEMPTS_MAX, remedy="Try again later.")

    def _before(self, key: str, asked: dict[str, Any]) -> Decided | None:
        """What was appended under a key. Raises IdConflict when that was something else."""
        found = self._event(key)
        if found is None:
            return None
        if found.meta.get("request") != asked:
            facts = {"key": key, "before": found.meta.get("request"), "now": asked}
            raise IdConflict("The key is in use for another request", remedy="Use another key.", **facts)
        return Decided([found.position], [found.to_event()], 0)

    def _event(self, id: str) -> Recorded | None:
        raw = id_to_raw(id)
        position = self._store.positions_of([raw]).get(raw)
        return None if position is None else next(iter(self._store.read(after=position - 1, upto=position)))

    def _guard(self, made: Sequence[msgspec.Struct], entities: Sequence[str]) -> Query:
        """What must not have happened meanwhile. Raises Refused for what the accounts do not allow."""
        names = dict.fromkeys(name for each in made for name in _accounts_of(each))
        _, states = self._states([f"account:{name}" for name in names], anew=False)
        accounts = {name: states[f"account:{name}"] for name in names}
        moved: laws.Moved = {}
        for each in made:
            if isinstance(each, (Posted, Held)):
                moved = laws.allowed(each, accounts, moved)
        return _query(entities, names, laws.lowered(moved, accounts))

    def _dated(
        self, made: Sequence[msgspec.Struct], time_us: int | None
    ) -> tuple[int | None, Sequence[msgspec.Struct]]:
        """When it happens, and what: in a closed period it is refused, or dated into the open one, as configured."""
        periods: Periods = self._kept[BOOK]
        if not periods.closed:
            return time_us, made
        us = SystemClock().now_us() if time_us is None else time_us
        if (period := periods.holding(us)) is None:
            return time_us, made
        if self._policy == "refuse":
            remedy = 'Date it later, or write closed = "redate" under [pack.ledger].'
            raise Refused("The period is closed", period=period.period, asked=to_iso(us), remedy=remedy)
        named = [msgspec.structs.replace(each, dated=to_iso(us)) if isinstance(each, Posted) else each for each in made]
        return periods.open_after(us), named

    def _checked(
        self, drafts: Sequence[Draft], by: str | None, correlation: str | None
    ) -> tuple[list[Event], list[Outcome], AppendCondition, int]:
        """The events of the drafts that are allowed one after the other, and what became of each."""
        names = dict.fromkeys(name for draft in drafts for name in _accounts_of(draft.posted))
        charges = dict.fromkeys(f"charge:{draft.posted.charge}" for draft in drafts if draft.posted.charge is not None)
        head, states = self._states([BOOK, *charges, *(f"account:{name}" for name in names)])
        accounts: dict[str, Account] = {name: states[f"account:{name}"] for name in names}
        charged: dict[str, int] = {}
        moved: laws.Moved = {}
        opened: dict[str, None] = {}
        events, outcomes = list[Event](), list[Outcome]()
        for draft in drafts:
            opens = [each for each in draft.opens if accounts[each.account].status == "none"]
            try:
                us, (posted, *_) = self._dated([draft.posted], draft.time_us)
                assert isinstance(posted, Posted)
                left = _left(posted, states, charged)
                with_new = {**accounts, **{each.account: _new(each) for each in opens}} if opens else accounts
                moved = laws.allowed(posted, with_new, moved)
            except Refused as problem:
                outcomes.append(Outcome(None, problem))
                continue
            accounts = with_new
            opened.update(dict.fromkeys(each.account for each in opens))
            events += [CODEC.event(each, time=us, actor=by, correlation=correlation) for each in opens]
            if posted.charge is not None:
                charged[posted.charge] = left
            events.append(
                CODEC.event(
                    posted,
                    id=posted.transaction,
                    time=us,
                    actor=by,
                    correlation=correlation,
                    meta=draft.meta,
                )
            )
            outcomes.append(Outcome(0))
        strict = {*laws.lowered(moved, accounts), *opened}
        return events, outcomes, AppendCondition(_query([*charges], names, strict), head), head

    # What is known.

    def _states(self, entities: Iterable[str], *, anew: bool = True) -> tuple[int, States]:
        """The states of entities, and the position up to which all of them hold. Under the lock. What happened since is
        looked for unless `anew` is False."""
        if anew:
            self._catch_up()
        new = [each for each in dict.fromkeys(entities) if each not in self._kept]
        for start in range(0, len(new), APART_MAX):
            group = new[start : start + APART_MAX]
            self._kept.update((each, MODELS[each.partition(":")[0]].initial()) for each in group)
            query = Query(tuple(QueryItem(tags=(each,)) for each in group))
            self._fold(self._store.read(query, upto=self._head), set(group))
        return self._head, self._kept

    def _catch_up(self) -> None:
        """Fold into all that is kept what happened since; or forget all, where that would take longer."""
        self._is_behind = False
        head = self._store.head()
        if head == self._head:
            return
        if head - self._head > GAP_MAX or len(self._kept) > STATES_MAX:
            self._kept.clear()
        if self._kept:
            reading = self._store.read(after=self._head)
            self._fold(reading, self._kept.keys())
            head = reading.head
        self._head = head

    def _fold(self, events: Iterable[Recorded], among: Collection[str]) -> None:
        for event in events:
            for tag in event.tags:
                if tag in among:
                    self._kept[tag] = MODELS[tag.partition(":")[0]].apply(self._kept[tag], event)

    def _own(self, made: Sequence[msgspec.Struct], events: Sequence[Event], positions: Sequence[int]) -> None:
        """Fold what was just appended, if nothing lies between: by the same handlers, and without reading it again."""
        with self._lock:
            if self._head != positions[0] - 1:
                self._is_behind = True
                return
            for each, event in zip(made, events, strict=True):
                for tag in event.tags:
                    if tag in self._kept and (handler := HANDLERS[tag.partition(":")[0]].get(type(each))):
                        handler(self._kept[tag], each)
            self._head = positions[-1]


def _query(entities: Sequence[str], accounts: Iterable[str], strict: set[str]) -> Query:
    """What a decision depends on: the closed periods, all events of its entities and of the accounts that have a limit,
    and of the other accounts whether they are open."""
    items = [QueryItem(tags=(BOOK,)), *(QueryItem(tags=(each,)) for each in dict.fromkeys(entities))]
    items += [QueryItem(tags=(f"account:{name}",)) for name in accounts if name in strict]
    free = [name for name in accounts if name not in strict]
    if len(free) > APART_MAX:
        items.append(QueryItem(types=OPENING[1:]))
    else:
        items += [QueryItem(types=OPENING, tags=(f"account:{name}",)) for name in free]
    return Query(tuple(items))


def _accounts_of(event: msgspec.Struct) -> list[str]:
    match event:
        case Posted():
            return [each.account for each in event.postings]
        case Held() | Released():
            return [event.account]
    return []


def _left(posted: Posted, states: States, charged: Mapping[str, int]) -> int:
    """What is left of the charge after this transaction. Raises Refused for a refund above it."""
    if posted.charge is None:
        return 0
    before: int = charged.get(posted.charge, states[f"charge:{posted.charge}"].left_minor)
    if before + posted.charged_minor < 0:
        currency = posted.postings[0].currency
        facts = {"left": str(Money(before, currency)), "wanted": str(Money(-posted.charged_minor, currency))}
        raise Refused("A refund is at most what was charged", charge=posted.charge, **facts)
    return before + posted.charged_minor


def _new(event: AccountOpened) -> Account:
    """An account that is just opened."""
    made = Account()
    made.opened(event)
    return made


def _day(text: str) -> None:
    """Raise InvalidTime for what is no day."""
    try:
        date.fromisoformat(text)
    except ValueError:
        raise InvalidTime("Not a day", given=repr(text), remedy="Write 2026-02-01.") from None


def _pause(attempt: int) -> None:
    sleeping.sleep(random.uniform(0, min(PAUSE_MAX_S, 0.001 * 2**attempt)))

"""What a history says about money: its postings one by one, its balances, and the accounts that there are. Every answer
of the pack is made of these; how they are shown is left to tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

import msgspec

from whence.errors import NotKnown
from whence.events import FactRow
from whence.history import History
from whence.packs.ledger.events import POSTED, AccountClosed, AccountOpened, LimitChanged, Posted
from whence.packs.ledger.state import DEBIT_SIDE, Account
from whence.query import Query, QueryItem

APART_MAX = 50
"""So many accounts are looked up one by one; for more, all transactions are read."""

Balances = dict[tuple[str, str], int]
"""By account and currency, debits positive."""


class _Posting(msgspec.Struct, gc=False):
    account: str
    amount_minor: int
    currency: str


class _Postings(msgspec.Struct, gc=False):
    postings: list[_Posting]


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One posting of a transaction; an amount is positive where it is a debit."""

    position: int
    time_us: int
    account: str
    amount_minor: int
    currency: str
    reported_minor: int | None
    posted: Posted


_quick = msgspec.json.Decoder(_Postings).decode
_whole = msgspec.json.Decoder(Posted).decode


def query_of(accounts: Collection[str] | None) -> Query:
    """The transactions that may move one of these accounts; all of them for None."""
    if accounts is None or len(accounts) > APART_MAX:
        return Query.of(types=[POSTED])
    return Query(tuple(QueryItem(types=(POSTED,), tags=(f"account:{each}",)) for each in accounts))


def entries(history: History, accounts: Iterable[str] | None = None) -> Iterator[Entry]:
    """The postings, by position; only those of some accounts where they are named."""
    named = None if accounts is None else frozenset(accounts)
    if named is not None and not named:
        return
    for position, _, _, data, time_us in _rows(history, query_of(named)):
        posted = _whole(data)
        for each in posted.postings:
            if named is None or each.account in named:
                yield Entry(
                    position, time_us, each.account, each.amount_minor, each.currency, each.reported_minor, posted
                )


def balances(history: History, accounts: Iterable[str] | None = None) -> Balances:
    """The sum of each account's postings, in the order of their first ones."""
    named = None if accounts is None else frozenset(accounts)
    found: Balances = {}
    if named is not None and not named:
        return found
    for _, _, _, data, _ in _rows(history, query_of(named)):
        for each in _quick(data).postings:
            if named is None or each.account in named:
                key = (each.account, each.currency)
                found[key] = found.get(key, 0) + each.amount_minor
    return found


def _rows(history: History, query: Query) -> Iterator[FactRow]:
    for page in history.facts(query):
        yield from page.rows


def chart(history: History) -> dict[str, Account]:
    """The accounts of a history with their types and limits, whenever they were opened; no balances are in it."""
    query = Query.of(types=[AccountOpened.event_type, LimitChanged.event_type, AccountClosed.event_type])
    found = history.uncut().states(Account, query=query).values()
    return {each.account: each for each in found if each.account}


def members(accounts: Iterable[str], group: str) -> list[str]:
    """The account of this name, and those whose path begins with it."""
    return [name for name in accounts if name == group or name.startswith(f"{group}:")]


def named(accounts: Iterable[str], group: str) -> list[str]:
    """The same. Raises NotKnown where there are none."""
    known = list(accounts)
    found = members(known, group)
    if not found:
        from difflib import get_close_matches

        near = get_close_matches(group, {part for name in known for part in _groups(name)}, 3)
        remedy = f"Did you mean {' or '.join(near)}?" if near else "whence ledger accounts lists them."
        raise NotKnown("No such account, and no group", account=group, remedy=remedy)
    return found


def _groups(name: str) -> Iterator[str]:
    parts = name.split(":")
    for count in range(1, len(parts) + 1):
        yield ":".join(parts[:count])


def sign_of(account: Account | None) -> int:
    """1 for an account that grows by debits, -1 for one that grows by credits."""
    return 1 if account is None or account.type in DEBIT_SIDE else -1


Keep = Callable[[Entry], bool]

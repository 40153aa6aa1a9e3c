"""What a history says about money: its postings one by one, and their sums. Every answer about balances is made of
these; how they are shown is left to tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from itertools import accumulate

import msgspec

from whence.errors import InvalidQuery, NotKnown, near
from whence.events import FactRow
from whence.history import History
from whence.pack import Asked
from whence.packs.ledger.events import Posted, Posting
from whence.packs.ledger.tables import chart, is_below
from whence.query import Query, QueryItem

APART_MAX = 50
"""So many accounts are looked up one by one; for more, all transactions are read."""

Balances = Counter[tuple[str, str]]
"""By account and currency, debits positive."""


def _rows(history: History, accounts: Collection[str] | None) -> Iterator[FactRow]:
    """The transactions that may move one of these accounts; all of them for None."""
    query = Query.of(types=[Posted.event_type])
    if accounts is not None and len(accounts) <= APART_MAX:
        if not accounts:
            return
        query = Query(tuple(QueryItem(types=(Posted.event_type,), tags=(f"account:{each}",)) for each in accounts))
    for page in history.facts(query):
        yield from page.rows


class _Postings(msgspec.Struct, gc=False):
    """All of a transaction that a balance needs: the rest is not decoded."""

    postings: tuple[Posting, ...]


_only_postings = msgspec.json.Decoder(_Postings).decode
_whole = msgspec.json.Decoder(Posted).decode


def transactions(history: History, accounts: Collection[str] | None = None) -> Iterator[tuple[int, int, Posted]]:
    """The position, time and data of each transaction; only of those that may move some accounts where they are
    named."""
    for position, _, _, data, time_us in _rows(history, accounts):
        yield position, time_us, _whole(data)


def balances(history: History, accounts: Collection[str] | None = None) -> Balances:
    """The sum of each account's postings, in the order of their first ones."""
    found = Balances()
    for _, _, _, data, _ in _rows(history, accounts):
        for each in _only_postings(data).postings:
            if accounts is None or each.account in accounts:
                found[each.account, each.currency] += each.amount_minor
    return found


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One posting of a transaction; an amount is positive where it is a debit, unless `signs` turn it around."""

    position: int
    time_us: int
    account: str
    amount_minor: int
    currency: str
    reported_minor: int | None
    posted: Posted


def entries(
    history: History, accounts: Collection[str] | None = None, signs: Mapping[str, int] = {}
) -> Iterator[Entry]:
    """The postings, by position; only those of some accounts where they are named, and times a sign for each."""
    for position, time_us, posted in transactions(history, accounts):
        for each in posted.postings:
            name = each.account
            if accounts is None or name in accounts:
                minor = signs.get(name, 1) * each.amount_minor
                yield Entry(position, time_us, name, minor, each.currency, each.reported_minor, posted)


def named(accounts: Collection[str], group: str) -> list[str]:
    """The account of a name, or those of a group. Raises NotKnown where there are none."""
    found = [name for name in accounts if is_below(name, group)]
    if not found:
        groups = {path for name in accounts for path in accumulate(name.split(":"), "{}:{}".format)}
        remedy = near(group, sorted(groups), 3, listed="whence ledger accounts lists them:")
        raise NotKnown("No such account, and no group", account=group, remedy=remedy)
    return found


def from_own_side(asked: Asked, account: str | None = None, *, as_one: bool = False) -> list[Entry]:
    """The entries of an account or group, or of all, as they happened, each from its account's own side: positive where
    that grows; `as_one` from the side of the group's first. Raises NotKnown."""
    known = chart(asked.history)
    wanted = list(known) if account is None else named(known, account)
    signs = {name: known[wanted[0] if as_one else name].from_its_side(1) for name in wanted}
    found = entries(asked.history, None if account is None else signs.keys(), signs)
    return sorted(found, key=lambda each: (each.time_us, each.position))


def refuse_backwards(asked: Asked, since: date | None) -> None:
    """Raise InvalidQuery where what is asked about ends before its first day."""
    last = asked.moment.date()
    if since is not None and last < since and asked.history.uncut() is not asked.history:
        raise InvalidQuery("It ends before it begins", since=since, at=last, remedy="Let --at be the later day.")

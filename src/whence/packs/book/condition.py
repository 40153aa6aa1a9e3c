"""What a movement depends on, so that it is appended under the condition that nothing of it changed meanwhile.

An account without a limit is hindered by nobody who moves money too, so that a thousand may pay into it at once, but by
who closes or limits it; more than APART_MAX of them, by who does so to any account. Of an account with a limit, and of
a charge, a hold or a transaction that is looked at, every event counts; and so does each period that is closed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache

from whence.packs.book.periods import BOOK
from whence.packs.ledger.events import ABOUT_ACCOUNTS
from whence.query import Query, QueryItem

APART_MAX = 32
"""So many accounts without a limit have a condition each; more share one: that no account is closed or limited."""
QUERIES_MAX = 200_000
"""So many items of queries are kept."""


@lru_cache(QUERIES_MAX)
def _item(tags: tuple[str, ...], types: tuple[str, ...] = ()) -> QueryItem:
    """An item of a query; kept, since it is checked when it is made, and the same come again."""
    return QueryItem(types, tags)


def depends_on(entities: Iterable[str], accounts: Iterable[str], strict: Collection[str]) -> Query:
    """What a decision depends on: the closed periods, all events of its entities and of the accounts that are `strict`,
    and of the other accounts whether they are open and without a limit."""
    every, free = [BOOK, *entities], list[str]()
    for name in accounts:
        (every if name in strict else free).append(f"account:{name}")
    items = [_item((each,)) for each in every]
    if len(free) > APART_MAX:
        items.append(QueryItem(types=ABOUT_ACCOUNTS[1:]))
    else:
        items += [_item((each,), ABOUT_ACCOUNTS) for each in free]
    return Query(tuple(items))

"""A side of a reconciliation, as it is named: an account of the ledger, or a file. How a file is read is left to
whence.moneyfiles.sides, and how the lines of two sides find each other to whence.matching."""

from __future__ import annotations

from collections import Counter
from datetime import date

from whence.app import Whence
from whence.matching.sides import Item, Side
from whence.moments import day_of
from whence.moneyfiles.sides import SideReader
from whence.pack import Asked
from whence.packs.balances.entries import from_own_side


def side_of(db: Whence, asked: Asked, said: str, *, since: date | None, until: date | None) -> Side:
    """What `assets:bank` or `SIDE=FILE` names: the entries of an account up to the moment asked about, or the lines of
    a file between two days. Raises NotKnown for an account, InvalidConfig for a side, and InvalidFile."""
    name, sign, file = said.partition("=")
    if not sign:
        return of_account(asked, name, since=since)
    reader = SideReader(name, db.config.table_of_pack("ledger", "side", name), db.config.zone)
    return reader.read(file, since=since, until=until)


def of_account(asked: Asked, account: str, *, since: date | None = None) -> Side:
    """The entries of an account or group as a side, seen from the account's own side, with what was there before the
    first day. An entry is called by its reference, else by its transaction. Raises NotKnown."""
    items, opening = [], Counter[str]()
    for each in from_own_side(asked, account):
        posted, day = each.posted, day_of(each.time_us, asked.zone)
        if since is not None and day < since:
            opening[each.currency] += each.amount_minor
            continue
        prefix = "" if posted.source is None else f"{posted.source}:"
        id = posted.reference or posted.transaction.removeprefix(prefix)
        told = (each.amount_minor, each.currency, posted.category, posted.text or "")
        items.append(Item(each.position, id, posted.group or "", each.time_us, day, *told))
    return Side(account, items, opening=opening, has_groups=any(each.group for each in items))

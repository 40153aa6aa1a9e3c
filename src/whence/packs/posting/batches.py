"""Many transactions in one append: what the laws do not allow is refused one by one. How a single one is decided and
appended, and under which condition, is the ledger's book."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Sequence
from typing import Any

from whence.current import Made
from whence.decide import retried
from whence.errors import Refused
from whence.money import Money
from whence.packs.book import Book
from whence.packs.book.condition import depends_on
from whence.packs.book.periods import BOOK, Periods, dated
from whence.packs.ledger.events import CODEC, AccountOpened, Posted
from whence.packs.ledger.state import Account
from whence.packs.movements import laws
from whence.packs.sources.source import Draft
from whence.query import Query

Left = tuple[int, str | None]
"""What may still be given back of a charge, and its currency; None where nothing was charged yet."""


class BatchBook(Book):
    """The ledger of a store, to which many transactions are posted at once."""

    def post_all(
        self, drafts: Sequence[Draft], *, by: str | None = None, correlation: str | None = None
    ) -> list[int | Refused]:
        """Post many transactions in one append, and return each one's position: what the laws do not allow is refused
        one by one, and why stands in its place. Their ids must be new. Raises ConditionFailed, and IdConflict when one
        is there by now."""

        def act(attempt: int) -> list[int | Refused]:
            with self.lock:
                made, places, guard = self._allow_each(drafts, by, correlation)
                head = self.states.head
            positions = self.append_decided(made, guard, head) if made else ()
            return [place if isinstance(place, Refused) else positions[place] for place in places]

        return retried(act)

    def _allow_each(
        self, drafts: Sequence[Draft], by: str | None, correlation: str | None
    ) -> tuple[list[Made], list[int | Refused], Query]:
        """Three things, in this order: what is to be appended, of the drafts that are allowed one after the other; of
        each draft its place in that, or why it is refused; and what must not have happened meanwhile. Of three
        drafts, the second of which is refused and the third of which opens an account, the places are 0, the Refused,
        and 2: an opening stands before."""
        names = dict.fromkeys(each.account for draft in drafts for each in draft.posted.postings)
        charges = {draft.posted.charge: f"charge:{draft.posted.charge}" for draft in drafts if draft.posted.charge}
        self.states.catch_up()
        self.states.look_up([BOOK, *charges.values()])
        accounts = self.states.of_kind("account", names)
        periods: Periods = self.states.of(BOOK)
        states = {charge: self.states.of(entity) for charge, entity in charges.items()}
        left: dict[str, Left] = {charge: (each.left_minor, each.currency) for charge, each in states.items()}
        moved: laws.Moved = {}
        strict, made, places = set[str](), list[Made](), list[int | Refused]()
        about: dict[str, Any] = {"actor": by, "correlation": correlation}
        for draft in drafts:
            opens = [each for each in draft.opens if accounts[each.account].status == "none"] if draft.opens else ()
            opened = {each.account: _account_of(each) for each in opens} if opens else {}
            try:  # what it opens is there for it alone, until it is allowed
                us, posted = dated(draft.posted, draft.time_us, periods, self.policy)
                remains = _left_after(posted, left[posted.charge]) if posted.charge else None
                laws.allow(posted, ChainMap(opened, accounts) if opened else accounts, moved)
            except Refused as problem:
                places.append(problem)
                continue
            if opened:
                accounts |= opened
                strict |= opened.keys()  # nobody else may open them meanwhile
                made += [(each, CODEC.event(each, time=us, **about)) for each in opens]
            if posted.charge and remains:
                left[posted.charge] = remains
            made.append((posted, CODEC.event(posted, id=posted.transaction, time=us, meta=draft.meta, **about)))
            places.append(len(made) - 1)
        return made, places, depends_on(charges.values(), names, strict | laws.limited(moved, accounts))


def _left_after(posted: Posted, left: Left) -> Left:
    """What is left of its charge after a transaction. Raises Refused for another currency than the charge's, and for a
    refund above what was left."""
    if not posted.charged_minor or not posted.postings:  # without postings the laws refuse it
        return left
    (left_minor, charged_in), currency = left, posted.postings[0].currency
    if charged_in not in (None, currency):
        raise Refused("The charge is in another currency", charge=posted.charge, currency=charged_in)
    if left_minor + posted.charged_minor < 0:
        facts = {"left": str(Money(left_minor, currency)), "wanted": str(Money(-posted.charged_minor, currency))}
        raise Refused("A refund is at most what was charged", charge=posted.charge, **facts)
    return left_minor + posted.charged_minor, currency


def _account_of(opening: AccountOpened) -> Account:
    """The account that is just opened so."""
    account = Account()
    account.opened(opening)
    return account

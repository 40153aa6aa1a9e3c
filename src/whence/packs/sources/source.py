"""A source of files: the transaction that each line comes to, by the first rule that takes it.

    [pack.ledger.source.stripe]          # … and how it is read: unit, currency, time
    id = "id"                            # makes the line's transaction; without it, a hash of the line
    text = "description"
    reference = "source"                 # what the source calls it
    group = "payout_id"                  # what it was settled with
    accounts = { expenses = "expense" }  # accounts below these paths are opened where they are missing
    reported = { account = "assets:stripe", balance = "column" }  # the balance that the source states after the line

Its rules are tables of their own, [[pack.ledger.source.stripe.rule]].
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, NamedTuple, get_args

import msgspec

from whence.errors import InvalidConfig, InvalidInput, Refused
from whence.files.rows import Given, RawRow
from whence.grammar import normal_tags
from whence.money import Money
from whence.moneyfiles.banks import OF_SOURCE, BankFile
from whence.moneyfiles.layout import Cells, Layout, Shapes, Term
from whence.moneyfiles.lines import File
from whence.packs.ledger.decisions import is_path
from whence.packs.ledger.events import AccountOpened, AccountType, Posted, Posting
from whence.packs.ledger.tables import is_below
from whence.packs.movements import laws
from whence.packs.sources.rules import Amounts, Rule


class Reported(msgspec.Struct, forbid_unknown_fields=True):
    """Of which account a source states the balance, and in which column."""

    account: str
    balance: str


TEXTS = ("id", "text", "reference", "group")
SHAPES: Shapes = {
    "accounts": (dict[str, str], 'accounts = { expenses = "expense" }'),
    "reported": (Reported, 'reported = { account = "assets:bank", balance = "column" }'),
    "rule": (list[dict[str, Any]], "[[pack.ledger.source.NAME.rule]], in two brackets"),
}


class Draft(NamedTuple):
    """A transaction that is to be posted, when it happened, the accounts that it opens where they are missing, and what
    is kept beside it: its line."""

    posted: Posted
    time_us: int | None = None
    opens: tuple[AccountOpened, ...] = ()
    meta: dict[str, Any] | None = None


class PostingSource(Layout):
    """A source of files: how its lines are read, and the rules by which they are posted. It may be used for one file
    after another, not for two at once. Raises InvalidConfig."""

    def __init__(self, name: str, table: Mapping[str, Any], zone: tzinfo | None = None) -> None:
        super().__init__(name, table, TEXTS, SHAPES, OF_SOURCE, zone)
        self._types: dict[str, AccountType] = self.table.get("accounts", {})  # of what lies below a path
        for path, type in self._types.items():
            if type not in get_args(AccountType):
                remedy = f"Write one of {', '.join(get_args(AccountType))}."
                raise InvalidConfig("No such type of account", source=name, account=path, type=type, remedy=remedy)
        self._openings: dict[str, AccountOpened | None] = {}  # by account, as far as lines named them
        said = self.table.get("reported")
        self._reported = said and (self.template("reported.account", said["account"]), self.terms(said["balance"])[0])
        self._rules = tuple(Rule.of(each, self) for each in self.table.get("rule", ()))
        if not self._rules:
            remedy = f"Write [[pack.ledger.source.{name}.rule]]."
            raise InvalidConfig("A source has posting rules", source=name, remedy=remedy)
        self._copies: Counter[str] = Counter()  # how often each line without an id stood in the open file so far

    def open(self, given: Given) -> File | BankFile:
        """A file's lines. Which copy of a line one is, is counted anew in each file."""
        self._copies.clear()
        return super().open(given)

    def draft(self, row: RawRow) -> Draft:
        """The transaction that a line comes to. Raises InvalidInput and Refused, naming what is wrong with it."""
        cells, currency = row.value, self.currency(row.value)

        def amount(term: Term) -> int:
            try:
                return self.minor(term, cells, currency)
            except InvalidInput as problem:  # named here alone: what a side says is part of a difference's key
                facts = {"column": term.column, **problem.facts}
                raise type(problem)(problem.fact, **facts, remedy=problem.remedy) from None

        rule = self._rule_of(cells, amount)
        reported_of, reported_minor = "", 0
        if self._reported:
            reported_of, reported_minor = self._reported[0](cells), amount(self._reported[1])
        postings = []
        for account, terms in rule.post:
            path, minor = account(cells), sum(map(amount, terms))
            # A zero is a posting only of one term that may not be empty.
            if minor or (len(terms) == 1 and not terms[0].may_be_empty):
                postings.append(Posting(path, minor, currency, reported_minor if reported_of == path else None))
        charge, charged_minor = self._charged(rule, cells, sum(map(amount, rule.charged)))
        posted = Posted(
            transaction=self._id(row),
            category=rule.category(cells),
            postings=tuple(postings),
            text=self.said("text", cells) or None,
            charge=charge,
            charged_minor=charged_minor,
            source=self.name,
            reference=self.said("reference", cells) or None,
            group=self.said("group", cells) or None,
        )
        laws.refuse_unbalanced(posted.postings, rule=rule.name)
        _refuse_nameless(posted)
        for minor in (posted.charged_minor, reported_minor):
            laws.refuse_too_large(Money(minor, currency), rule=rule.name)
        opens = (self._opening(each) for each in dict.fromkeys(posting.account for posting in postings))
        return Draft(posted, self.us(cells), tuple(filter(None, opens)), {"line": row.line})

    def _rule_of(self, cells: Cells, amount: Amounts) -> Rule:
        """The first rule that takes a line. Raises Refused for one that none takes."""
        for each in self._rules:
            if each.takes(cells, amount):
                return each
        asked = dict.fromkeys(column for rule in self._rules for column, _ in rule.when)
        told = ", ".join(f"{column} = {cells.get(column, '')!r}" for column in asked)
        raise Refused("No posting rule takes this line", source=self.name, cells=told, remedy="Add a rule for it.")

    def _charged(self, rule: Rule, cells: Cells, minor: int) -> tuple[str | None, int]:
        """The charge that a line names, and what is charged; nothing is where none is named. Raises Refused for a line
        that gives some back of none."""
        charge = rule.charge and rule.charge(cells)
        if charge:
            return charge, minor
        if minor < 0:
            remedy = "Mend the line, or write a rule without charge for it."
            raise Refused("The line does not name the charge of its refund", rule=rule.name, remedy=remedy)
        return None, 0

    def _id(self, row: RawRow) -> str:
        """The transaction's name: the source's, with the line's own id, else with a hash of it and of which copy it
        is: two lines `2026-01-05,coffee,-2.50` are two transactions, and the same two when the file is posted
        again."""
        if self.has("id"):
            own = self.said("id", row.value)
            if not own:
                raise Refused("The line has no id", source=self.name, remedy="Mend it, or leave id out of the source.")
            return f"{self.name}:{own}"
        self._copies[row.raw] += 1
        said = f"{self.name}\0{row.raw}\0{self._copies[row.raw]}"
        return f"{self.name}:{hashlib.sha256(said.encode()).hexdigest()[:32]}"

    def _opening(self, account: str) -> AccountOpened | None:
        """How an account is opened, if the source may open it."""
        if account not in self._openings:
            type = next((type for path, type in self._types.items() if is_below(account, path)), None)
            self._openings[account] = None if type is None else AccountOpened(account, type)
        return self._openings[account]


def _refuse_nameless(posted: Posted) -> None:
    """Raise InvalidInput for a name that cannot be one, made of a cell that is empty, too long or no text."""
    for each in posted.postings:
        if not is_path(each.account):
            remedy = "Mend the cell that it is made of."
            raise InvalidInput("An account's name is a path", account=repr(each.account), remedy=remedy)
    tags = [f"account:{each.account}" for each in posted.postings]
    tags += [f"transaction:{posted.transaction}", f"category:{posted.category}"]
    normal_tags(tags if posted.charge is None else [*tags, f"charge:{posted.charge}"])

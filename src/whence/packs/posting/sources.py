"""Posting rules: what a line of a source (a bank's transactions, a payment processor's balance report) comes to as a
balanced transaction. They are data, in whence.toml, beside the layout; posting a file is left to files.

    [pack.ledger.source.stripe]          # … and how it is read: unit, currency, time
    id = "id"                            # makes the line's transaction; without it, a hash of the line
    text = "description"
    reference = "source"                 # what the source calls it
    group = "payout_id"                  # what it was settled with
    accounts = { expenses = "expense" }  # accounts below these paths are opened where they are missing

    [[pack.ledger.source.stripe.rule]]   # the first rule that takes a line is the one
    name = "charge"
    when = { type = ["charge", "payment"] }   # all of these columns have one of these texts
    sign = { amount = "positive" }            # and these amounts are positive, negative or zero
    category = "charge"                       # default: the rule's name
    charge = "source"                         # the charge that it is about, and
    charged = "amount"                        # what is charged, or below zero given back: no refund above a charge
    post = { "assets:stripe" = "net", "expenses:fees" = "fee?", "income:sales" = "-amount" }

An account is a text with columns in braces; a debit is positive. `reported = { account = "…", balance = "column" }` is
the balance that the source states after the line.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any, Literal, get_args

import msgspec

from whence.errors import InvalidConfig, InvalidInput, Refused
from whence.files.rows import Given, RawRow
from whence.grammar import normal_tags
from whence.money import Money
from whence.moneyfiles.banks import OF_SOURCE, BankFile
from whence.moneyfiles.layout import Cells, Columns, Layout, Shapes, Term, Text, Valued, check
from whence.moneyfiles.lines import File
from whence.packs.ledger.decisions import is_path
from whence.packs.ledger.events import AccountOpened, AccountType, Posted, Posting
from whence.packs.ledger.tables import is_below
from whence.packs.movements import laws
from whence.packs.posting.batches import Draft

SHAPES: Shapes = {
    "accounts": (dict[str, str], 'accounts = { expenses = "expense" }'),
    "reported": (
        dict[Literal["account", "balance"], str],
        'reported = { account = "assets:bank", balance = "column" }',
    ),
    "rule": (list[dict[str, Any]], "[[pack.ledger.source.NAME.rule]], in two brackets"),
}
RULE_SHAPES: Shapes = {
    "when": (dict[str, Columns], 'when = { type = "charge" }'),
    "sign": (dict[str, str], 'sign = { amount = "positive" }'),
    "charge": (Valued, 'charge = "column"'),
    "charged": (Columns, 'charged = "column"'),
    "post": (dict[str, Columns], 'post = { "assets:bank" = "amount", "income:sales" = "-amount" }'),
}
SIGNS: dict[str, Callable[[int], bool]] = {
    "positive": lambda minor: minor > 0,
    "negative": lambda minor: minor < 0,
    "zero": lambda minor: minor == 0,
}


class Rule(msgspec.Struct, frozen=True):
    """Which lines it takes, and which accounts they move."""

    name: str
    when: tuple[tuple[str, frozenset[str]], ...]
    sign: tuple[tuple[Term, str], ...]
    category: Text
    charge: Text | None
    charged: tuple[Term, ...]
    post: tuple[tuple[Text, tuple[Term, ...]], ...]

    def takes(self, cells: Cells, amount: Callable[[Term], int]) -> bool:
        return all(cells.get(column, "") in texts for column, texts in self.when) and all(
            SIGNS[sign](amount(term)) for term, sign in self.sign
        )


class PostingSource(Layout):
    """A source of files: how its lines are read, and the rules by which they are posted. Raises InvalidConfig."""

    def __init__(self, name: str, table: Mapping[str, Any], zone: tzinfo | None = None) -> None:
        super().__init__(name, table, ("id", "text", "reference", "group"), SHAPES, OF_SOURCE, zone)
        self._opens: dict[str, AccountType] = self.table.get("accounts", {})
        for path, type in self._opens.items():
            if type not in get_args(AccountType):
                remedy = f"Write one of {', '.join(get_args(AccountType))}."
                raise InvalidConfig("No such type of account", source=name, account=path, type=type, remedy=remedy)
        self._openings: dict[str, AccountOpened | None] = {}
        said = self.table.get("reported")
        self._reported = said and (self._template("reported.account", said["account"]), self.terms(said["balance"])[0])
        self._rules = tuple(self._rule(each) for each in self.table.get("rule", ()))
        if not self._rules:
            remedy = f"Write [[pack.ledger.source.{name}.rule]]."
            raise InvalidConfig("A source has posting rules", source=name, remedy=remedy)
        self._copies: Counter[str] = Counter()  # of the file that is open

    def open(self, given: Given) -> File | BankFile:
        """A file's lines. Which copy of a line one is, is counted anew in each file."""
        self._copies.clear()
        return super().open(given)

    def draft(self, row: RawRow) -> Draft:
        """The transaction that a line comes to. Raises InvalidInput and Refused, naming what is wrong with it."""
        cells, currency = row.value, self.currency(row.value)

        def amount(term: Term) -> int:
            return self.minor(term, cells, currency)

        rule = next((each for each in self._rules if each.takes(cells, amount)), None)
        if rule is None:
            asked = dict.fromkeys(column for rule in self._rules for column, _ in rule.when)
            told = ", ".join(f"{column} = {cells.get(column, '')!r}" for column in asked)
            raise Refused("No posting rule takes this line", source=self.name, cells=told, remedy="Add a rule for it.")
        reported = (self._reported[0](cells), amount(self._reported[1])) if self._reported else ("", 0)
        postings = []
        for account, terms in rule.post:
            path, minor = account(cells), sum(map(amount, terms))
            if minor or (len(terms) == 1 and not terms[0].may_be_empty):  # a fee of nothing is no posting
                postings.append(Posting(path, minor, currency, reported[1] if reported[0] == path else None))
        posted = Posted(
            transaction=self._id(row),
            category=rule.category(cells),
            postings=tuple(postings),
            text=self.said("text", cells) or None,
            charge=None if rule.charge is None else rule.charge(cells) or None,
            charged_minor=sum(map(amount, rule.charged)),
            source=self.name,
            reference=self.said("reference", cells) or None,
            group=self.said("group", cells) or None,
        )
        laws.refuse_unbalanced(posted.postings, rule=rule.name)
        _refuse_nameless(posted)
        for minor in (posted.charged_minor, reported[1]):
            laws.refuse_too_large(Money(minor, currency), rule=rule.name)
        opens = (self._opening(each) for each in dict.fromkeys(posting.account for posting in postings))
        return Draft(posted, self.us(cells), tuple(filter(None, opens)), {"line": row.line})

    def _opening(self, account: str) -> AccountOpened | None:
        """How an account is opened, if the source may open it."""
        if account not in self._openings:
            paths = (path for path in self._opens if is_below(account, path))
            path = next(paths, None)
            self._openings[account] = None if path is None else AccountOpened(account, self._opens[path])
        return self._openings[account]

    def _id(self, row: RawRow) -> str:
        """The transaction's name: the source's, with the line's own id, else with a hash of it and of which copy it
        is."""
        if self.has("id"):
            own = self.said("id", row.value)
            if not own:
                raise Refused("The line has no id", source=self.name, remedy="Mend it, or leave id out of the source.")
            return f"{self.name}:{own}"
        self._copies[row.raw] += 1
        said = f"{self.name}\0{row.raw}\0{self._copies[row.raw]}"
        return f"{self.name}:{hashlib.sha256(said.encode()).hexdigest()[:32]}"

    def _template(self, key: str, value: str) -> Text:
        """A text with columns in braces; one without is that text itself."""
        return self.text(key, value if "{" in value else {"value": value})

    def _rule(self, table: Mapping[str, Any]) -> Rule:
        name = str(table.get("name", ""))
        check(f"{self.name}.rule {name}", table, RULE_SHAPES, "name", "category")
        if not name or not table.get("post"):
            remedy = 'Write name = "charge" and post = { "assets:bank" = "amount", "income:sales" = "-amount" }.'
            raise InvalidConfig("A posting rule has a name, and accounts to post to", source=self.name, remedy=remedy)
        if ("charge" in table) != ("charged" in table):
            remedy = 'Write charge = "column" and charged = "amount": what is charged, or below zero given back.'
            raise InvalidConfig("A charge and what is charged are said together", rule=name, remedy=remedy)
        when: dict[str, Columns] = table.get("when", {})
        sign: dict[str, str] = table.get("sign", {})
        for said in sign.values():
            if said not in SIGNS:
                raise InvalidConfig("No such sign", rule=name, sign=said, remedy=f"Write {' or '.join(SIGNS)}.")
        self.columns.update(when)
        texts = {column: [said] if isinstance(said, str) else said for column, said in when.items()}
        return Rule(
            name=name,
            when=tuple((column, frozenset(said)) for column, said in texts.items()),
            sign=tuple(zip(self.terms(list(sign)), sign.values(), strict=True)),
            category=self._template("category", str(table.get("category", name))),
            charge=self.text("charge", table["charge"]) if "charge" in table else None,
            charged=self.terms(table.get("charged", [])),
            post=tuple((self._template("post", path), self.terms(said)) for path, said in table["post"].items()),
        )


def _refuse_nameless(posted: Posted) -> None:
    """Raise InvalidInput for a name that cannot be one, made of a cell that is empty, too long or no text."""
    for each in posted.postings:
        if not is_path(each.account):
            remedy = "Mend the cell that it is made of."
            raise InvalidInput("An account's name is a path", account=repr(each.account), remedy=remedy)
    tags = [f"account:{each.account}" for each in posted.postings]
    tags += [f"transaction:{posted.transaction}", f"category:{posted.category}"]
    normal_tags(tags if posted.charge is None else [*tags, f"charge:{posted.charge}"])

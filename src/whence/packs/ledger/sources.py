"""Posting rules: what a line of a source (a bank's transactions, a payment processor's balance report) comes to as a
balanced transaction. They are data, in whence.toml; reading the file and posting it is left to posting.

    [pack.ledger.source.stripe]
    unit = "minor"                       # 1250 is 12.50; "major" where 12.50 is written: stated, never guessed
    currency = "currency"                # a column, or { value = "EUR" }
    id = "id"                            # makes the line's transaction; without it, a hash of the line
    time = "created"                     # as for [import.NAME]; time_format = "unix" is seconds since 1970
    text = "description"
    reference = "source"                 # what the source calls it
    group = "payout_id"                  # what it was settled with
    accounts = { expenses = "expense" }  # accounts below these paths are opened where they are missing

    [[pack.ledger.source.stripe.rule]]   # the first rule that takes a line is the one
    name = "charge"
    when = { type = ["charge", "payment"] }   # all of these columns have one of these texts
    sign = { amount = "positive" }            # and these amounts are positive, negative or zero
    category = "charge"                       # default: the rule's name
    charge = "source"                         # with charged = "amount": no refund above it
    post = { "assets:stripe" = "net", "expenses:fees" = "fee?", "income:sales" = "-amount" }

An account is a text with columns in braces. An amount is a column with its sign, or a list that is added up; a ? behind
it lets an empty cell be nothing. A debit is positive. `reported = { account = "…", balance = "column" }` is the balance
that the source states after the line. How amounts are written: decimal, thousands, parentheses, symbol.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import tzinfo
from difflib import get_close_matches
from typing import Any, Literal

import msgspec

from whence.errors import InvalidConfig, InvalidInput, Refused
from whence.files.mapping import Field
from whence.files.rows import Given
from whence.grammar import normal_tags
from whence.packs.ledger import bank, laws
from whence.packs.ledger.book import Draft
from whence.packs.ledger.events import AccountOpened, AccountType, Posted, Posting
from whence.packs.ledger.lines import READING_KEYS, File, Line, Times, getter, reading_of
from whence.packs.ledger.money import NOTATION_KEYS, Money, Notation, exponent

TEXTS = ("id", "currency", "text", "reference", "group")
SOURCE_KEYS = (*READING_KEYS, *NOTATION_KEYS, *TEXTS, "accounts", "reported", "rule")
RULE_KEYS = ("name", "when", "sign", "category", "charge", "charged", "post")
Columns = str | list[str]
Valued = str | dict[str, str]
SOURCE_SHAPES: dict[str, tuple[Any, str]] = {
    "accounts": (dict[str, str], 'accounts = { expenses = "expense" }'),
    "reported": (
        dict[Literal["account", "balance"], str],
        'reported = { account = "assets:bank", balance = "column" }',
    ),
    "rule": (list[dict[str, Any]], "[[pack.ledger.source.NAME.rule]], in two brackets"),
    **dict.fromkeys(("id", "currency", "text", "reference", "group"), (Valued, '"column" or { value = "EUR" }')),
}
RULE_SHAPES: dict[str, tuple[Any, str]] = {
    "when": (dict[str, Columns], 'when = { type = "charge" }'),
    "sign": (dict[str, str], 'sign = { amount = "positive" }'),
    "charge": (Valued, 'charge = "column"'),
    "charged": (Columns, 'charged = "column"'),
    "post": (dict[str, Columns], 'post = { "assets:bank" = "amount", "income:sales" = "-amount" }'),
}
"""What a key has to be, and how it is written."""
SIGNS: dict[str, Callable[[int], bool]] = {
    "positive": lambda minor: minor > 0,
    "negative": lambda minor: minor < 0,
    "zero": lambda minor: minor == 0,
}
TYPES = ("asset", "liability", "equity", "income", "expense")

Cells = Mapping[str, str]
Text = Callable[[Cells], str]


class Term(msgspec.Struct, frozen=True):
    """A column that is added or taken away; one that may be empty is nothing then."""

    column: str
    sign: int
    may_be_empty: bool

    @classmethod
    def of(cls, said: str) -> Term:
        sign, name = (-1, said[1:].strip()) if said.startswith("-") else (1, said.strip())
        return cls(name.removesuffix("?"), sign, name.endswith("?"))


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


class PostingSource:
    """The posting rules of a source, checked. Raises InvalidConfig naming the key."""

    def __init__(self, name: str, table: Mapping[str, Any], zone: tzinfo | None = None) -> None:
        refuse_unknown(name, table, SOURCE_KEYS)
        refuse_misshapen(name, table, SOURCE_SHAPES)
        table = bank.with_defaults(table, bank.OF_SOURCE)
        self.name, self.format = name, str(table.get("format", ""))
        self.reading = reading_of(name, table, zone)
        self.notation = Notation.of(table)
        self.columns: set[str] = set()
        self._times = Times(table, self.reading)
        if "currency" not in table:
            remedy = 'Write currency = "column" or currency = { value = "EUR" }.'
            raise InvalidConfig("The currency of the amounts is stated", source=name, remedy=remedy)
        self._texts = {key: self._text(key, table[key]) for key in TEXTS if key in table}
        self._opens: dict[str, AccountType] = dict(table.get("accounts", {}))
        for path, type in self._opens.items():
            if type not in TYPES:
                remedy = f"Write one of {', '.join(TYPES)}."
                raise InvalidConfig("No such type of account", source=name, account=path, type=type, remedy=remedy)
        reported = table.get("reported")
        self._reported = (
            None
            if reported is None
            else (self._text("reported.account", reported["account"]), Term.of(reported["balance"]))
        )
        self.rules = tuple(self._rule(each) for each in table.get("rule", ()))
        if not self.rules:
            raise InvalidConfig(
                "A source has posting rules", source=name, remedy=f"Write [[pack.ledger.source.{name}.rule]]."
            )
        self._openings: dict[str, AccountOpened | None] = {}
        self._copies: Counter[str] = Counter()

    def open(self, given: Given) -> File | bank.BankFile:
        """A file of this source, whose columns are those that the rules name. Raises InvalidFile and InvalidConfig."""
        file = bank.BankFile(self.format, given) if self.format in bank.FORMATS else File(given, self.reading)
        file.require(self.columns)
        return file

    def draft(self, line: Line) -> Draft:
        """The transaction that a line comes to. Raises InvalidInput and Refused, naming what is wrong with it."""
        cells = line.cells
        currency = self._texts["currency"](cells).upper()
        exponent(currency)

        def amount(term: Term) -> int:
            cell = cells.get(term.column, "")
            return 0 if term.may_be_empty and not cell.strip() else term.sign * self.notation.minor(cell, currency)

        rule = next((each for each in self.rules if each.takes(cells, amount)), None)
        if rule is None:
            told = ", ".join(f"{column} = {cells.get(column, '')!r}" for column in self._asked())
            raise Refused("No posting rule takes this line", source=self.name, cells=told, remedy="Add a rule for it.")
        reported = None if self._reported is None else (self._reported[0](cells), amount(self._reported[1]))
        postings = []
        for account, terms in rule.post:
            path, minor = account(cells), sum(map(amount, terms))
            if minor or (len(terms) == 1 and not terms[0].may_be_empty):
                said = reported[1] if reported is not None and reported[0] == path else None
                postings.append(Posting(path, minor, currency, said))
        posted = Posted(
            transaction=self._id(line),
            category=rule.category(cells),
            postings=tuple(postings),
            text=self._said("text", cells),
            charge=None if rule.charge is None else rule.charge(cells) or None,
            charged_minor=sum(map(amount, rule.charged)),
            source=self.name,
            reference=self._said("reference", cells),
            group=self._said("group", cells),
        )
        laws.balanced(posted.postings, rule=rule.name)
        _named(posted)
        for minor in (posted.charged_minor, reported[1] if reported is not None else 0):
            laws.kept(Money(minor, currency), rule=rule.name)
        return Draft(posted, self._times.us(cells), self._opened(posted), {"line": line.number})

    def _opened(self, posted: Posted) -> tuple[AccountOpened, ...]:
        names = dict.fromkeys(each.account for each in posted.postings)
        return tuple(opening for opening in map(self._opening, names) if opening is not None)

    def _opening(self, account: str) -> AccountOpened | None:
        """How an account is opened, if the source may open it."""
        if account not in self._openings:
            paths = (path for path in self._opens if account == path or account.startswith(f"{path}:"))
            path = next(paths, None)
            self._openings[account] = None if path is None else AccountOpened(account, self._opens[path])
        return self._openings[account]

    def _id(self, line: Line) -> str:
        """The transaction's name: the source's, with the line's own id, else with a hash of it and of which copy it
        is."""
        if "id" in self._texts:
            own = self._texts["id"](line.cells)
            if not own:
                raise Refused("The line has no id", source=self.name, remedy="Mend it, or leave id out of the source.")
            return f"{self.name}:{own}"
        self._copies[line.raw] += 1
        said = f"{self.name}\0{line.raw}\0{self._copies[line.raw]}"
        return f"{self.name}:{hashlib.sha256(said.encode()).hexdigest()[:32]}"

    def _said(self, key: str, cells: Cells) -> str | None:
        get = self._texts.get(key)
        return None if get is None else get(cells) or None

    def _asked(self) -> list[str]:
        """The columns that rules look at, by which a line is described that none takes."""
        return list(dict.fromkeys(column for rule in self.rules for column, _ in rule.when))

    def _text(self, key: str, value: Any) -> Text:
        field = Field.of(f"{self.name}.{key}", value)
        self.columns.update(field.columns)
        return getter(field)

    def _template(self, key: str, value: str) -> Text:
        """A text with columns in braces; one without is that text itself."""
        return self._text(key, value if "{" in value else {"value": value})

    def _terms(self, said: Any) -> tuple[Term, ...]:
        found = tuple(Term.of(each) for each in ([said] if isinstance(said, str) else said))
        self.columns.update(each.column for each in found)
        return found

    def _rule(self, table: Mapping[str, Any]) -> Rule:
        name = str(table.get("name", ""))
        refuse_unknown(f"{self.name}.rule {name}", table, RULE_KEYS)
        refuse_misshapen(f"{self.name}.rule {name}", table, RULE_SHAPES)
        if not name or not table.get("post"):
            remedy = 'Write name = "charge" and post = { "assets:bank" = "amount", "income:sales" = "-amount" }.'
            raise InvalidConfig("A posting rule has a name, and accounts to post to", source=self.name, remedy=remedy)
        when = tuple(
            (column, frozenset([texts] if isinstance(texts, str) else texts))
            for column, texts in table.get("when", {}).items()
        )
        sign = tuple((Term.of(column), said) for column, said in table.get("sign", {}).items())
        for _, said in sign:
            if said not in SIGNS:
                raise InvalidConfig("No such sign", rule=name, sign=said, remedy=f"Write {' or '.join(SIGNS)}.")
        self.columns.update([*(column for column, _ in when), *(term.column for term, _ in sign)])
        return Rule(
            name,
            when,
            sign,
            self._template("category", str(table.get("category", name))),
            self._text("charge", table["charge"]) if "charge" in table else None,
            self._terms(table["charged"]) if "charged" in table else (),
            tuple((self._template("post", path), self._terms(said)) for path, said in table["post"].items()),
        )


def refuse_misshapen(place: str, table: Mapping[str, Any], shapes: Mapping[str, tuple[Any, str]]) -> None:
    """Raise InvalidConfig for a key whose value is of another shape, saying how it is written."""
    for key, (shape, written) in shapes.items():
        if key in table:
            try:
                msgspec.convert(table[key], shape)
            except msgspec.ValidationError:
                said = repr(table[key])[:80]
                raise InvalidConfig(
                    "Not written so", source=place, key=key, given=said, remedy=f"Write {written}."
                ) from None


def _named(posted: Posted) -> None:
    """Raise InvalidInput for a name that cannot be one, made of a cell that is empty, too long or no text."""
    for each in posted.postings:
        if not laws.is_path(each.account):
            remedy = "Mend the cell that it is made of."
            raise InvalidInput("An account's name is a path", account=repr(each.account), remedy=remedy)
    tags = [f"account:{each.account}" for each in posted.postings]
    tags += [f"transaction:{posted.transaction}", f"category:{posted.category}"]
    normal_tags(tags if posted.charge is None else [*tags, f"charge:{posted.charge}"])


def refuse_unknown(place: str, table: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    """Raise InvalidConfig for a key that means nothing, naming those that are near."""
    for key in table:
        if key not in keys:
            near = get_close_matches(key, keys, 3)
            remedy = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(keys)}."
            raise InvalidConfig("No such key", source=place, key=key, remedy=remedy)

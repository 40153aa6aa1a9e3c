"""A posting rule: which lines of a source it takes, and which accounts they move. What else a line says, such as its id
and its time, is left to source.

    [[pack.ledger.source.stripe.rule]]   # the first rule that takes a line is the one
    name = "charge"
    when = { type = ["charge", "payment"] }   # all of these columns have one of these texts
    sign = { amount = "positive" }            # and these amounts are positive, negative or zero
    category = "charge"                       # default: the rule's name
    charge = "source"                         # the charge that it is about, and
    charged = "amount"                        # what is charged, or below zero given back: no refund above a charge
    post = { "assets:stripe" = "net", "expenses:fees" = "fee?", "income:sales" = "-amount" }

An account is a text with columns in braces; a debit is positive. A charge of amount 10.00 with fee 0.30 and net 9.70
debits assets:stripe by 9.70 and expenses:fees by 0.30, and credits income:sales by 10.00: it comes to zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from whence.errors import InvalidConfig
from whence.moneyfiles.layout import Cells, Columns, Layout, Shapes, Term, Text, Valued, check

SHAPES: Shapes = {
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
Amounts = Callable[[Term], int]
"""What each term of a line comes to, in the smallest unit of its currency."""


class Rule(msgspec.Struct, frozen=True):
    """Which lines it takes, and which accounts they move: `when` has columns and the texts that they may have, `sign`
    terms and their signs, `post` accounts and the terms that are added up for each."""

    name: str
    when: tuple[tuple[str, frozenset[str]], ...]
    sign: tuple[tuple[Term, str], ...]
    category: Text
    charge: Text | None
    charged: tuple[Term, ...]
    post: tuple[tuple[Text, tuple[Term, ...]], ...]

    @classmethod
    def of(cls, table: Mapping[str, Any], layout: Layout) -> Rule:
        """The rule that a table says of lines that are laid out so. Raises InvalidConfig."""
        name = str(table.get("name", ""))
        check(f"{layout.name}.rule {name}", table, SHAPES, "name", "category")
        if not name or not table.get("post"):
            remedy = 'Write name = "charge" and post = { "assets:bank" = "amount", "income:sales" = "-amount" }.'
            raise InvalidConfig("A posting rule has a name, and accounts to post to", source=layout.name, remedy=remedy)
        if ("charge" in table) != ("charged" in table):
            remedy = 'Write charge = "column" and charged = "amount": what is charged, or below zero given back.'
            raise InvalidConfig("A charge and what is charged are said together", rule=name, remedy=remedy)
        when: dict[str, Columns] = table.get("when", {})
        sign: dict[str, str] = table.get("sign", {})
        for said in sign.values():
            if said not in SIGNS:
                raise InvalidConfig("No such sign", rule=name, sign=said, remedy=f"Write {' or '.join(SIGNS)}.")
        layout.columns.update(when)
        texts = {column: [said] if isinstance(said, str) else said for column, said in when.items()}
        return cls(
            name=name,
            when=tuple((column, frozenset(said)) for column, said in texts.items()),
            sign=tuple(zip(layout.terms(list(sign)), sign.values(), strict=True)),
            category=layout.template("category", str(table.get("category", name))),
            charge=layout.text("charge", table["charge"]) if "charge" in table else None,
            charged=layout.terms(table.get("charged", [])),
            post=tuple((layout.template("post", path), layout.terms(said)) for path, said in table["post"].items()),
        )

    def takes(self, cells: Cells, amount: Amounts) -> bool:
        """Whether this is a rule for a line. Raises InvalidInput for an amount that has to be known and is none."""
        return all(cells.get(column, "") in texts for column, texts in self.when) and all(
            SIGNS[sign](amount(term)) for term, sign in self.sign
        )

"""A ledger to which reports of Stripe are posted, and such reports."""

from __future__ import annotations

import io

import whence
from tests.packs.ledger.books import configured
from whence.stores.memory import MemoryStore

STRIPE = """
[pack.ledger.source.stripe]
unit = "minor"
currency = "currency"
id = "id"
time = "created"
text = "description"
reference = "source"
group = "payout_id"
accounts = { assets = "asset", expenses = "expense", income = "income" }
[[pack.ledger.source.stripe.rule]]
name = "charge"
when = { type = ["charge", "payment"] }
charge = "source"
charged = "amount"
post = { "assets:stripe" = "net", "expenses:fees" = "fee?", "income:sales" = "-amount" }
[[pack.ledger.source.stripe.rule]]
name = "refund"
when = { type = "refund" }
charge = "refunds"
charged = "amount"
post = { "assets:stripe" = "net", "expenses:fees" = "fee?", "income:sales" = "-amount" }
[[pack.ledger.source.stripe.rule]]
name = "dispute"
when = { type = "adjustment" }
post = { "assets:stripe" = "net", "expenses:fees" = "fee", "income:disputes" = "-amount" }
[[pack.ledger.source.stripe.rule]]
name = "payout"
when = { type = "payout" }
post = { "assets:stripe" = "net", "assets:bank" = "-net" }
"""
HEAD = "id,created,type,amount,fee,net,currency,source,payout_id,description,refunds\n"


def stripe(*changes: tuple[str, str]) -> whence.Whence:
    text = STRIPE
    for old, new in changes:
        text = text.replace(old, new)
    return whence.Whence(MemoryStore(), configured(text))


def csv(*lines: str) -> io.BytesIO:
    return io.BytesIO((HEAD + "".join(f"{line}\n" for line in lines)).encode())

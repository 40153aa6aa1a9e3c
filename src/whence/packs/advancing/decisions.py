"""What can be decided about the stage of a lead: it moves, is won or is lost, as the pipeline allows."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from whence.errors import Refused
from whence.money import exponent, is_money
from whence.pack import decision
from whence.packs.leads.decisions import must_exist, must_say
from whence.packs.leads.events import Lost, Moved, Won
from whence.packs.leads.state import Lead


@decision
def move(lead: Lead, id: str, stage: str, *, reason: Annotated[str, "why it moves"]) -> Moved | None:
    """$ whence leads move 42 contacted --reason "spoke on the phone" --by anna
    $ whence leads move 42 qualified --reason "budget and need" --by anna

    A lead moves to another stage, as the pipeline allows. Nothing happens where it is in that stage already; to one
    that ends it, it moves by win or lose.
    """
    must_exist(lead, id)
    must_say(reason, id)
    pipeline = lead.pipeline()
    outcome = pipeline.outcome(stage)
    if outcome != "open":
        verb = "win" if outcome == "won" else "lose"
        raise Refused("This stage ends it", lead=id, stage=stage, remedy=f"Use whence leads {verb}.")
    if lead.stage == stage:
        return None
    pipeline.must_allow(lead.stage, stage, lead=id)
    return Moved(id, stage, reason)


@decision
def win(
    lead: Lead,
    id: str,
    *,
    reason: Annotated[str, "why it buys"],
    amount: Annotated[Decimal | None, "for how much, in the currency's own units: 1200.50"] = None,
    currency: Annotated[str | None, "EUR, USD …"] = None,
    stage: Annotated[str | None, "which stage, where several are won; else the first it may go to"] = None,
) -> Won | None:
    """$ whence leads win 42 --amount 1200.50 --currency EUR --reason "best price" --by ben

    A lead buys. Nothing happens where it was won already. The currency is one of ISO 4217, and the amount has no more
    digits behind the point than that has.
    """
    must_exist(lead, id)
    must_say(reason, id)
    if amount is not None and (not currency or not is_money(amount) or amount < 0):
        fact = "An amount is a number, and not negative" if currency else "An amount is in a currency"
        raise Refused(fact, lead=id, amount=amount, remedy="Say --amount 1200.50 --currency EUR.")
    if amount is not None and currency and amount != (rounded := round(amount, exponent(currency))):
        step = Decimal(1).scaleb(-exponent(currency)).copy_sign(amount - rounded)
        remedy = f"Say {rounded} or {rounded + step}."
        raise Refused("An amount is finer than its currency", lead=id, amount=amount, currency=currency, remedy=remedy)
    if amount is None and currency is not None:
        raise Refused("A currency is of an amount", lead=id, currency=currency, remedy="Say --amount 1200.50, too.")
    if (to := lead.pipeline().to_end("won", lead.stage, stage, lead=id)) is None:
        return None
    return Won(id, to, amount, currency, reason)


@decision
def lose(
    lead: Lead,
    id: str,
    *,
    reason: Annotated[str, "why it does not buy"],
    stage: Annotated[str | None, "which stage, where several are lost; else the first it may go to"] = None,
) -> Lost | None:
    """$ whence leads lose 43 --reason "no budget" --by ben

    A lead will not buy. Nothing happens where it was lost already.
    """
    must_exist(lead, id)
    must_say(reason, id)
    if (to := lead.pipeline().to_end("lost", lead.stage, stage, lead=id)) is None:
        return None
    return Lost(id, to, reason)


DECISIONS = (move, win, lose)

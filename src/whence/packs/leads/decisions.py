"""What can be decided about a lead: pure functions of it, which refuse what the pipeline does not allow."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from whence.errors import Refused, near
from whence.pack import decision
from whence.packs.leads.events import Assigned, Changed, Created, Lost, Moved, Scored, Touched, Won, is_money
from whence.packs.leads.state import Lead

Employees = Annotated[int | None, msgspec.Meta(ge=0), "how many work there"]


@decision
def create(
    lead: Lead,
    id: str,
    *,
    source: Annotated[str | None, "where it comes from: website, referral …"] = None,
    name: str | None = None,
    company: str | None = None,
    industry: str | None = None,
    employees: Employees = None,
    country: str | None = None,
    owner: Annotated[str | None, "whose it is from the beginning"] = None,
) -> list[Any]:
    """$ whence leads create 42 --source website --industry software --employees 40 --owner anna --by form
    $ whence leads create 43 --source referral

    A lead is there. It begins in the first stage.
    """
    if lead.since is not None:
        raise Refused("This lead is there already", lead=id, stage=lead.stage, remedy="Use whence leads change.")
    made: list[Any] = [Created(id, source, name, company, industry, employees, country)]
    return made if owner is None else [*made, Assigned(id, owner)]


@decision
def change(
    lead: Lead,
    id: str,
    *,
    source: Annotated[str | None, "where it really came from"] = None,
    name: str | None = None,
    company: str | None = None,
    industry: str | None = None,
    employees: Employees = None,
    country: str | None = None,
    reason: Annotated[str | None, "how that is known"] = None,
) -> Changed:
    """$ whence leads change 42 --employees 60 --reason "annual report" --by anna

    What is known of a lead is something else now. What is not named stays as it was.
    """
    _must_exist(lead, id)
    if not any(each is not None for each in (source, name, company, industry, employees, country)):
        raise Refused("Nothing is changed", lead=id, remedy="Say what: --industry, --employees …")
    return Changed(id, source, name, company, industry, employees, country, reason)


@decision
def touch(
    lead: Lead,
    id: str,
    touch: str,
    *,
    campaign: str | None = None,
    note: Annotated[str | None, "what was said"] = None,
) -> Touched:
    """$ whence leads touch 42 opened --campaign spring --by mailer
    $ whence leads touch 42 called --note "wants a demo" --by anna

    Somebody did something: opened, clicked, replied, attended, called, or any other word of yours.
    """
    _must_exist(lead, id)
    if not touch.strip():
        raise Refused("A touch has a name", lead=id, remedy="Write opened, called, or a word of yours.")
    return Touched(id, touch, campaign, note)


@decision
def assign(lead: Lead, id: str, owner: str, *, reason: str | None = None) -> Assigned | None:
    """$ whence leads assign 42 ben --reason "anna is on leave" --by anna

    A lead has another owner. Nothing happens where it is theirs already.
    """
    _must_exist(lead, id)
    return None if lead.owner == owner else Assigned(id, owner, reason)


@decision
def score(lead: Lead, id: str, points: float, *, reason: Annotated[str, "why it is worth so much"]) -> Scored:
    """$ whence leads score 42 55 --reason "knows our product" --by anna

    A person gives a lead a score. By a scorecard or a function it is given by whence leads rescore.
    """
    _must_exist(lead, id)
    _must_say(reason, id)
    if not math.isfinite(points):
        raise Refused("A score is a number", lead=id, points=points, remedy="Write 55, or 12.5.")
    return Scored(id, int(points) if points == int(points) else points, reason, "by hand")


@decision
def move(lead: Lead, id: str, stage: str, *, reason: Annotated[str, "why it moves"]) -> Moved | None:
    """$ whence leads move 42 contacted --reason "spoke on the phone" --by anna
    $ whence leads move 42 qualified --reason "budget and need" --by anna

    A lead moves to another stage, as the pipeline allows. Nothing happens where it is there already.
    """
    _must_exist(lead, id)
    _must_say(reason, id)
    pipeline = lead.pipeline()
    outcome = pipeline.outcome(stage)
    if stage in pipeline.stages and outcome != "open":
        verb = "win" if outcome == "won" else "lose"
        raise Refused("This stage ends it", lead=id, stage=stage, remedy=f"Use whence leads {verb}.")
    if lead.stage == stage:
        return None
    _must_be_allowed(lead, id, stage)
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

    A lead buys. Nothing happens where it was won already.
    """
    _must_exist(lead, id)
    _must_say(reason, id)
    if amount is not None and (not currency or not is_money(amount) or amount < 0):
        fact = "An amount is a number, and not negative" if currency else "An amount is in a currency"
        raise Refused(fact, lead=id, amount=amount, remedy="Say --amount 1200.50 --currency EUR.")
    if (to := _stage_to_end_in(lead, id, stage, lead.pipeline().won)) is None:
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
    _must_exist(lead, id)
    _must_say(reason, id)
    if (to := _stage_to_end_in(lead, id, stage, lead.pipeline().lost)) is None:
        return None
    return Lost(id, to, reason)


def _must_exist(lead: Lead, id: str) -> None:
    if lead.since is None:
        raise Refused("No such lead", lead=id, remedy="Create it first: whence leads create.")


def _must_say(reason: str, id: str) -> None:
    if not reason.strip():
        raise Refused("A reason says something", lead=id, remedy="Say why in a few words.")


def _must_be_allowed(lead: Lead, id: str, stage: str) -> None:
    stages = lead.pipeline().stages
    if stage not in stages:
        raise Refused("No such stage", lead=id, stage=stage, remedy=near(stage, stages))
    allowed = stages.get(lead.stage or "", tuple(stages))
    if stage not in allowed:
        remedy = f"From {lead.stage} it may go to: {', '.join(allowed) or 'no other'}."
        raise Refused("The pipeline does not allow this move", lead=id, stage=lead.stage, to=stage, remedy=remedy)


def _stage_to_end_in(lead: Lead, id: str, stage: str | None, ends: tuple[str, ...]) -> str | None:
    """The stage to end in; None where it is in one of these already."""
    if lead.stage in ends and stage in (None, lead.stage):
        return None
    if stage is not None and stage not in ends:
        raise Refused("This stage is not such an end", lead=id, stage=stage, remedy=f"There are: {', '.join(ends)}.")
    allowed = lead.pipeline().stages.get(lead.stage or "", ends)
    chosen = stage or next((each for each in ends if each in allowed), ends[0])
    _must_be_allowed(lead, id, chosen)
    return chosen


DECISIONS = (create, change, touch, assign, score, move, win, lose)

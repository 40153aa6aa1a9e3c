"""What can be decided about a lead beside its stage: that it is there, what is known of it, what was done, whose it is,
and its score. Stages are decided in whence.packs.advancing."""

from __future__ import annotations

import math
from typing import Annotated, Any

import msgspec

from whence.errors import Refused
from whence.pack import decision
from whence.packs.leads.events import Assigned, Changed, Created, Scored, Touched
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
    if lead.stage is not None:  # by events of others alone it may be known, and in no stage yet
        raise Refused("This lead is there already", lead=id, stage=lead.stage, remedy="Use whence leads change.")
    created = Created(id, source, name, company, industry, employees, country)
    return [created] if owner is None else [created, Assigned(id, owner)]


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
    must_exist(lead, id)
    changed = Changed(id, source, name, company, industry, employees, country, reason)
    if changed == Changed(id, reason=reason):
        raise Refused("Nothing is changed", lead=id, remedy="Say what: --industry, --employees …")
    return changed


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
    must_exist(lead, id)
    if not touch.strip():
        raise Refused("A touch has a name", lead=id, remedy="Write opened, called, or a word of yours.")
    return Touched(id, touch, campaign, note)


@decision
def assign(lead: Lead, id: str, owner: str, *, reason: str | None = None) -> Assigned | None:
    """$ whence leads assign 42 ben --reason "anna is on leave" --by anna

    A lead has another owner. Nothing happens where it is theirs already.
    """
    must_exist(lead, id)
    return None if lead.owner == owner else Assigned(id, owner, reason)


@decision
def score(lead: Lead, id: str, points: float, *, reason: Annotated[str, "why it is worth so much"]) -> Scored:
    """$ whence leads score 42 55 --reason "knows our product" --by anna

    A person gives a lead a score. By a scorecard or a function it is given by whence leads rescore.
    """
    must_exist(lead, id)
    must_say(reason, id)
    if not math.isfinite(points):
        raise Refused("A score is a number", lead=id, points=points, remedy="Write 55, or 12.5.")
    return Scored(id, int(points) if points == int(points) else points, reason, "by hand")


def must_exist(lead: Lead, id: str) -> None:
    """Raise Refused where nothing was ever heard of it."""
    if lead.since is None:
        raise Refused("No such lead", lead=id, remedy="Create it first: whence leads create.")


def must_say(reason: str, id: str) -> None:
    """Raise Refused for a reason that says nothing."""
    if not reason.strip():
        raise Refused("A reason says something", lead=id, remedy="Say why in a few words.")


DECISIONS = (create, change, touch, assign, score)

"""What all tables of leads rest on: which leads are meant, and what is said of several: shares, what they bought for,
and days, whole ones and parts of 24 hours."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Annotated

from whence.errors import InvalidQuery, NotKnown, near
from whence.pack import Asked
from whence.packs.leads.pipeline import Pipeline
from whence.packs.leads.state import Lead

DAY = timedelta(days=1)
UNKNOWN = "—"
"""What stands for a source, an owner or a reason that nobody said."""

Source = Annotated[str | None, "only leads from this source"]
Owner = Annotated[str | None, "only leads of this owner"]
Since = Annotated[date | None, "only leads that came on this day or later"]
Until = Annotated[date | None, "only leads that came on this day or earlier"]


def leads_meant(
    asked: Asked,
    source: str | None = None,
    owner: str | None = None,
    since: date | None = None,
    until: date | None = None,
) -> tuple[Pipeline, dict[str, Lead]]:
    """The pipeline in force, `stages` to its users since a table is called pipeline, and the leads that are meant.
    Raises NotKnown where none has the source or the owner."""
    if since is not None and until is not None and until < since:
        remedy = "Let --until be the later day."
        raise InvalidQuery("It ends before it begins", since=since, until=until, remedy=remedy)
    leads = asked.states(Lead)
    for what, said in (("source", source), ("owner", owner)):
        known = {found for lead in leads.values() if (found := getattr(lead, what)) is not None}
        if said is not None and said not in known and known:
            raise NotKnown(f"No lead has this {what} then", **{what: said}, remedy=near(said, sorted(known)))

    def meant(lead: Lead) -> bool:
        came = lead.since
        if came is None or source not in (None, lead.source) or owner not in (None, lead.owner):
            return False
        day = came.astimezone(asked.zone).date()
        return (since is None or since <= day) and (until is None or day <= until)

    found = {id: lead for id, lead in leads.items() if meant(lead)}
    if not found and not any(value for value in (source, owner, since, until)):
        remedy = "Import some, or whence leads create; [pack.leads.events] says which events of others are read."
        raise NotKnown("No lead is there", remedy=remedy)
    return asked.as_configured(Lead).pipeline(), found


def grouped(leads: Iterable[Lead], key: Callable[[Lead], str | None]) -> dict[str, list[Lead]]:
    """Leads by what the key says of each, UNKNOWN where it says nothing."""
    found: dict[str, list[Lead]] = {}
    for lead in leads:
        found.setdefault(key(lead) or UNKNOWN, []).append(lead)
    return found


def days_between(since: datetime | None, until: datetime | None) -> float:
    """None of them where the first is not known, or still lies ahead."""
    return 0.0 if since is None or until is None else max((until - since) / DAY, 0.0)


def median_days(days: Iterable[float]) -> float | None:
    found = list(days)
    return round(median(found), 2) if found else None


def share_of(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def value_of(leads: Iterable[Lead]) -> str:
    """What they bought for, exactly, by currency."""
    sums: dict[str, Decimal] = {}
    for lead in leads:
        if lead.amount is not None:
            sums[lead.currency or ""] = sums.get(lead.currency or "", Decimal()) + lead.amount
    return ", ".join(f"{amount} {currency}".strip() for currency, amount in sorted(sums.items()))

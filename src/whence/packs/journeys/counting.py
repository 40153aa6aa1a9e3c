"""`whence journeys funnel`, `times`, `dropped`, `cohorts`, `retention` and `customers`: parse, one call, show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import rich_click as click

from whence.cli import exits, screen
from whence.cli.command import command, option
from whence.cli.screen import Column
from whence.packs import journeys
from whence.packs.journeys.cohorts import Cohort, Customer
from whence.packs.journeys.duration import SECOND_US, text_of
from whence.packs.journeys.funnel import TOP, VERSIONS, Duration, Group, Row
from whence.packs.journeys.shown import (
    UNITS,
    any_of,
    asking,
    draw,
    drawn,
    draws,
    form_in,
    head_text,
    in_order,
    moment,
    number,
    of_whom,
    percent,
    zone,
)


@command(
    "funnel",
    "whence journeys funnel Visited SignedUp Bought --within '30 days'",
    "whence journeys funnel Visited 'signed up: SignedUp|Invited' 'Bought amount>=20' --by source --json",
    "whence journeys funnel Visited Bought --period 2026-01-05..2026-01-08 --period 2026-01-09 --picture funnel.html",
    brief="How many customers get from step to step.",
)
@click.argument("steps", nargs=-1, required=True, metavar="STEP...")
@in_order
@option("--by", metavar="FIELD", help="A funnel for each value, as the start has it; settings: the version named.")
@option("--period", "periods", multiple=True, metavar="PERIOD", help="Starts in this: 2026-01, or A..B; more compare.")
@option("--versions", is_flag=True, help="Compare the periods between changes of whence.toml's settings.")
@option("--top", type=click.IntRange(1), default=TOP, metavar="N", help="So many values have their own funnel.")
@drawn
@of_whom
def funnel(steps: tuple[str, ...], pictures: tuple[str, ...], versions: bool, **told: Any) -> int:
    """A step is an event type, several as A|B, with conditions and a name: "Bought: Paid|Invoiced amount>=20". ordered:
    other events may lie between; strict: each step is the very next event; any: in whichever order. A customer counts
    once, by the start that gets furthest. did_it_at_all counts whoever did the step, whatever else.

    Of several periods only the starts lie in each; --within makes them comparable. The command ends with 1
    when nobody did the first step."""
    shown = form_in(told)
    periods = [VERSIONS] if versions else told.pop("periods")
    told.pop("periods", None)
    with asking(told) as (_, asked):
        found = journeys.funnel(asked, steps, periods=periods, **told)
        several = len(found.groups) > 1 or found.groups[0].name != "all"
        columns = [Column("group", "cyan")] if several else []
        columns += [Column("step", "bold"), Column("customers", "yellow", right=True)]
        columns += [Column(name, right=True) for name in ("of_first", "of_previous", "dropped", "did_it_at_all")]
        columns.append(Column("median" if shown == "screen" else "median_s", right=True))
        rows = (
            (*([group.name] if several else []), *_funnel_row(row, shown))
            for group in found.groups
            for row in group.rows
        )
        screen.table(columns, rows, shown, caption=head_text(asked))
        for group in found.groups:
            if group.still_open:
                said = "" if group.name == "all" else f"{group.name}: "
                screen.note(f"{said}{group.still_open:,} started too late to be judged, and may still convert.")
        draw(asked, pictures, "funnel", f"From {found.steps[0]} to {found.steps[-1]}", lambda: draws("funnel")(found))
        return exits.OK if any(group.rows[0].customers for group in found.groups) else exits.NO


def _open(group: Group, shown: screen.Form) -> tuple[Any, ...]:
    """How many may still convert, which a note says on the screen."""
    return () if shown == "screen" else (group.still_open,)


def _funnel_row(row: Row, shown: screen.Form) -> tuple[Any, ...]:
    if shown != "screen":
        return tuple(getattr(row, name) for name in row.__struct_fields__)
    shares = ("" if each is None else f"{each:.1%}" for each in (row.of_first, row.of_previous))
    took = "" if row.median_s is None else text_of(row.median_s * SECOND_US)
    did = "" if row.did_it_at_all is None else f"{row.did_it_at_all:,}"
    return row.step, f"{row.customers:,}", *shares, f"{row.dropped:,}", did, took


@command(
    "times",
    "whence journeys times Visited SignedUp Bought",
    brief="How long customers take from step to step.",
)
@click.argument("steps", nargs=-1, required=True, metavar="STEP...")
@in_order
@option("--period", metavar="PERIOD", help="Starts in this: 2026-01, or A..B.")
@of_whom
def times(steps: tuple[str, ...], **told: Any) -> int:
    """A row for each step and the next, and one from the first to the last: of those who got there, the shortest and
    the longest time, the mean, the median, and what a quarter, three quarters and nine tenths stay below. Steps are
    written as in whence journeys funnel. In JSON and CSV times are seconds."""
    shown = form_in(told)
    with asking(told) as (_, asked):
        found = journeys.times(asked, steps, **told)
        numbers = [name for name in Duration.__struct_fields__ if name.endswith("_s")]
        columns = [Column("from", "bold"), Column("to", "bold"), Column("customers", "yellow", right=True)]
        columns += [Column(name.removesuffix("_s") if shown == "screen" else name, right=True) for name in numbers]
        rows = (
            (row.from_step, row.to_step, row.customers, *(_took(getattr(row, name), shown) for name in numbers))
            for row in found
        )
        screen.table(columns, rows, shown, caption=head_text(asked))
        return exits.OK if any(row.customers for row in found) else exits.NO


def _took(seconds: float | None, shown: screen.Form) -> Any:
    return seconds if shown != "screen" or seconds is None else text_of(seconds * SECOND_US)


@command(
    "dropped",
    "whence journeys dropped Visited SignedUp Bought",
    "whence journeys dropped Visited SignedUp Bought --step Visited --json",
    brief="Who dropped out where, by name.",
)
@click.argument("steps", nargs=-1, required=True, metavar="STEP...")
@option("--step", metavar="NAME|NUMBER", help="Only who got to this step and no further.")
@option("--limit", type=click.IntRange(1), metavar="N", help="So many, those who wait longest first.")
@in_order
@option("--period", metavar="PERIOD", help="Starts in this: 2026-01, or A..B.")
@of_whom
def dropped(steps: tuple[str, ...], limit: int | None, **told: Any) -> int:
    """The customers who got to a step and not to the next one: when they got there, what is missing, and the last that
    is known of them. Those who wait longest come first. Steps are written as in whence journeys funnel."""
    shown = form_in(told)
    with asking(told) as (db, asked):
        found = journeys.dropped(asked, steps, **told)
        columns = [Column("customer", "cyan"), Column("step"), Column("since", "blue"), Column("missing", "yellow")]
        columns += [Column("last"), Column("last_at", "blue")]
        rows = (
            (
                row.customer,
                row.step,
                moment(db, row.since_us, shown),
                row.missing,
                row.last_type,
                moment(db, row.last_us, shown),
            )
            for row in found[:limit]
        )
        screen.table(columns, rows, shown, caption=f"{len(found):,} dropped out; {head_text(asked)}, {zone(db)}")
        return any_of(len(found), shown)


@command(
    "cohorts",
    "whence journeys cohorts --unit week",
    "whence journeys cohorts --begin Bought --total amount --picture cohorts.html",
    brief="Who began together, and how many came back.",
)
@option("--unit", type=UNITS, default="month", help="How long a period is.")
@option("--begin", metavar="STEP", help="What a customer begins with; else any event.")
@option("--returns", metavar="STEP", help="What counts as coming back; else the same as --begin.")
@option("--total", metavar="FIELD", help="Sum up this field instead of counting customers.")
@drawn
@of_whom
def cohorts(pictures: tuple[str, ...], **told: Any) -> int:
    """A row for each period in which customers began, with how many there are and, for each period from then on, how
    many did it again, or with --total what they brought. Period 0 is the one in which they began."""
    shown = form_in(told)
    unit, is_money = told["unit"], told["total"] is not None
    with asking(told) as (db, asked):
        found = journeys.cohorts(asked, **told)
        width = max((len(each.values) for each in found), default=0)
        columns = [Column("began", "cyan"), Column("customers", "yellow", right=True)]
        columns += [Column(str(place), right=True) for place in range(width)]
        if shown == "json":
            screen.json_lines(
                {"began": row.began, "customers": row.customers, "values": row.values, "is_open": row.is_open}
                for row in found
            )
        else:
            rows = ((row.began.isoformat(), row.customers, *_cells(row, width, is_money, shown)) for row in found)
            screen.table(columns, rows, shown, caption=f"by {unit}, {head_text(asked)}; {zone(db)}")
        if found and found[-1].is_open and shown == "screen":
            screen.note(f"The last {unit} of each row is not over.")
        draw(asked, pictures, "cohorts", f"Cohorts by {unit}", lambda: draws("cohorts")(found, unit))
        return any_of(len(found), shown)


def _cells(row: Cohort, width: int, is_money: bool, shown: screen.Form) -> Iterator[Any]:
    for value in row.values:
        if shown != "screen":
            yield value
        elif is_money:
            yield f"{value:,}"
        else:
            yield f"{value / row.customers:.1%}"
    yield from [""] * (width - len(row.values))


@command(
    "retention",
    "whence journeys retention --begin Visited --returns Bought --upto 7",
    "whence journeys retention --type unbounded --unit week --upto 4 --picture retention.html",
    "whence journeys retention --type bracket --bracket 0 --bracket 1-3 --bracket 4-7",
    brief="The share of customers who come back.",
)
@option("--type", "kind", type=click.Choice(["n-day", "unbounded", "bracket"]), default="n-day", help="What counts.")
@option("--unit", type=UNITS, default="day", help="How long a period is.")
@option("--begin", metavar="STEP", help="What a customer begins with; else any event.")
@option("--returns", metavar="STEP", help="What counts as coming back; else the same as --begin.")
@option("--upto", type=click.IntRange(0), default=30, metavar="N", help="The last period.")
@option("--bracket", "brackets", multiple=True, metavar="N-M", help="Several periods as one; may be given again.")
@drawn
@of_whom
def retention(pictures: tuple[str, ...], **told: Any) -> int:
    """n-day: who came back in period n. unbounded: in period n or any later one. bracket: in any of several periods.
    Period 0 is the one in which a customer began, a day of the calendar, a week from Monday, or a month. Only those
    count for whom the period is over: eligible."""
    shown = form_in(told)
    kind, unit = told["kind"], told["unit"]
    with asking(told) as (db, asked):
        found = journeys.retention(asked, **told)
        columns = [Column(unit, "cyan", right=True), *(Column(name, right=True) for name in ("eligible", "returned"))]
        rows = (
            (row.period, row.eligible, row.returned, row.share if shown != "screen" else percent(row.share))
            for row in found
        )
        caption = f"{kind} retention, {head_text(asked)}; {zone(db)}"
        screen.table([*columns, Column("share", "green", right=True)], rows, shown, caption=caption)
        title = f"Retention ({kind})"
        draw(asked, pictures, "retention", title, lambda: draws("retention")(found, kind, unit))
        return exits.OK if any(row.eligible for row in found) else exits.NO


@command(
    "customers",
    "whence journeys customers Bought",
    "whence journeys customers Bought --total amount --at 2026-01-20 --json",
    brief="How often, how lately and for how much each bought.",
)
@click.argument("bought", metavar="STEP")
@option("--total", metavar="FIELD", help="The field to sum up.")
@option("--top", type=click.IntRange(1), metavar="N", help="So many, the most frequent first.")
@of_whom
def customers(bought: str, **told: Any) -> int:
    """A row for each customer, as the models of Fader and Hardie (BG/NBD and others) ask it, in days. frequency: days
    with a purchase after the first; recency: from the first to the last; age: from the first to the moment asked about;
    monetary: the mean of a repeat day; total: all of it."""
    shown = form_in(told)
    with asking(told) as (db, asked):
        found = journeys.customers(asked, bought, **told)
        names = Customer.__struct_fields__
        columns = [Column(name, "cyan" if name == "customer" else "", right=name != "customer") for name in names]
        rows = (tuple(number(getattr(row, name)) for name in names) for row in found)
        screen.table(columns, rows, shown, caption=f"{len(found):,} customers, {head_text(asked)}; {zone(db)}")
        return any_of(len(found), shown)


COMMANDS = (funnel, times, dropped, cohorts, retention, customers)

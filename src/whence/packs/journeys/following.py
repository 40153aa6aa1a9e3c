"""`whence journeys timeline`, `sessions`, `paths`, `attribution` and `check`: parse, one call, show."""

from __future__ import annotations

from typing import Any

import rich_click as click

from whence.cli import exits, screen
from whence.cli.command import as_form, at_moment, at_store, command, in_zone, opened, option
from whence.cli.screen import Column
from whence.packs import journeys
from whence.packs.journeys.attribution import MODELS, NONE, Credit
from whence.packs.journeys.duration import SECOND_US, text_of
from whence.packs.journeys.sequence import Fault
from whence.packs.journeys.sessions import Sessions
from whence.packs.journeys.shown import (
    UNITS,
    any_of,
    asking,
    draw,
    drawn,
    draws,
    form_in,
    head_text,
    moment,
    number,
    of_whom,
    percent,
    zone,
)
from whence.packs.journeys.timeline import GAP

paused = option("--gap", default=GAP, metavar="DURATION", help="A pause that ends a session.")


@command(
    "timeline",
    "whence journeys timeline visitor:abc",
    "whence journeys timeline lead:42 --at 2026-01-07 --json",
    brief="All touchpoints of one customer over all sources.",
)
@click.argument("name", metavar="NAME")
@paused
@option("--kind", "kinds", multiple=True, metavar="KIND", help="Tags that name customers; the main kind first.")
@at_moment
@at_store
@in_zone
@as_form
def timeline(name: str, store: str | None, **told: Any) -> int:
    """The touchpoints of the customer who has a name, under all the names that are joined with it, in the order in
    which they happened: when, in which session, what, under which name, by whom and from where. The moments at which
    names were joined or separated stand among them, without a session. An earlier moment by the recorded clock gives
    what was known then. Ends with 1 when nothing is known of the name."""
    shown = form_in(told)
    with opened(store, zone=told.pop("zone")) as db:
        found = journeys.timeline(db, name, **told)
        columns = [Column("time", "blue"), Column("session", right=True), Column("type", "bold")]
        columns += [
            Column("name", "cyan"),
            Column("by"),
            Column("source"),
            Column("position", right=True),
            Column("data"),
        ]
        rows = (
            (
                moment(db, each.time_us, shown),
                each.session,
                each.type,
                each.name,
                each.actor,
                each.source,
                each.position,
                _data(each.data) if shown == "screen" else each.data,
            )
            for each in found.touches
        )
        said = f"{', '.join(found.names)}; as of @{found.head}, {zone(db)}"
        screen.table(columns, rows, shown, caption=said)
        return exits.OK


def _data(data: Any) -> Any:
    return "  ".join(screen.pair(key, value) for key, value in data.items()) if isinstance(data, dict) else data


@command(
    "sessions",
    "whence journeys sessions --by week",
    "whence journeys sessions visitor:abc --gap '2 hours'",
    brief="Visits: touchpoints without a long pause between them.",
)
@click.argument("name", required=False, metavar="[NAME]")
@paused
@option("--by", "unit", type=UNITS, help="A row for each period instead of each session.")
@option("--limit", type=click.IntRange(1), metavar="N", help="So many sessions, the newest first.")
@of_whom
def sessions(name: str | None, gap: str, unit: str | None, limit: int | None, **told: Any) -> int:
    """The sessions, the newest first, of all customers or of the one who has a name: when, how long, how many
    touchpoints, the first and the last. With --by: how many began in each period, of how many customers, how many
    touchpoints they have on average, how long they last in the median, and the share of one touchpoint alone."""
    shown = form_in(told)
    if unit is not None and (name is not None or limit is not None):
        raise click.UsageError("--by counts the sessions of all; leave out the name and --limit.")
    with asking(told) as (db, asked):
        caption = f"{head_text(asked)}; {zone(db)}"
        if unit is not None:
            counts = journeys.sessions_by(asked, unit, gap=gap)  # type: ignore[arg-type]
            names = Sessions.__struct_fields__
            columns = [Column(name, "cyan" if name == "began" else "", right=name != "began") for name in names]
            rows_by: Any = (tuple(_counted(name, getattr(each, name), shown) for name in names) for each in counts)
            return any_of(screen.table(columns, rows_by, shown, caption=caption), shown)
        found = journeys.sessions(asked, name=name, gap=gap, limit=limit)
        columns = [Column("began", "blue"), Column("customer", "cyan"), Column("number", right=True)]
        columns += [Column("lasted" if shown == "screen" else "seconds", right=True), Column("events", right=True)]
        columns += [Column("entry"), Column("exit")]
        rows = (
            (
                moment(db, each.began_us, shown),
                each.customer,
                each.number,
                _lasted(each.ended_us - each.began_us, shown),
                each.events,
                each.entry,
                each.exit,
            )
            for each in found
        )
        return any_of(screen.table(columns, rows, shown, caption=caption), shown)


def _counted(name: str, value: Any, shown: screen.Form) -> Any:
    if name == "began":
        return value.isoformat()
    return percent(value) if name == "of_one_event" and shown == "screen" else value


def _lasted(us: int, shown: screen.Form) -> Any:
    return text_of(us) if shown == "screen" else us / SECOND_US


@command(
    "paths",
    "whence journeys paths --from Visited --depth 3",
    "whence journeys paths --to Bought --depth 3 --picture paths.html",
    brief="Which touchpoints follow each other.",
)
@option("--from", "start", metavar="STEP", help="What follows the first of these; else the first touchpoint.")
@option("--to", "end", metavar="STEP", help="What comes before the last of these.")
@option("--depth", type=click.IntRange(1, 12), default=4, metavar="N", help="So many links.")
@option("--top", type=click.IntRange(1), default=8, metavar="N", help="So many types at each depth have their name.")
@option("--repeats", is_flag=True, help="Count several of a type in a row one by one.")
@drawn
@of_whom
def paths(pictures: tuple[str, ...], **told: Any) -> int:
    """How many customers went from one touchpoint to the next, at each depth: after the first event named by --from, or
    before the last one named by --to. (end): nothing came after it; (beginning): nothing before; (other): one of the
    rarer types. A picture is a Sankey diagram."""
    shown = form_in(told)
    depth, start, end = told["depth"], told["start"], told["end"]
    with asking(told) as (_, asked):
        found = journeys.paths(asked, **told)
        columns = [Column("depth", right=True), Column("from", "cyan"), Column("to", "cyan")]
        columns.append(Column("customers", "yellow", right=True))
        rows = ((each.depth, each.source, each.target, each.customers) for each in found)
        count = screen.table(columns, rows, shown, caption=head_text(asked))
        title = f"What comes before {end}" if end else f"What follows {start}" if start else "Paths"
        draw(asked, pictures, "paths", title, lambda: draws("sankey")(found, depth))
        return any_of(count, shown)


@command(
    "attribution",
    "whence journeys attribution Bought --touch 'Visited|Read' --channel source",
    "whence journeys attribution Bought --touch Visited --channel source --model first --model decay --total amount",
    brief="Which channels the conversions are owed to.",
)
@click.argument("conversion", metavar="STEP")
@option("--touch", "touches", multiple=True, required=True, metavar="STEP", help="What may have helped; may repeat.")
@option("--channel", metavar="FIELD", help="The field that names the channel; else the event type does.")
@option("--model", "models", multiple=True, type=click.Choice(MODELS), help="Only this model; may be given again.")
@option("--within", default="30 days", metavar="DURATION", help="So long before a conversion touchpoints count.")
@option("--half-life", default="7 days", metavar="DURATION", help="After so long decay has halved a credit.")
@option("--total", metavar="FIELD", help="A field of conversions to share out too.")
@of_whom
def attribution(conversion: str, touches: tuple[str, ...], models: tuple[str, ...], **told: Any) -> int:
    """Each conversion is worth 1 and shared among the customer's touchpoints before it. first and last: all to one;
    linear: the same to each; decay: halved by each half-life before the conversion; position: 40 % to the first, 40 %
    to the last, the rest to those between. Shares add up exactly. (none): no touchpoint came before. Without --model
    all models stand side by side."""
    shown = form_in(told)
    chosen = models or MODELS
    with asking(told) as (_, asked):
        found = journeys.attribution(asked, conversion, touches, models=chosen, **told)
        if shown != "screen":
            columns = [Column(name) for name in Credit.__struct_fields__]
            rows: Any = (tuple(number(getattr(each, name)) for name in Credit.__struct_fields__) for each in found)
            return any_of(screen.table(columns, rows, shown), shown)
        is_money = any(each.total is not None for each in found)
        by_both = {(each.model, each.channel): each for each in found}
        channels = sorted(
            {each.channel for each in found}, key=lambda name: (name == NONE, -_credit(by_both, chosen, name), name)
        )
        columns = [Column("channel", "cyan"), *(Column(model, right=True) for model in chosen)]
        rows = ((name, *(_shown(by_both.get((model, name)), is_money) for model in chosen)) for name in channels)
        what = "conversions, and what they come to" if is_money else "conversions"
        return any_of(screen.table(columns, rows, shown, caption=f"{what}; {head_text(asked)}"), shown)


def _credit(by_both: dict[tuple[str, str], Credit], models: Any, name: str) -> float:
    return max(float(each.conversions) if (each := by_both.get((model, name))) else 0 for model in models)


def _shown(credit: Credit | None, is_money: bool) -> str:
    if credit is None:
        return "—"
    text = f"{credit.conversions:,.2f} · {credit.share:.1%}"
    return f"{text} · {credit.total:,.2f}" if is_money else text


@command(
    "check",
    "whence journeys check --sequence number --source actor",
    brief="Gaps, conflicts and clocks that run backwards.",
)
@option("--sequence", metavar="FIELD", help="The field in which sources number what they send.")
@option("--source", metavar="FIELD", help="The field that tells sources apart, or actor; else all are one.")
@of_whom
def check(**told: Any) -> int:
    """Looks for numbers that are missing, that came again with the same or with other content, for times that run
    backwards in the order of the numbers, and for customers of the main kind that were joined into one. Nothing is
    dropped or repaired: every event counts in every other question. The command ends with 1 when there is a fault."""
    shown = form_in(told)
    with asking(told) as (_, asked):
        found = journeys.check(asked, told.pop("sequence"), **told)
        columns = [Column(name, "yellow" if name == "fault" else "") for name in Fault.__struct_fields__]
        rows = (tuple(getattr(each, name) for name in Fault.__struct_fields__) for each in found.faults)
        screen.table(columns, rows, shown)
        if shown == "screen":
            kinds = _some(len(found.faults), "fault") if found.faults else "No fault"
            of = (
                f"{_some(found.events, 'numbered event')} of {_some(found.sources, 'source')}, and who is who"
                if found.events
                else ""
            )
            screen.dim(f"{kinds} in {of or 'who is who; no event has such a number'}; {head_text(asked)}")
        return exits.NO if found.faults else exits.OK


def _some(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


COMMANDS = (timeline, sessions, paths, attribution, check)

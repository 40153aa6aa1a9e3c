"""The commands beside those of the decisions and tables: parse, one call, show. How a field is shown is told from its
name: `_us` is a moment, `_s` a span of seconds, and on the screen some are shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, tzinfo
from decimal import Decimal
from functools import wraps
from typing import TYPE_CHECKING, Any

import msgspec
import rich_click as click

from whence.cli import exits, screen
from whence.cli.command import (
    as_form,
    at_moment,
    at_store,
    command,
    form_of,
    grouped,
    in_zone,
    opened,
    option,
    times_in,
)
from whence.cli.screen import Column, Form
from whence.clock import to_iso
from whence.duration import SECOND_US, text_of
from whence.moments import second_of
from whence.packs import journeys
from whence.packs.journeys import separating
from whence.packs.journeys.attribution import MODELS, NONE, Credit
from whence.packs.journeys.cohorts import Cohort, Customer, Retained
from whence.packs.journeys.funnel import TOP, VERSIONS, Dropped, Duration, Row
from whence.packs.journeys.paths import Link
from whence.packs.journeys.sequence import Fault
from whence.packs.journeys.sessions import Session, Sessions
from whence.packs.journeys.timeline import GAP, Touch
from whence.packs.journeys.touchpoints import Touchpoints, touchpoints
from whence.picture import kind_of, save

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

STYLES = {"customer": "cyan", "name": "cyan", "customers": "yellow", "missing": "yellow", "fault": "yellow"}
STYLES |= {"share": "green"} | dict.fromkeys(("step", "type", "from", "to"), "bold")
SHARES = ("share", "of_first", "of_previous", "of_one_event")
COUNTS = ("customers", "dropped", "did_it_at_all")
NUMBERS = ("int", "float", "Decimal")

by_kind = option(
    "--kind", "kinds", multiple=True, metavar="KIND", help="Tags that name customers; the main kind first."
)
how = grouped(at_moment, at_store, in_zone, as_form)
in_order = grouped(
    option("--order", type=click.Choice(["ordered", "strict", "any"]), default="ordered", help="How steps may lie."),
    option("--within", metavar="DURATION", help="So long after the start the last step still counts: '30 days'."),
    option("--exclude", multiple=True, metavar="STEP", help="An event that ends an attempt; may be given again."),
)
of_period = option("--period", metavar="PERIOD", help="Starts in this: 2026-01, or A..B.")
paused = option("--gap", default=GAP, metavar="DURATION", help="A pause that ends a session.")
UNITS = click.Choice(["day", "week", "month"])


def _can_be_drawn(_context: click.Context, _option: click.Parameter, paths: tuple[str, ...]) -> tuple[str, ...]:
    """The files, each of which ends as a picture does: that is said before anything is asked."""
    for path in paths:
        kind_of(path)
    return paths


def _counts_all(context: click.Context, _option: click.Parameter, unit: str | None) -> str | None:
    """A unit, which goes with no name and no limit: that is said before anything is asked."""
    if unit is not None and (context.params.get("name") is not None or context.params.get("limit") is not None):
        raise click.UsageError("--by counts the sessions of all; leave out the name and --limit.")
    return unit


drawn = option(
    "--picture",
    "pictures",
    multiple=True,
    metavar="FILE",
    callback=_can_be_drawn,
    help="Draw it: a page .html, or .png.",
)


def asking(function: Callable[..., int]) -> Callable[..., int]:
    """A command that is told the touchpoints and the form instead of the options that name them."""

    @wraps(function)
    def told(
        kinds: Any, no_build: bool, at: Any, clock: str, store: Any, zone: Any, as_json: bool, as_csv: bool, **rest: Any
    ) -> int:
        shown = form_of(as_json, as_csv)
        with (
            opened(store, zone=zone) as db,
            screen.progress("Building segments") as progress,
            touchpoints(db, kinds=kinds, at=at, clock=clock, build=not no_build, progress=progress) as asked,
        ):
            return function(asked, shown, **rest)

    no_build = option("--no-build", "no_build", is_flag=True, help="Write no segments, whatever is missing.")
    return grouped(by_kind, no_build, how)(told)  # type: ignore[no-any-return]


def show(
    asked: Touchpoints,
    shown: Form,
    kind: Any,
    found: Iterable[Any],
    fields: Mapping[str, str] | None = None,
    said: str | None = None,
) -> int:
    """A table of structs of a kind; returns how many there were. `fields` are the columns, each with the field that is
    in it; by default all of the struct."""
    named = fields or {field: field for field in kind.__struct_fields__}
    rows = (cells(row, named.values(), shown, asked.zone) for row in found)
    caption = f"{head_text(asked)}; {zone(asked)}" if said is None else said
    return screen.table(columns(kind, named, shown), rows, shown, caption=caption)


def columns(kind: Any, fields: Mapping[str, str], shown: Form) -> list[Column]:
    """The columns of some fields of a struct; numbers stand to the right."""
    return [
        Column(
            name.removesuffix("_s") if shown == "screen" else name,
            "blue" if field.endswith("_us") else STYLES.get(name, ""),
            right=_is_number(kind, field),
        )
        for name, field in fields.items()
    ]


def _is_number(kind: Any, field: str) -> bool:
    said = str(kind.__annotations__.get(field, "float")).split(" ")[0]
    return field == "period" or (said in NUMBERS and not field.endswith("_us"))


def cells(row: Any, fields: Iterable[str], shown: Form, zone: tzinfo) -> tuple[Any, ...]:
    return tuple(_cell(field, getattr(row, field), shown, zone) for field in fields)


def _cell(field: str, value: Any, shown: Form, zone: tzinfo) -> Any:
    if field.endswith("_us"):
        return second_of(value, zone) if shown == "screen" else to_iso(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    if shown != "screen":
        return value
    if field.endswith("_s"):
        return "" if value is None else text_of(value * SECOND_US)
    if field in SHARES:
        return "" if value is None else f"{value:.1%}"
    if field in COUNTS:
        return "" if value is None else f"{value:,}"
    return "  ".join(screen.pair(key, each) for key, each in value.items()) if isinstance(value, dict) else value


def head_text(asked: Touchpoints) -> str:
    """Which head an answer is for, and what of it came from segments."""
    built = f", up to @{asked.built} from segments" if asked.built else ""
    return f"as of @{asked.head}{built}"


def zone(asked: Touchpoints) -> str:
    return times_in(asked.zone)


def any_of(count: int, shown: Form) -> int:
    """The exit code of an answer of so many rows; that there are none is said."""
    if not count and shown == "screen":
        screen.note("Nothing is in it.")
    return exits.OK if count else exits.NO


def draw(asked: Touchpoints, paths: Sequence[str], name: str, title: str, *found: Any) -> None:
    """Write the pictures that were asked for, and say so."""
    if paths:
        from whence.packs.journeys import pictures

        figure: Figure = getattr(pictures, f"{name}_figure")(*found)
        for path in paths:
            save(figure, path, name, title, footer=f"{head_text(asked)} · Made by Whence")
            screen.note(f"Drawn in {path}")


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
@asking
def funnel(
    asked: Touchpoints, shown: Form, steps: Any, pictures: Any, versions: bool, periods: Any, **told: Any
) -> int:
    """A step is an event type, several as A|B, with conditions and a name: "Bought: Paid|Invoiced amount>=20". ordered:
    other events may lie between; strict: each step is the very next event; any: in whichever order. A customer counts
    once, by the start that gets furthest. did_it_at_all counts whoever did the step, whatever else.

    Of several periods only the starts lie in each; --within makes them comparable. The command ends with 1
    when nobody did the first step."""
    found = journeys.funnel(asked, steps, periods=[VERSIONS] if versions else periods, **told)
    several = len(found.groups) > 1 or found.groups[0].name != "all"
    fields = {name: name for name in Row.__struct_fields__}
    rows = (
        (*([group.name] if several else []), *cells(row, fields.values(), shown, asked.zone))
        for group in found.groups
        for row in group.rows
    )
    first = [Column("group", "cyan")] if several else []
    screen.table([*first, *columns(Row, fields, shown)], rows, shown, caption=head_text(asked))
    for group in found.groups:
        if group.still_open:
            said = "" if group.name == "all" else f"{group.name}: "
            screen.note(f"{said}{group.still_open:,} started too late to be judged, and may still convert.")
    draw(asked, pictures, "funnel", f"From {found.steps[0]} to {found.steps[-1]}", found)
    return exits.OK if any(group.rows[0].customers for group in found.groups) else exits.NO


@command(
    "times",
    "whence journeys times Visited SignedUp Bought",
    brief="How long customers take from step to step.",
)
@click.argument("steps", nargs=-1, required=True, metavar="STEP...")
@in_order
@of_period
@asking
def times(asked: Touchpoints, shown: Form, steps: Any, **told: Any) -> int:
    """A row for each step and the next, and one from the first to the last: of those who got there, the shortest and
    the longest time, the mean, the median, and what a quarter, three quarters and nine tenths stay below. Steps are
    written as in whence journeys funnel. In JSON and CSV times are seconds."""
    found = journeys.times(asked, steps, **told)
    fields = {"from": "from_step", "to": "to_step"} | {name: name for name in Duration.__struct_fields__[2:]}
    show(asked, shown, Duration, found, fields, head_text(asked))
    return exits.OK if any(row.customers for row in found) else exits.NO


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
@of_period
@asking
def dropped(asked: Touchpoints, shown: Form, steps: Any, limit: int | None, **told: Any) -> int:
    """The customers who got to a step and not to the next one: when they got there, what is missing, and the last that
    is known of them. Those who wait longest come first. Steps are written as in whence journeys funnel."""
    found = journeys.dropped(asked, steps, **told)
    fields = {"customer": "customer", "step": "step", "since": "since_us", "missing": "missing"}
    fields |= {"last": "last_type", "last_at": "last_us"}
    said = f"{len(found):,} dropped out; {head_text(asked)}, {zone(asked)}"
    show(asked, shown, Dropped, found[:limit], fields, said)
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
@asking
def cohorts(asked: Touchpoints, shown: Form, pictures: Any, **told: Any) -> int:
    """A row for each period in which customers began, with how many there are and, for each period from then on, how
    many did it again, or with --total what they brought. Period 0 is the one in which they began."""
    found = journeys.cohorts(asked, **told)
    unit, is_money = told["unit"], told["total"] is not None
    if shown == "json":
        screen.json_lines(msgspec.structs.asdict(row) for row in found)
    else:
        width = max((len(each.values) for each in found), default=0)
        first = [Column("began", "cyan"), Column("customers", "yellow", right=True)]
        rows = ((row.began.isoformat(), row.customers, *_values(row, width, is_money, shown)) for row in found)
        said = f"by {unit}, {head_text(asked)}; {zone(asked)}"
        screen.table([*first, *(Column(str(n), right=True) for n in range(width))], rows, shown, caption=said)
    if found and found[-1].is_open and shown == "screen":
        screen.note(f"The last {unit} of each row is not over.")
    draw(asked, pictures, "cohorts", f"Cohorts by {unit}", found, unit)
    return any_of(len(found), shown)


def _values(row: Cohort, width: int, is_money: bool, shown: Form) -> Iterator[Any]:
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
@asking
def retention(asked: Touchpoints, shown: Form, pictures: Any, **told: Any) -> int:
    """n-day: who came back in period n. unbounded: in period n or any later one. bracket: in any of several periods.
    Period 0 is the one in which a customer began, a day of the calendar, a week from Monday, or a month. Only those
    count for whom the period is over: eligible."""
    found = journeys.retention(asked, **told)
    kind, unit = told["kind"], told["unit"]
    fields = {unit: "period", "eligible": "eligible", "returned": "returned", "share": "share"}
    show(asked, shown, Retained, found, fields, f"{kind} retention, {head_text(asked)}; {zone(asked)}")
    draw(asked, pictures, "retention", f"Retention ({kind})", found, kind, unit)
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
@asking
def customers(asked: Touchpoints, shown: Form, bought: str, **told: Any) -> int:
    """A row for each customer, as the models of Fader and Hardie (BG/NBD and others) ask it, in days. frequency: days
    with a purchase after the first; recency: from the first to the last; age: from the first to the moment asked about;
    monetary: the mean of a repeat day; total: all of it."""
    found = journeys.customers(asked, bought, **told)
    show(asked, shown, Customer, found, said=f"{len(found):,} customers, {head_text(asked)}; {zone(asked)}")
    return any_of(len(found), shown)


@command(
    "timeline",
    "whence journeys timeline visitor:abc",
    "whence journeys timeline lead:42 --at 2026-01-07 --json",
    brief="All touchpoints of one customer over all sources.",
)
@click.argument("name", metavar="NAME")
@paused
@by_kind
@how
def timeline(name: str, store: str | None, zone: str | None, as_json: bool, as_csv: bool, **told: Any) -> int:
    """The touchpoints of the customer who has a name, under all the names that are joined with it, in the order in
    which they happened: when, in which session, what, under which name, by whom and from where. The moments at which
    names were joined or separated stand among them, without a session. An earlier moment by the recorded clock gives
    what was known then. Ends with 1 when nothing is known of the name."""
    shown = form_of(as_json, as_csv)
    with opened(store, zone=zone) as db:
        found = journeys.timeline(db, name, **told)
        fields = {"time": "time_us", "session": "session", "type": "type", "name": "name", "by": "actor"}
        fields |= {"source": "source", "position": "position", "data": "data"}
        rows = (cells(each, fields.values(), shown, db.config.zone) for each in found.touches)
        said = f"{', '.join(found.names)}; as of @{found.head}, {times_in(db.config.zone)}"
        screen.table(columns(Touch, fields, shown), rows, shown, caption=said)
        return exits.OK


@command(
    "sessions",
    "whence journeys sessions --by week",
    "whence journeys sessions visitor:abc --gap '2 hours'",
    brief="Visits: touchpoints without a long pause between them.",
)
@click.argument("name", required=False, metavar="[NAME]", is_eager=True)
@paused
@option("--limit", type=click.IntRange(1), metavar="N", help="So many sessions, the newest first.", is_eager=True)
@option("--by", "unit", type=UNITS, callback=_counts_all, help="A row for each period instead of each session.")
@asking
def sessions(asked: Touchpoints, shown: Form, name: str | None, gap: str, unit: Any, limit: int | None) -> int:
    """The sessions, the newest first, of all customers or of the one who has a name: when, how long, how many
    touchpoints, the first and the last. With --by: how many began in each period, of how many customers, how many
    touchpoints they have on average, how long they last in the median, and the share of one touchpoint alone."""
    if unit is not None:
        return any_of(show(asked, shown, Sessions, journeys.sessions_by(asked, unit, gap=gap)), shown)
    fields = {"began": "began_us", "customer": "customer", "number": "number"}
    fields |= {
        "lasted" if shown == "screen" else "seconds": "lasted_s",
        "events": "events",
        "entry": "entry",
        "exit": "exit",
    }
    found = journeys.sessions(asked, name=name, gap=gap, limit=limit)
    return any_of(show(asked, shown, Session, found, fields), shown)


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
@asking
def paths(asked: Touchpoints, shown: Form, pictures: Any, **told: Any) -> int:
    """How many customers went from one touchpoint to the next, at each depth: after the first event named by --from, or
    before the last one named by --to. (end): nothing came after it; (beginning): nothing before; (other): one of the
    rarer types. A picture is a Sankey diagram."""
    found = journeys.paths(asked, **told)
    depth, start, end = told["depth"], told["start"], told["end"]
    fields = {"depth": "depth", "from": "source", "to": "target", "customers": "customers"}
    count = show(asked, shown, Link, found, fields, head_text(asked))
    title = f"What comes before {end}" if end else f"What follows {start}" if start else "Paths"
    draw(asked, pictures, "paths", title, found, depth)
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
@asking
def attribution(asked: Touchpoints, shown: Form, conversion: str, touches: Any, models: Any, **told: Any) -> int:
    """Each conversion is worth 1 and shared among the customer's touchpoints before it. first and last: all to one;
    linear: the same to each; decay: halved by each half-life before the conversion; position: 40 % to the first, 40 %
    to the last, the rest to those between. Shares add up exactly. (none): no touchpoint came before. Without --model
    all models stand side by side."""
    chosen = models or MODELS
    found = journeys.attribution(asked, conversion, touches, models=chosen, **told)
    if shown != "screen":
        return any_of(show(asked, shown, Credit, found), shown)
    credits = {(each.channel, each.model): each for each in found}
    most: dict[str, Decimal] = {}
    for each in found:
        most[each.channel] = max(each.conversions, most.get(each.channel, each.conversions))
    channels = sorted(most, key=lambda name: (name == NONE, -most[name], name))
    rows = ((name, *(_credit(credits.get((name, model))) for model in chosen)) for name in channels)
    what = "conversions, and what they come to" if any(each.total is not None for each in found) else "conversions"
    first = Column("channel", "cyan")
    said = f"{what}; {head_text(asked)}"
    return any_of(
        screen.table([first, *(Column(model, right=True) for model in chosen)], rows, shown, caption=said), shown
    )


def _credit(credit: Credit | None) -> str:
    if credit is None:
        return "—"
    text = f"{credit.conversions:,.2f} · {credit.share:.1%}"
    return text if credit.total is None else f"{text} · {credit.total:,.2f}"


@command(
    "check",
    "whence journeys check --sequence number --source actor",
    brief="Gaps, conflicts and clocks that run backwards.",
)
@option("--sequence", metavar="FIELD", help="The field in which sources number what they send.")
@option("--source", metavar="FIELD", help="The field that tells sources apart, or actor; else all are one.")
@asking
def check(asked: Touchpoints, shown: Form, **told: Any) -> int:
    """Looks for numbers that are missing, that came again with the same or with other content, for times that run
    backwards in the order of the numbers, and for customers of the main kind that were joined into one. Nothing is
    dropped or repaired: every event counts in every other question. The command ends with 1 when there is a fault."""
    found = journeys.check(asked, **told)
    show(asked, shown, Fault, found.faults, said="")
    if shown == "screen":
        faults = _some(len(found.faults), "fault") if found.faults else "No fault"
        who = "who is who"
        numbered = f"{_some(found.events, 'numbered event')} of {_some(found.sources, 'source')}, and {who}"
        what = numbered if found.events else f"{who}; no event has such a number"
        screen.dim(f"{faults} in {what}; {head_text(asked)}")
    return exits.NO if found.faults else exits.OK


def _some(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


COMMANDS = (
    funnel,
    times,
    dropped,
    cohorts,
    retention,
    customers,
    timeline,
    sessions,
    paths,
    attribution,
    check,
    separating.COMMAND,
)

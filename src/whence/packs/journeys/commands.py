"""The commands beside those of the decisions and tables: each is made of the question that it asks, opens the
touchpoints, makes one call, and shows. A command ends with 1 where there is nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo
from decimal import Decimal
from typing import Any

import msgspec
import rich_click as click

from whence.app import Whence
from whence.cli import exits, screen
from whence.cli.command import as_form, at_moment, counted, draw, drawn, option, times_in
from whence.cli.packs import act_command, cells_of, columns_of, recorded_by, show_decided, show_rows
from whence.cli.screen import Column, Form
from whence.history import At
from whence.moments import moment_text, span_of
from whence.pack import Act
from whence.packs import journeys
from whence.packs.journeys import decisions
from whence.packs.journeys.attribution import NONE, Credit
from whence.packs.journeys.columns.touchpoints import Touchpoints, touchpoints
from whence.packs.journeys.funnels.dropouts import Dropped
from whence.packs.journeys.funnels.durations import Duration
from whence.packs.journeys.funnels.funnel import VERSIONS, Row
from whence.packs.journeys.paths import Link
from whence.packs.journeys.people import refuse_to_separate
from whence.packs.journeys.pictures import cohorts_figure, funnel_figure, paths_figure, retention_figure
from whence.packs.journeys.returning.cohorts import Retained
from whence.packs.journeys.returning.customers import Customer
from whence.packs.journeys.sequence import Fault
from whence.packs.journeys.sessions import Session, Sessions
from whence.packs.journeys.timeline import Touch

by_kind = option(
    "--kind", "kinds", multiple=True, metavar="KIND", help="Tags that name customers; the main kind first."
)
no_build = option("--no-build", "no_build", is_flag=True, help="Write no segments, whatever is missing.")


def asking(
    question: Callable[..., Any], show: Callable[..., object], *options: Any, refuse: Callable[..., None] | None = None
) -> click.Command:
    """The command of a question: `show` is told the touchpoints, the form of the answer, and what the question is, and
    gives whether there is anything. `refuse` is told all that was typed, and raises before anything is opened."""

    def run(db: Whence, form: Form, *, kinds: Any, no_build: bool, at: Any, clock: str, **told: Any) -> int:
        with (
            screen.progress("Building segments") as progress,
            touchpoints(db, kinds=kinds, at=at, clock=clock, build=not no_build, progress=progress) as asked,
        ):
            return exits.OK if show(asked, form, **told) else exits.NO

    options = (*options, by_kind, no_build, at_moment, as_form)
    return act_command("journeys", Act(question), run, *options, refuse=refuse)


# How answers are shown.


def head_text(asked: Touchpoints, said: str = "", *, zoned: bool = False) -> str:
    """What is said of an answer, which head and moment it is for, what of it came from segments, and where its times
    are."""
    built = f", up to @{asked.built} from segments" if asked.built else ""
    head = f"as of @{asked.head}{_until(asked.moment, asked.zone)}{built}"
    return (f"{said}, {head}" if said else head) + (f"; {times_in(asked.zone)}" if zoned else "")


def _until(at: At, zone: tzinfo) -> str:
    if at.occurred_us is not None:
        return f" until {moment_text(at.occurred_us, zone)}"
    return "" if at.recorded_us is None else f", known at {moment_text(at.recorded_us, zone)}"


def rows(asked: Touchpoints, form: Form, kind: Any, found: Sequence[Any], said: str = "", *, zoned: bool = True) -> int:
    """A table of structs of a kind, and how many there are."""
    return _any(show_rows(kind, found, form, asked.zone, caption=head_text(asked, said, zoned=zoned)), form)


def _any(count: int, form: Form) -> int:
    """How many rows an answer has; that there are none is said."""
    if not count and form == "screen":
        screen.note("Nothing is in it.")
    return count


# The questions.


def versions_alone(*, versions: bool, periods: Sequence[str], **_: Any) -> None:
    if versions and periods:
        raise click.UsageError("--versions names the periods itself; leave out --period.")


def funnel(
    asked: Touchpoints, form: Form, *, pictures: Sequence[str], versions: bool, periods: Any, **told: Any
) -> bool:
    found = journeys.funnel(asked, periods=[VERSIONS] if versions else periods, **told)
    is_one = [(each.period, each.segment) for each in found.groups] == [(None, None)]
    first = [] if is_one else [Column("group", "cyan")]
    cells = cells_of(Row, form, asked.zone)
    lines = ((*([] if is_one else [each.name]), *cells(row)) for each in found.groups for row in each.rows)
    screen.table([*first, *columns_of(Row, form)], lines, form, caption=head_text(asked))
    for each in found.groups:
        if each.still_open:
            said = "" if is_one else f"{each.name}: "
            screen.note(f"{said}{each.still_open:,} started too late to be judged, and may still convert.")
    title = f"From {found.steps[0]} to {found.steps[-1]}"
    draw(pictures, "funnel", title, lambda: funnel_figure(found), head_text(asked))
    return any(group.rows[0].customers for group in found.groups)


def one_after_another(*, steps: Sequence[str], **_: Any) -> None:
    if len(steps) < 2:
        raise click.UsageError("From one step alone nobody goes on; name the next one too.")


def times(asked: Touchpoints, form: Form, **told: Any) -> bool:
    found = journeys.times(asked, **told)
    show_rows(Duration, found, form, asked.zone, caption=head_text(asked))
    return any(row.customers for row in found)


def dropped(asked: Touchpoints, form: Form, *, limit: int | None, **told: Any) -> int:
    found = journeys.dropped(asked, **told)
    return rows(asked, form, Dropped, found[:limit], f"{len(found):,} dropped out")


def cohorts(asked: Touchpoints, form: Form, *, pictures: Sequence[str], **told: Any) -> int:
    found = journeys.cohorts(asked, **told)
    unit, is_money = told["unit"], told["total"] is not None
    if form == "json":
        screen.json_lines(map(msgspec.structs.asdict, found))
    else:
        width = max((len(each.values) for each in found), default=0)
        columns = [Column("began", "cyan"), Column("customers", "yellow", right=True)]
        columns += [Column(str(number), right=True) for number in range(width)]
        plain = form != "screen"
        lines = (
            [row.began.isoformat(), row.customers]
            + [v if plain else f"{v:,}" if is_money else f"{v / row.customers:.1%}" for v in row.values]
            + [""] * (width - len(row.values))
            for row in found
        )
        screen.table(columns, lines, form, caption=head_text(asked, f"by {unit}", zoned=True))
    if found and found[-1].is_open and form == "screen":
        then = "at the last touchpoint" if asked.moment.is_now else "then"
        screen.note(f"The last {unit} of each row was not over {then}.")
    draw(pictures, "cohorts", f"Cohorts by {unit}", lambda: cohorts_figure(found, unit), head_text(asked))
    return _any(len(found), form)


def retention(asked: Touchpoints, form: Form, *, pictures: Sequence[str], **told: Any) -> bool:
    found = journeys.retention(asked, **told)
    kind, unit = told["kind"], told["unit"]
    columns = [Column(unit, "cyan", right=True), *columns_of(Retained, form)[1:]]
    caption = head_text(asked, f"{kind} retention", zoned=True)
    screen.table(columns, map(cells_of(Retained, form, asked.zone), found), form, caption=caption)
    draw(pictures, "retention", f"Retention ({kind})", lambda: retention_figure(found, kind, unit), head_text(asked))
    return any(row.eligible for row in found)


def customers(asked: Touchpoints, form: Form, **told: Any) -> int:
    found = journeys.customers(asked, **told)
    return rows(asked, form, Customer, found, counted(len(found), "customer"))


def timeline(db: Whence, form: Form, **told: Any) -> int:
    found = journeys.timeline(db, **told)
    zone, at = db.config.zone, db.at(told["at"], clock=told["clock"])
    said = f"{', '.join(found.names)}; as of @{found.head}{_until(at, zone)}, {times_in(zone)}"
    lines = map(cells_of(Touch, form, zone), found.touches)
    screen.table(columns_of(Touch, form), lines, form, cut=True, below=True, caption=said)
    return exits.OK


def all_counted(*, name: str | None, limit: int | None, unit: str | None, **_: Any) -> None:
    if unit is not None and (name, limit) != (None, None):
        raise click.UsageError("--by counts the sessions of all; leave out the name and --limit.")


def sessions(asked: Touchpoints, form: Form, *, name: str | None, gap: str, limit: int | None, unit: Any) -> int:
    if unit is None:
        return rows(asked, form, Session, journeys.sessions(asked, name, gap=gap, limit=limit))
    return rows(asked, form, Sessions, journeys.sessions_by(asked, unit, gap=gap))


def paths(asked: Touchpoints, form: Form, *, pictures: Sequence[str], **told: Any) -> int:
    found = journeys.paths(asked, **told)
    start, end = told["start"], told["end"]
    count = show_rows(Link, found, form, asked.zone, caption=head_text(asked))
    title = f"What comes before {end}" if end else f"What follows {start}" if start else "Paths"
    draw(pictures, "paths", title, lambda: paths_figure(found), head_text(asked))
    return _any(count, form)


def attribution(asked: Touchpoints, form: Form, *, models: Any, **told: Any) -> int:
    found = journeys.attribution(asked, models=models, **told)
    if form != "screen" or not found:
        return rows(asked, form, Credit, found)
    credits = {(each.channel, each.model): each for each in found}
    most: dict[str, Decimal] = {}
    for each in found:
        most[each.channel] = max(each.conversions, most.get(each.channel, each.conversions))
    channels = sorted(most, key=lambda name: (name == NONE, -most[name], name))
    what = "conversions" if found[0].total is None else "conversions, and what they come to"
    columns = [Column("channel", "cyan"), *(Column(model, right=True) for model in models)]
    lines = ((name, *(_credit(credits.get((name, model))) for model in models)) for name in channels)
    return screen.table(columns, lines, form, caption=f"{what}; {head_text(asked)}")


def _credit(credit: Credit | None) -> str:
    if credit is None:
        return "—"
    text = f"{credit.conversions:,.2f} · {credit.share:.1%}"
    return text if credit.total is None else f"{text} · {credit.total:,.2f}"


def check(asked: Touchpoints, form: Form, **told: Any) -> bool:
    found = journeys.check(asked, **told)
    show_rows(Fault, found.faults, form, asked.zone)
    if form == "screen":
        faults = counted(len(found.faults), "fault") if found.faults else "No fault"
        numbered = f"{counted(found.events, 'numbered event')} of {counted(found.sources, 'source')}, and who is who"
        what = numbered if told["sequence"] else "who is who"
        screen.dim(f"{faults} in {what}; {head_text(asked)}")
    return not found.faults


def separate(db: Whence, form: Form, *, id: str, other: str, time: str | None, cause: str | None, **told: Any) -> int:
    """The decision sees only what the names themselves were told, not which events else joined them."""
    id, other = id.removeprefix("identity:"), other.removeprefix("identity:")
    when = None if time is None else span_of(time, zone=db.config.zone).first_us
    refuse_to_separate(db, id, other, told["key"], when)
    cause = db.event(cause).id if cause is not None and cause.startswith("@") else cause
    show_decided(db.decide(decisions.separate, id, other, time=when, cause=cause, **told), form)
    return exits.OK


COMMANDS = (
    asking(
        journeys.funnel,
        funnel,
        option(
            "--by", metavar="FIELD", help="A funnel for each value, as the start has it; settings: the version named."
        ),
        option("--versions", is_flag=True, help="Compare the periods between changes of whence.toml's settings."),
        drawn,
        refuse=versions_alone,
    ),
    asking(journeys.times, times, refuse=one_after_another),
    asking(
        journeys.dropped,
        dropped,
        option("--limit", type=click.IntRange(1), metavar="N", help="So many, those who wait longest first."),
        refuse=one_after_another,
    ),
    asking(journeys.cohorts, cohorts, drawn),
    asking(journeys.retention, retention, drawn),
    asking(journeys.customers, customers),
    act_command("journeys", Act(journeys.timeline, but=("kinds", "joined_by")), timeline, by_kind, at_moment, as_form),
    asking(
        journeys.sessions,
        sessions,
        option(
            "--by",
            "unit",
            type=click.Choice(["day", "week", "month"]),
            help="A row for each period instead of each session.",
        ),
        refuse=all_counted,
    ),
    asking(journeys.paths, paths, drawn),
    asking(journeys.attribution, attribution),
    asking(journeys.check, check),
    act_command("journeys", Act(decisions.separate.function), separate, recorded_by, as_form),
)

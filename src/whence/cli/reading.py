"""`whence log`, `show` and `types`: the events themselves."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import rich_click as click

from whence.cli import exits, screen
from whence.cli.command import (
    as_form,
    at_store,
    by_clock,
    command,
    form_of,
    from_to,
    in_json,
    in_zone,
    opened,
    option,
    times_in,
)
from whence.cli.pager import paged
from whence.cli.screen import Column
from whence.events import Body
from whence.moments import moment_text, second_of, span_of, text_of

if TYPE_CHECKING:
    from datetime import tzinfo

    from whence.app import Whence
    from whence.events import Recorded

POSITION = Column("position", "yellow", right=True)
TIME = Column("time", "blue", least=20)
TYPE = Column("type", "bold", least=16)
TAGS = Column("tags", "cyan")
WHO = Column("who", "green")
ENTITY, FIELD = Column("entity", "cyan"), Column("field", "cyan")
BEFORE, AFTER = Column("before", "red"), Column("after", "green")


@command(
    "log",
    "whence log lead:42 --since yesterday",
    "whence log --type EmailOpened --by crm -n 5",
    brief="Events, newest first, by tag, type, actor or time.",
)
@click.argument("tags", nargs=-1, metavar="[TAG]...")
@option(
    "--type",
    "types",
    envvar="WHENCE_LOG_TYPE",
    multiple=True,
    metavar="TYPE",
    help="Only this type; again for another.",
)
@option("--by", "actor", envvar="WHENCE_LOG_BY", metavar="WHO", help="Only what this actor did.")
@from_to
@by_clock
@option(
    "--after",
    type=click.IntRange(0),
    default=0,
    show_default=False,
    metavar="POSITION",
    help="Only positions beyond this one.",
)
@option("--upto", type=click.IntRange(0), metavar="POSITION", help="Only positions up to this one.")
@option("-n", "--limit", type=click.IntRange(1), metavar="N", help="At most so many.")
@option("--reverse", is_flag=True, help="Oldest first; with -n the newest ones, oldest first.")
@at_store
@in_zone
@as_form
def log(
    tags: tuple[str, ...],
    types: tuple[str, ...],
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
    **asked: Any,
) -> int:
    """Shows events as they were recorded, newest first, as git log does. Several tags mean events that carry all of
    them. Ends with 1 when nothing matches. --json gives whole envelopes, one a line. In a terminal a long answer goes
    through WHENCE_PAGER, else PAGER, else less; WHENCE_PAGER=cat turns that off."""
    form = form_of(as_json, as_csv)
    with opened(store, zone=zone) as db, paged():
        events = db.log(*tags, types=types, **asked)
        if form == "json":
            count = screen.json_lines(event.to_json() for event in events)
        else:
            columns, row = _columns(form, db.config.zone)
            caption = _caption(db.config.zone, asked["since"], asked["until"], asked["clock"])
            count = screen.table(columns, map(row, events), form, cut=True, below=True, caption=caption)
        if count == 0:
            screen.note(_nothing(db, tags, types, asked))
        return exits.OK if count else exits.NO


def _caption(zone: tzinfo, since: str | None, until: str | None, clock: str) -> str:
    """The footer of the log: the bounds as they were understood, the zone and the clock."""
    first = [f"since {moment_text(span_of(since, zone=zone).first_us, zone)}"] if since else []
    last = [f"until {moment_text(span_of(until, zone=zone).last_us, zone)}"] if until else []
    return ", ".join((*first, *last, times_in(zone, clock)))


def _columns(form: screen.Form, zone: tzinfo) -> tuple[list[Column], Any]:
    """The columns of the log, and what makes a row of an event."""
    if form == "csv":
        names = ("position", "id", "type", "tags", "time", "recorded", "actor", "data")
        return [Column(name) for name in names], lambda e: (
            e.position,
            e.id,
            e.type,
            tags_text(e.tags),
            e.time.isoformat(),
            e.recorded.isoformat(),
            e.actor,
            words(e.data),
        )
    return [POSITION, TIME, TYPE, TAGS, WHO, Column("data")], lambda e: (
        e.position,
        times(e, zone),
        e.type,
        tags_text(e.tags),
        e.actor,
        words(e.data),
    )


def times(event: Recorded, zone: tzinfo) -> str:
    """When it happened, to the second; an asterisk where it was recorded more than a second later."""
    late = event.recorded_us - event.time_us >= 1_000_000
    return second_of(event.time_us, zone) + ("*" if late else "")


def tags_text(tags: Iterable[str]) -> str:
    """The tags in the words of `whence append`: one with a space stands in quotes."""
    return " ".join(json.dumps(tag, ensure_ascii=False) if " " in tag or '"' in tag else tag for tag in tags)


def words(data: Any) -> str:
    """The data in the words of `whence append`, as far as they are a JSON object."""
    if isinstance(data, Body):
        return f"({data.content_type}, {len(data.content)} bytes)"
    if data is None:
        return ""
    return " ".join(screen.pair(*item) for item in data.items()) if isinstance(data, dict) else screen.shown(data)


def _nothing(db: Whence, tags: tuple[str, ...], types: tuple[str, ...], asked: dict[str, Any]) -> str:
    """Why nothing was found, with what is there and looks alike."""
    if db.store.head() == 0:
        return "Nothing matches: the store is empty. Add events with whence append or whence import."
    since, until, actor = asked["since"], asked["until"], asked["actor"]
    zone = db.config.zone
    if since and until and span_of(since, zone=zone).first_us > span_of(until, zone=zone).last_us:
        return "Nothing matches: --since is later than --until. Exchange the two."
    hints = [hint for name in types for hint in db.near_types(name)]
    hints += [hint for tag in tags for hint in db.near_tags(tag)]
    hints += db.near_actors(actor) if actor else []
    return "Nothing matches." + (
        f" Did you mean {' or '.join(hints)}?" if hints else " Loosen a filter; whence types shows what is there."
    )


@command("show", "whence show @1", "whence show @1 --json", brief="One event, with its whole envelope.")
@click.argument("event", metavar="ID|@POSITION")
@at_store
@in_zone
@in_json(help="The envelope as JSON.")
def show(event: str, store: str | None, zone: str | None, as_json: bool) -> int:
    """Shows one event as it is stored: by its position (@120) or its id, every field of the envelope, both clocks."""
    with opened(store, zone=zone) as db:
        found = db.event(event)
        if as_json:
            screen.json_lines([found.to_json()])
            return exits.OK
        screen.table([Column("field", "dim"), Column("value")], envelope(found, db.config.zone), "screen")
        screen.dim(times_in(db.config.zone))
    return exits.OK


def envelope(event: Recorded, zone: tzinfo) -> Iterator[tuple[str, Any]]:
    """Every field of the envelope that is there, then each field of the data by its name."""
    plain = event.to_json()
    data = plain.pop("data", None)
    plain["time"], plain["recorded"] = text_of(event.time_us, zone), text_of(event.recorded_us, zone)
    order = (
        "position",
        "id",
        "type",
        "version",
        "tags",
        "time",
        "recorded",
        "actor",
        "cause",
        "correlation",
        "basis",
        "meta",
    )
    for name in (*order, *plain.keys() - set(order)):
        if name in plain:
            yield name, tags_text(plain[name]) if name == "tags" else plain[name]
    if isinstance(data, dict):
        yield from ((f"data.{key}", value) for key, value in data.items())
    elif data is not None:
        yield "data", data


@command("types", "whence types", brief="What is in the store: event types and kinds of entities.")
@at_store
@in_zone
@as_form
def types(store: str | None, zone: str | None, as_json: bool, as_csv: bool) -> int:
    """Reads the whole store and lists every event type with how often it occurs, when first and last, and the kinds
    of the tags of its events."""
    form = form_of(as_json, as_csv)
    with opened(store, zone=zone) as db:
        columns = [
            TYPE,
            Column("events", "yellow", right=True),
            Column("first", "blue", least=19),
            Column("last", "blue", least=19),
            Column("tags", "cyan"),
        ]
        with screen.progress("Reading") as told:
            found = db.types(progress=told)
        rows = (
            (
                t.type,
                t.events,
                second_of(t.first_us, db.config.zone),
                second_of(t.last_us, db.config.zone),
                " ".join(t.kinds),
            )
            for t in found
        )
        count = screen.table(columns, rows, form, caption=times_in(db.config.zone, "occurred"))
        if count == 0:
            screen.note("The store is empty. Add events with whence append or whence import.")
        return exits.OK if count else exits.NO


COMMANDS = (log, show, types)

"""`whence append`: one event from words on the command line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import rich_click as click

from whence.cli import exits, screen
from whence.cli.command import (
    as_form,
    at_store,
    by_actor,
    command,
    configured,
    form_of,
    happened_at,
    in_zone,
    opened,
    option,
)
from whence.cli.reading import tags_text
from whence.errors import InvalidEvent
from whence.words import split_word, words_of

if TYPE_CHECKING:
    from whence.app import Whence

_POSITION = re.compile(r"@\d+")
LATEST_EVENTS = 1000
"""So many events are looked at for the kinds of entities there are: quick in a store of any size."""


@command(
    "append",
    "whence append lead:42 EmailOpened campaign=spring --by crm",
    "whence append lead:42 Scored score=80 --time '2026-01-12 09:00'",
    brief="Record one event.",
)
@click.argument("words", nargs=-1, required=True, metavar="TYPE [TAG:VALUE]... [KEY=VALUE]...")
@by_actor("actor", help="Who did it.")
@happened_at
@option("--id", metavar="ID", help="An id of its own: appending the same again is then safe and changes nothing.")
@option("--cause", metavar="ID|@POSITION", help="The event that led to it: its id, or @120.")
@option("--correlation", metavar="TEXT", help="What groups it with others.")
@option("--data", metavar="JSON", help="The whole data as JSON, instead of KEY=VALUE.")
@at_store
@in_zone
@as_form
def append(
    words: tuple[str, ...],
    time: str | None,
    data: str | None,
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
    **envelope: Any,
) -> int:
    """Records one event. KIND:VALUE is a tag, what the event concerns; KEY=VALUE is data: JSON where it is valid (a
    number, true, a list), else text; write KEY='"80"' for text that looks like a number. The word that is neither is
    the event's type. A missing store is made, and said so."""
    import msgspec

    from whence.events import Event
    from whence.moments import brief_text_of, span_of, zone_text

    form = form_of(as_json, as_csv)
    type, tags, fields = _sorted(words)
    if data is not None and fields:
        raise click.UsageError("--data and KEY=VALUE exclude each other.")
    moment_us = None if time is None else span_of(time, zone=configured(zone).zone).first_us
    value = fields if data is None else json_of(data, "--data")
    event = Event(type, value, tags, time=moment_us, **envelope)  # type: ignore[arg-type]
    by_position = _POSITION.fullmatch(event.cause or "") is not None
    with opened(store, zone=zone, create=not by_position) as db:
        if by_position:  # positions are of this store only: what is kept is the id
            event = msgspec.structs.replace(event, cause=db.event(envelope["cause"]).id)
        head = db.store.head()
        positions = db.append(event)
        (position,) = positions
        fresh = position > head
        id = next(iter(db.store.read(after=position - 1, upto=position))).id
        columns = [screen.Column("position", "yellow", right=True), screen.Column("id"), screen.Column("new")]
        if form != "screen":
            screen.table(columns, [(position, id, fresh)], form)
        else:
            zone_said = db.config.zone
            then = "" if moment_us is None else f"{brief_text_of(moment_us, zone_said)} {zone_text(zone_said)}"
            parts = (f"@{position}", type, tags_text(tags), then, "" if fresh else "was there already")
            screen.styled("  ".join(filter(None, parts)), "yellow")
        if not tags:
            screen.note(_no_tag(db, fields))
    return exits.OK


def _no_tag(db: Whence, fields: dict[str, Any]) -> str:
    """That no question about an entity will find the event, with the tag that was meant if it looks like one."""
    known = dict(tag.split(":", 1) for event in db.log(limit=LATEST_EVENTS) for tag in event.tags)
    kinds = known.keys() | db.config.models
    meant = [f"{kind}:{value}" for kind, value in fields.items() if kind in kinds and isinstance(value, (str, int))]
    example = next((f"{kind}:{value}" for kind, value in known.items()), "lead:42")
    remedy = f"Did you mean {' '.join(meant)}?" if meant else f"Write one as kind:value, such as {example}."
    return f"No tag: this event concerns no entity. {remedy}"


def _sorted(words: tuple[str, ...]) -> tuple[str, list[str], dict[str, Any]]:
    """The type, the tags and the data among the words. Raises InvalidEvent."""
    types, tags, fields = words_of(words)
    if len(types) != 1:
        found = ", ".join(types) or "none"
        beside = f", or {types[-1]}=… for data." if types else " beside tags (lead:42) and data (campaign=spring)."
        remedy = f"Write one type{beside}"
        raise InvalidEvent("An event has one type", types=found, remedy=remedy)
    return types[0], tags, fields


def fields_of(words: tuple[str, ...]) -> dict[str, Any]:
    """The data among words that are all KEY=VALUE. Raises InvalidEvent for another word."""
    for word in words:
        if split_word(word)[1] != "=":
            raise InvalidEvent("An answer is data", word=word, remedy="Write KEY=VALUE.")
    return words_of(words).fields


def json_of(text: str, option: str) -> Any:
    """The JSON value that an option was given. Raises InvalidEvent naming the option."""
    from whence.jsonvalue import parse

    try:
        return parse(text)
    except InvalidEvent as problem:
        quote = f"Quote it: {option} '{{\"a\": 1}}'."
        remedy = quote if problem.fact == "Not valid JSON" else problem.remedy
        raise InvalidEvent(problem.fact, remedy=remedy, option=option, **problem.facts) from None


COMMANDS = (append,)

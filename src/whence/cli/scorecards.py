"""`whence scorecard`: which version of a scorecard is in force, since when, by whom and why; and to adopt another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import rich_click as click

from whence.cli import exits, screen, wording
from whence.cli.command import (
    as_form,
    at_moment,
    at_store,
    by_actor,
    command,
    form_of,
    in_json,
    in_zone,
    moment_of,
    opened,
    option,
)
from whence.cli.screen import Column, Form
from whence.moments import second_of

if TYPE_CHECKING:
    from datetime import tzinfo

    from whence.adoption import Adoption
    from whence.scoring import CardChange

CHANGES_SHOWN = 3
"""So many changes are told of a version before the rest is only counted."""


@click.group("scorecard", short_help="Adopt a scorecard, and see which was in force.")
def scorecard() -> None:
    """A change of a scorecard is an event with an author and a reason. `adopt` records that a card is in force from now
    on; `log`, `diff` and `show` say which version was, since when, and what changed."""


@command(
    "adopt",
    "whence scorecard adopt v2 --by anna --why 'Webinars matter more'",
    brief="Put a scorecard in force, and say why.",
)
@click.argument("card", metavar="NAME|FILE.toml")
@by_actor("actor", required=True, help="Who decided it.")
@option("--why", "reason", required=True, metavar="TEXT", help="The reason.")
@option("--time", metavar="TIME", help="From when on, if it was in force before; else now. A day: its beginning.")
@option("--id", metavar="ID", help="An id for the event: a retry is then safe, whatever was adopted in between.")
@at_store
@in_zone
@as_form
def adopt(
    card: str,
    actor: str,
    reason: str,
    time: str | None,
    id: str | None,
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Records the whole card as an event `scorecard.Adopted`. The card is one of whence.toml, or of another file
    (cards.toml, or cards.toml:NAME for one of several); NAME@VERSION takes up an earlier version again. Where it is in
    force already, nothing is recorded. Ends with 3 when somebody adopted another version meanwhile."""
    form = form_of(as_json, as_csv)
    with opened(store, zone=zone) as db:
        done = db.adopt(card, by=actor, reason=reason, time=time, id=id)
        found = done.adoption
        if form != "screen":
            columns = [*map(Column, ("scorecard", "version", "position", "new"))]
            row = (found.name, found.version, found.event.position, done.is_new)
            screen.table(columns, [row], form)
            return exits.OK
        line = f"@{found.event.position}  {found.name}  version {found.card.short_version}"
        screen.styled(line + ("" if done.is_new else "  is in force already"), "yellow")
        if not done.is_new:
            screen.note(f"It was {wording.adopted_text(db, found)}: {found.reason}")
        for change in found.changes if done.is_new else ():
            screen.dim(f"  {change}")
    return exits.OK


@command(
    "log",
    "whence scorecard log lead",
    "whence scorecard log",
    brief="The versions of a scorecard, and why each was adopted.",
)
@click.argument("name", required=False)
@at_store
@in_zone
@as_form
def log(name: str | None, store: str | None, zone: str | None, as_json: bool, as_csv: bool) -> int:
    """Lists the versions of a scorecard, or of all, in the order in which they came into force: since when, by whom,
    why, and what each changed. Ends with 1 when none was adopted."""
    form = form_of(as_json, as_csv)
    with opened(store, zone=zone) as db:
        columns = [
            Column("scorecard", "cyan"),
            Column("version", "yellow", least=12),
            Column("since", "blue", least=19),
            Column("by"),
            Column("why", least=16),
            Column("changed", least=24),
            *([] if form == "screen" else [Column("position")]),
        ]
        found = db.scorecard_log(name)
        screen.table(columns, (_log_row(each, db.config.zone, form) for each in found), form)
        if not found:
            screen.note(_none_adopted(name))
    return exits.OK if found else exits.NO


@command(
    "diff",
    "whence scorecard diff lead",
    "whence scorecard diff lead yesterday now",
    brief="What differs between two versions, rule by rule.",
)
@click.argument("name")
@click.argument("before", required=False)
@click.argument("after", required=False)
@at_store
@in_zone
@as_form
def diff(
    name: str,
    before: str | None,
    after: str | None,
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Shows which rules, groups, scores, grades and thresholds are new or gone, and what else says something else.
    BEFORE and AFTER are the beginning of a version, or a time when it was in force; else it is the version in force
    now, and the card that whence.toml says."""
    form = form_of(as_json, as_csv)
    columns = [
        Column("part", "cyan"),
        Column("name", "bold", least=12),
        Column("what"),
        Column("before", "red", least=12),
        Column("after", "green", least=12),
    ]
    with opened(store, zone=zone) as db:
        found = db.scorecard_diff(name, before, after)
        if not screen.table(columns, _change_rows(found, form), form):
            screen.note("No difference.")
    return exits.OK


@command(
    "show",
    "whence scorecard show lead",
    "whence scorecard show lead --at yesterday",
    brief="The scorecard that was in force at a time.",
)
@click.argument("name", metavar="NAME|NAME@VERSION")
@at_moment
@in_json(help="One JSON object.")
@at_store
@in_zone
def show(name: str, at: str | None, clock: str, as_json: bool, store: str | None, zone: str | None) -> int:
    """Prints the card in force at a time, now unless it is given, as the lines of whence.toml that say it; and who
    adopted it, when and why. Ends with 1 when none had been adopted."""
    from whence.scoring.written import written

    with opened(store, zone=zone) as db:
        of, _, version = name.partition("@")
        if version and at is not None:
            raise click.UsageError("--at and @VERSION exclude each other.")
        found = db.adopted(of, version or moment_of(db, at, clock))
        if as_json:
            said = {"scorecard": found.name, "kind": found.card.kind, "version": found.version, "since": found.since}
            said |= {"by": found.by, "why": found.reason, "position": found.event.position}
            screen.json_lines([{**said, "card": found.card.to_table()}])
            return exits.OK
        screen.dim(f"# version {found.card.short_version}, {wording.adopted_text(db, found)} (@{found.event.position})")
        screen.dim(f"# {found.reason}")
        for line in written(found.card).splitlines():
            screen.styled(line, "bold" if line.startswith("[") else "")
    return exits.OK


def _none_adopted(name: str | None) -> str:
    said = "No scorecard was adopted" if name is None else f"No scorecard {name} was adopted"
    return f"{said}: whence scorecard adopt {name or 'NAME'} --by WHO --why REASON."


def _log_row(each: Adoption, zone: tzinfo, form: Form) -> tuple[Any, ...]:
    if form != "screen":
        changed: Any = [*map(str, each.changes)] if form == "json" else "; ".join(map(str, each.changes))
        return each.name, each.version, each.since, each.by, each.reason, changed, each.event.position
    return each.name, each.card.short_version, second_of(each.since_us, zone), each.by, each.reason, _changed(each)


def _changed(each: Adoption) -> str:
    """What a version changed, in one line; of the first, what it is made of."""
    card = each.card
    parts = ((len(card.rules), "rule"), (len(card.groups), "group"), (len(card.thresholds), "threshold"))
    if not each.changes:
        return ", ".join(f"{count} {part}{'' if count == 1 else 's'}" for count, part in parts if count)
    more = len(each.changes) - CHANGES_SHOWN
    told = "; ".join(map(str, each.changes[:CHANGES_SHOWN]))
    return told + (f" and {more} more" if more > 0 else "")


def _change_rows(found: list[CardChange], form: Form) -> Iterator[tuple[Any, ...]]:
    from whence.scoring.changes import text_of

    for each in found:
        sides = (each.before, each.after)
        shown = sides if form == "json" else [None if side is None else text_of(side) for side in sides]
        yield each.part, each.name or None, each.key or each.what, *shown


for _command in (adopt, log, diff, show):
    scorecard.add_command(_command)

COMMANDS = (scorecard,)

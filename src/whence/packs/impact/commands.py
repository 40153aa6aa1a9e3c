"""`whence settings impact`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from whence.cli import exits, screen
from whence.cli.command import at_moment, command, on_store, option
from whence.cli.screen import Column, Form
from whence.packs.impact.asking import WINDOW_DAYS
from whence.packs.impact.asking import impact as ask
from whence.words import value_of

if TYPE_CHECKING:
    from whence.app import Moment, Whence


@command(
    "impact",
    "whence settings impact EmailSent --outcome Replied --within '3 days'",
    "whence settings impact EmailSent --outcome Replied --save impact.html",
    "whence settings impact LeadScored --average score --json",
    brief="What each change did to an outcome, chance not blamed.",
)
@click.argument("decision", metavar="TYPE")
@option("--outcome", metavar="TYPE", help="The share after which such an event came.")
@option("--within", default="7 days", metavar="DURATION", help="With --outcome: within so long.")
@option("--average", metavar="FIELD", help="The average of a field of the decisions.")
@option("--share", metavar="FIELD=VALUE", help="The share whose field has this value: status=failed.")
@option("--entity", metavar="KIND", help="The kind of tag by which an outcome belongs to a decision.")
@option(
    "--window", type=click.IntRange(min=3), default=WINDOW_DAYS, metavar="DAYS", help="So long before and after each."
)
@option("--save", "file", type=click.Path(path_type=Path, dir_okay=False), help="A picture: .html or .png.")
@at_moment
@on_store()
def impact(
    db: Whence,
    form: Form,
    decision: str,
    *,
    outcome: str | None,
    within: str,
    average: str | None,
    share: str | None,
    entity: str | None,
    window: int,
    file: Path | None,
    at: Moment,
    clock: str,
) -> int:
    """Compares what came of decisions, events of a TYPE, before and after every change of settings: whether an event
    followed, the average of a field, or the share with a value. Decisions that name a version are compared by it, and
    rollouts so side by side; others by what was in force. The more changes are tried, the clearer one has to be.

    Two changes at nearly the same time are told apart where decisions show it; else both are named."""
    from whence.experiments.impact import caption, sentences  # here, since other commands need none of its arrays
    from whence.packs.impact.picture import drawn, table
    from whence.packs.impact.rows import NUMBERS, cells, named, rows
    from whence.picture import kind_of, save

    if file is not None:
        kind_of(file)  # which is refused before anything is asked
    found = ask(
        db,
        decision,
        outcome=outcome,
        within=within,
        average=average,
        share=None if share is None else _field_and_value(share),
        entity=entity,
        window_days=window,
        at=at,
        clock=clock,
    )
    zone = db.config.zone
    if file is not None:
        title, below = f"What changes did to the {found.outcome}", table(found, zone)
        said = list(sentences(found, named))
        save(drawn(found, zone), file, "impact", title, said=said, below=below, footer=caption(found))
    if form != "screen":
        made = list(rows(found))
        names = list(made[0]) if made else []
        screen.table([Column(name) for name in names], [tuple(row.values()) for row in made], form)
        return exits.OK
    for sentence in sentences(found, named):
        screen.styled(sentence, "bold")
    screen.dim("")
    columns = [Column("", right=True), Column("change", "yellow", right=True), Column("settings", "cyan")]
    columns += [Column("compared"), *(Column(name, right=True) for name in NUMBERS), Column("verdict", "green")]
    shown = [[each[column.name] for column in columns] for each in cells(found, zone)]
    screen.table(columns, shown, form, caption=caption(found))
    if few := sum(each.verdict == "too few" for each in found.effects):
        screen.dim(f"{few:,} more with too few decisions before or after to say anything (--json has them)")
    if file is not None:
        screen.note(f"Drawn in {file}")
    return exits.OK


def _field_and_value(text: str) -> tuple[str, Any]:
    field, equals, value = text.partition("=")
    if not equals or not field:
        raise click.UsageError("--share names a field and a value: status=failed.")
    return field, value_of(value)


COMMANDS = (impact,)

"""`whence settings impact`: what changes did to an outcome, in sentences, as a table, and as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from whence.cli import exits, screen
from whence.cli.command import as_form, at_moment, at_store, command, form_of, in_zone, opened, option
from whence.cli.screen import Column
from whence.packs.settings.typed import value_of


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
@option("--window", type=click.IntRange(min=3), default=28, metavar="DAYS", help="So long before and after each.")
@option("--save", "file", type=click.Path(path_type=Path, dir_okay=False), help="A picture: .html or .png.")
@at_moment
@at_store
@in_zone
@as_form
def impact(
    decision: str,
    outcome: str | None,
    within: str,
    average: str | None,
    share: str | None,
    entity: str | None,
    window: int,
    file: Path | None,
    at: str | None,
    clock: str,
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Compares what came of decisions, events of a TYPE, before and after every change of settings: whether an event
    followed, the average of a field, or the share with a value. Decisions that name a version are compared by it, and
    rollouts so side by side; others by what was in force. The more changes are tried, the clearer one has to be.

    Two changes at nearly the same time are told apart where decisions show it; else both are named."""
    from whence.packs.settings.impact import impact as weigh
    from whence.packs.settings.impact.telling import caption, interval, rows, sentences

    form = form_of(as_json, as_csv)
    said = None if share is None else _field_and_value(share)
    with opened(store, zone=zone) as db:
        found = weigh(
            db,
            decision,
            outcome=outcome,
            within=within,
            average=average,
            share=said,
            entity=entity,
            window_days=window,
            at=at,
            clock=clock,
        )
        if file is not None:
            from whence.packs.settings.impact.chart import drawn, table
            from whence.picture import save

            title = f"What changes did to the {found.outcome}"
            figure = drawn(found, db.config.zone)
            below = table(found, db.config.zone)
            save(figure, file, "impact", title, said=list(sentences(found)), below=below, footer=caption(found))
    made = list(rows(found))
    if form != "screen":
        names = list(made[0]) if made else []
        screen.table([Column(name) for name in names], [tuple(row.values()) for row in made], form)
        return exits.OK
    for sentence in sentences(found):
        screen.styled(sentence, "bold")
    screen.dim("")
    scale, digits = (100, 1) if found.is_share else (1, 3)
    columns = [Column("", right=True), Column("change", "yellow", right=True), Column("settings", "cyan")]
    columns += [Column(name) for name in ("compared",)]
    columns += [Column(name, right=True) for name in ("without", "with", "effect", "interval", "p")]
    columns.append(Column("verdict", "green"))

    def number(value: float | None, signed: bool = False) -> str:
        return "—" if value is None else f"{scale * value:{'+' if signed else ''}.{digits}f}"

    shown = (
        (
            rank,
            f"@{each.change.position}",
            ", ".join(each.change.names[:2]) + (" …" if len(each.change.names) > 2 else ""),
            each.compared,
            number(each.mean_without),
            number(each.mean_with),
            number(each.effect, True),
            interval(each, found),
            "—" if each.p_corrected is None else f"{each.p_corrected:.2g}",
            each.verdict,
        )
        for rank, each in enumerate(found.effects, 1)
        if each.verdict != "too few"
    )
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

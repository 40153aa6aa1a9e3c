"""`whence grid`: every combination of some settings of a scorecard, and which of them are worth a choice."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import rich_click as click

from whence.cli import exits, screen, wording
from whence.cli.command import as_form, at_moment, at_store, command, form_of, in_zone, moment_of, opened, option
from whence.cli.experimenting import at_stage, foretold, kept, resampled, seeded, so_long
from whence.cli.screen import Column
from whence.clock import SystemClock

if TYPE_CHECKING:
    from whence.experiments import Estimate
    from whence.experiments.grids import Combination, Figures, Grid

SHOWN_MAX = 30
"""So many of the frontier are shown on a screen."""


@command(
    "grid",
    "whence grid lead --vary warm=10:90:10 --outcome StageChanged",
    "whence grid lead --vary warm=40,70 --vary 'rule 1=20:80:20' --outcome StageChanged --save experiments/grid",
    "whence grid lead --vary 'rule 1.half_life=7 days,30 days,none' --outcome StageChanged --csv",
    brief="Every combination of some settings, and which no other beats.",
)
@click.argument("kind", metavar="KIND")
@option(
    "--vary",
    "varied",
    multiple=True,
    required=True,
    metavar="NAME=VALUES",
    help="A stage's points, 60:90:5, or a rule's, 10,20,30; may be given again.",
)
@foretold(required=True, help="The event to foretell; may be given again.")
@option("--card", metavar="NAME", help="The scorecard to vary; else that of the kind's name, or the only one.")
@so_long
@at_stage(help="The stage that is measured; else the one varied, or the last.")
@resampled
@seeded(help="Says who is in which half, and the draws.")
@kept(help="Keep it: a page to open, numbers, and a row for each combination.")
@at_moment
@at_store
@in_zone
@as_form
def grid(
    kind: str,
    varied: tuple[str, ...],
    outcomes: tuple[str, ...],
    card: str | None,
    within: str,
    stage: str | None,
    samples: int,
    seed: int,
    folder: str | None,
    at: str | None,
    clock: str,
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Tries every combination of the values, up to 10,000, on the same history, and changes nothing. A name is a stage,
    for the points that it needs, or a rule, for the points that it gives; rule.at_most, rule.half_life, rule.expires
    and group.ceiling are varied too.

    Shows the frontier: combinations that no other beats, since none is as often right and finds as many. It is drawn on
    one half of the entities, and each is measured again on the other half, because the best of many looks better than
    it is. --json gives one object, --csv a row for each combination; --save keeps a page with the picture."""
    form = form_of(as_json, as_csv)
    began, began_s = SystemClock().now_us(), time.perf_counter()
    with opened(store, zone=zone) as db:
        from whence.experiments import Run, require
        from whence.experiments.grids import save, sentences, summary, values_of

        if folder is not None:
            require()
        vary = {name: values_of(values) for name, values in map(_split, varied)}
        if len(vary) < len(varied):
            raise click.UsageError("Give all values of a name at once: --vary webinar=10,20,30.")
        moment = moment_of(db, at, clock)
        with screen.progress("Scoring") as told:
            found = db.grid(
                kind,
                card,
                vary=vary,
                outcome=outcomes,
                within=within,
                stage=stage,
                samples=samples,
                seed=seed,
                at=moment,
                progress=told,
            )
        if folder is not None:
            save(found, folder, Run(began, time.perf_counter() - began_s), zone=db.config.zone)
        note = wording.types_without_events(db, found.card.name)
    match form:
        case "json":
            screen.json_lines([summary(found)])
        case "csv":
            _all(found)
        case _:
            for sentence in sentences(found):
                screen.styled(sentence, "bold")
            _show(found)
    if note:
        screen.note(note)
    if folder is not None:
        screen.note(f"Kept in {folder}: open {os.path.join(folder, 'report.html')}")
    return exits.OK


def _split(said: str) -> tuple[str, str]:
    name, equals, values = said.rpartition("=")
    if not equals or not name.strip():
        raise click.UsageError("--vary names what and the values, for example qualified=60:90:5.")
    return name.strip(), values


def _axes(found: Grid) -> list[Column]:
    from whence.experiments.grids.sentences import axis_name

    return [Column(axis_name(axis.name), "cyan", right=True) for axis in found.axes]


def _show(found: Grid) -> None:
    """The frontier with the present card below it; the best one is marked."""
    from whence.experiments.grids.axes import shown

    columns = [Column("", "green"), *_axes(found), Column("reach it", right=True)]
    columns += [Column(name, right=True) for name in ("precision", "recall")]
    columns += [Column(name, "green", right=True) for name in ("other half", "interval", "recall ", "days before")]
    rows: list[Sequence[Any]] = [
        ("best" if number == found.best else "", *map(shown, each.values), *_cells(each))
        for number, each in ((number, found.combinations[number]) for number in found.frontier[:SHOWN_MAX])
    ]
    rows.append(("now", *map(shown, found.present.values), *_cells(found.present)))
    screen.dim("")
    screen.table(columns, rows, "screen", caption="precision and recall where it was chosen, then on the other half")
    if len(found.frontier) > SHOWN_MAX:
        screen.dim(f"and {len(found.frontier) - SHOWN_MAX:,} more on the frontier (--csv has all)")
    one, other = found.halves
    screen.dim(
        f"chosen on {one.measured:,}, {one.with_outcome:,} with the outcome; the other half is {other.measured:,}, "
        f"{other.with_outcome:,} with it; {found.censored:,} observed for less than {found.within_days:g} days; "
        f"as of @{found.head}"
    )


def _cells(each: Combination) -> tuple[str, ...]:
    one, other = each.chosen, each.held_out
    low, high = other.precision.low, other.precision.high
    interval = "" if low is None or high is None else f"{low:.2f} to {high:.2f}"
    lead = other.lead_days.value
    shares = _number(one.precision), _number(one.recall), _number(other.precision), interval, _number(other.recall)
    return f"{each.reached:,}", *shares, "—" if lead is None else f"{lead:.1f}"


def _number(each: Estimate) -> str:
    return "—" if each.value is None else f"{each.value:.3f}"


def _all(found: Grid) -> None:
    from whence.experiments.grids.grid import HALVES, MEASURES

    names = ("named", "hits", *MEASURES)
    columns = [Column(axis.name) for axis in found.axes] + [Column("reached")]
    columns += [Column(f"{half}_{name}") for half in HALVES for name in names]
    columns += [Column("on_frontier"), Column("present")]
    on = frozenset(found.frontier)
    screen.table(columns, (list(_row(found, number, number in on)) for number in range(len(found.combinations))), "csv")


def _row(found: Grid, number: int, is_on: bool) -> Iterator[Any]:
    each = found.combinations[number]
    yield from (str(value) if value is not None else None for value in each.values)
    yield each.reached
    for half in (each.chosen, each.held_out):
        yield from _plain(half)
    yield from (is_on, number == found.present_at)


def _plain(half: Figures) -> tuple[Any, ...]:
    return half.named, half.hits, half.precision.value, half.recall.value, half.lead_days.value


COMMANDS = (grid,)

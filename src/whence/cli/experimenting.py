"""`whence experiment`: what another scorecard would have come to over the same history, and whether it is better."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import tzinfo
from functools import partial
from typing import TYPE_CHECKING, Any

import rich_click as click

from whence.cli import exits, screen, wording
from whence.cli.command import (
    at_moment,
    at_store,
    command,
    in_json,
    in_zone,
    moment_of,
    opened,
    option,
    times_in,
)
from whence.cli.screen import Column
from whence.clock import SystemClock
from whence.moments import second_of

if TYPE_CHECKING:
    from whence.experiments import Estimate, Experiment, Prediction

NAMED_MAX = 10
"""So many who are gained or lost are listed before the rest is only counted."""
BEST = 20
"""The per cent of entities, the best first, of which a row says how many outcomes are found."""


events = partial(option, multiple=True, metavar="EVENTS")

# What a grid is told too.
foretold = partial(option, "--outcome", "outcomes", multiple=True, metavar="TYPE")
so_long = option("--within", default="30 days", metavar="DURATION", help="The outcome counts within so long.")
at_stage = partial(option, "--stage", metavar="NAME")
resampled = option(
    "--samples",
    type=click.IntRange(min=0),
    default=1000,
    metavar="N",
    help="Resamples for the intervals.",
)
seeded = partial(option, "--seed", type=click.IntRange(min=0), default=0, metavar="N")
kept = partial(option, "--save", "folder", metavar="FOLDER")


@command(
    "experiment",
    "whence experiment lead --candidate v2",
    "whence experiment lead --candidate v2 --outcome StageChanged --within '30 days'",
    "whence experiment lead --candidate v2 --baseline Scored.score --threshold 70 --json",
    "whence experiment lead --stop 'LeadCreated source=web'",
    brief="What another scorecard would have come to, and whether it is better.",
)
@click.argument("kind", metavar="KIND")
@option(
    "--candidate",
    metavar="NAME|FILE",
    help="The \\[scorecard.NAME] to try, TYPE.FIELD as recorded, KIND.FIELD of its model, or a file of values.",
)
@option(
    "--baseline",
    metavar="NAME|FILE",
    help="The same, to compare with; else the card of the kind's name, or the only other.",
)
@events("--without", help="In a past without these events: 'TYPE TAG:VALUE KEY=VALUE if EXPRESSION', any part of it.")
@events("--alter", help="With other data in these: 'EVENTS set KEY=VALUE'.")
@option(
    "--insert",
    multiple=True,
    type=click.Path(),
    metavar="FILE",
    help="With the events of a file: envelopes as JSON lines, or rows.",
)
@option("--mapping", metavar="NAME", help="The \\[import.NAME] that says what the rows of --insert mean.")
@events("--stop", help="Where an entity stops at the first of these of its own.")
@foretold(help="The event to foretell; may be given again.")
@so_long
@option("--age", default="7 days", metavar="DURATION", help="The age at which entities are ranked.")
@at_stage(help="The stage that counts; else the last that both cards have.")
@option("--threshold", type=float, metavar="POINTS", help="So many points count, instead of a stage.")
@option("--by", metavar="FIELD", help="A row for each value of a field of the events' data.")
@resampled
@seeded(help="The same seed gives the same intervals.")
@kept(help="Keep it: a report to open, numbers, and a row for each entity.")
@in_json(help="One JSON object, without a row for each entity.")
@at_moment
@at_store
@in_zone
def experiment(
    kind: str,
    candidate: str | None,
    baseline: str | None,
    without: tuple[str, ...],
    alter: tuple[str, ...],
    insert: tuple[str, ...],
    mapping: str | None,
    stop: tuple[str, ...],
    outcomes: tuple[str, ...],
    within: str,
    age: str,
    stage: str | None,
    threshold: float | None,
    by: str | None,
    samples: int,
    seed: int,
    folder: str | None,
    as_json: bool,
    at: str | None,
    clock: str,
    store: str | None,
    zone: str | None,
) -> int:
    """Scores every entity of a kind by two scorecards over the same history, and changes nothing. Begins with three
    sentences: how many more reach the stage, how many of those had the outcome, and how much earlier they reach it; the
    numbers stand below. Nothing that happened at an outcome or after it counts for a side.

    Instead of another scorecard, or beside it, the candidate may be given another past, by --without, --alter, --insert
    and --stop, in this order; all else stays as it was recorded. KIND:VALUE is a tag and KEY=VALUE data, as in whence
    append; behind `if` stands an expression on the data: --stop "Requested if amount > 25000". Then both sides are the
    same rule, unless --baseline names another, and it says how many events each change touched.

    --save keeps report.html (a page that works offline), result.json and values.parquet; run again with the same
    events, scorecards and seed they are the same bytes. `whence experiments` lists what was kept. The command ends with
    1 when there is nobody."""
    began, began_s = SystemClock().now_us(), time.perf_counter()
    with opened(store, zone=zone) as db:
        from whence.experiments import Run, require, save, sentences, summary, verdict

        if folder is not None:
            require()
        with screen.progress("Reading") as told:
            found = db.experiment(
                kind,
                candidate,
                baseline,
                without=without,
                alter=alter,
                insert=insert,
                mapping=mapping,
                stop=stop,
                outcome=outcomes or None,
                within=within,
                age=age,
                stage=stage,
                threshold=threshold,
                by=by,
                samples=samples,
                seed=seed,
                at=moment_of(db, at, clock),
                progress=told,
            )
        if not found.contrast.entities:
            screen.note(wording.unknown_kind(db, kind))
            return exits.NO
        if folder is not None:
            save(found, folder, Run(began, time.perf_counter() - began_s), zone=db.config.zone)
        if as_json:
            screen.json_lines([summary(found)])
        else:
            for sentence in sentences(found):
                screen.styled(sentence, "bold")
            weighed = verdict(found)
            screen.styled(f"{weighed.headline} {weighed.why}", _TONES[weighed.tone])
            _show_past(found)
            _show(found, db.config.zone)
        if found.segments and all(row.value is None for row in found.segments):
            screen.note(f"No event has a field {found.by}, so it parts nobody.")
        cards = (side.name for side in (found.baseline, found.candidate) if side.sort == "scorecard")
        for note in filter(None, (wording.types_without_events(db, name) for name in dict.fromkeys(cards))):
            screen.note(note)
        if folder is not None:
            screen.note(f"Kept in {folder}: open {os.path.join(folder, 'report.html')}")
    return exits.OK


def _show_past(found: Experiment) -> None:
    from whence.experiments.past import KEPT

    for change in found.changes:
        screen.styled(change.text, "yellow")
    if found.changes:
        screen.dim(KEPT)


def _show(found: Experiment, zone: tzinfo) -> None:
    from whence.experiments.coverage import coverage_text
    from whence.experiments.sentences import side_name

    sides = [Column("measure"), Column("baseline", "cyan", right=True), Column("candidate", "green", right=True)]
    more = [Column("difference", right=True), Column("interval", right=True)]
    screen.dim("")
    caption = "an interval holds 95 % of what resampled entities give the difference; chance explains one around 0"
    screen.table([*sides, *more], _measures(found), "screen", caption=caption if found.prediction else "")
    if found.movers:
        columns = [Column(found.kind, "cyan"), *sides[1:], Column("by")]
        screen.dim("")
        screen.table(columns, _movers(found), "screen", caption="who changes most, and by which rules")
    if found.segments:
        columns = [Column(str(found.by), "cyan"), *(Column(name, right=True) for name in _SEGMENT)]
        screen.dim("")
        screen.table(columns, _segments(found), "screen", caption="means of scores, and how many reach the stage")
    _show_crossed(found, zone)
    if found.prediction:
        for side, order in enumerate(found.prediction.rankings):
            rates = (f"{each.rate.value:.0%}" for each in order.tenths if each.rate.value is not None)
            by = side_name(found, side)
            screen.dim(f"outcome by tenth of the order by {by}, the lowest first: {' '.join(rates)}")
        screen.dim(_left_out(found.prediction))
    for each in found.coverage:
        screen.dim(coverage_text(each, found.kind))
    from whence.scoring.card import SHORT_DIGITS

    compared = zip(("baseline", "candidate"), (found.baseline, found.candidate), strict=True)
    said = (f"{role} {it.sort} {it.name}, version {it.version[:SHORT_DIGITS]}" for role, it in compared)
    screen.dim("; ".join(said))
    if found.observed is not None:
        from whence.clock import to_us

        seen = second_of(to_us(found.observed), zone)
        screen.dim(f"as of @{found.head}, observed until {seen}; {times_in(zone, 'occurred')}")


def _show_crossed(found: Experiment, zone: tzinfo) -> None:
    """Those gained and those lost, the earliest first: when each reaches the stage, and what became of it."""
    from whence.experiments.became import WHICH, counts_text, outcomes

    if found.crossings is None or not found.crossings.gained + found.crossings.lost:
        return
    told, named = outcomes(found), "" if found.prediction is None else " or ".join(found.prediction.outcome)
    when = {row.entity: (row.candidate_us, row.baseline_us) for row in found.reached}
    rows: list[tuple[str, ...]] = []
    captions = []
    for side, which in enumerate(WHICH):
        who: tuple[str, ...] = getattr(found.crossings, which)
        moments = sorted((when[entity][side] or 0, entity) for entity in who)[:NAMED_MAX]
        for us, entity in moments:
            became = () if told is None else (told.of(entity, which)[1],)
            rows.append((entity, which, second_of(us, zone), *became))
        said = ""
        if told is not None and found.prediction is not None:
            said = counts_text(told.counts(who, which), named, found.prediction.within_days)
        if said or len(who) > NAMED_MAX:
            captions.append(f"{len(who):,} {which}: {said or f'the first {NAMED_MAX} are shown'}")
    columns = [Column(found.kind, "cyan"), Column(""), Column("reached", "blue"), Column(named)][: 3 + bool(told)]
    screen.dim("")
    screen.table(columns, rows, "screen", caption="; ".join(captions))


def _measures(found: Experiment) -> Iterator[tuple[Any, ...]]:
    """A row for each number that both sides have."""
    differs, crossed, told = found.contrast, found.crossings, found.prediction
    one, other = differs.baseline, differs.candidate
    yield "total", _text(one.total), _text(other.total), _text(other.total - one.total), ""
    if one.mean is not None and other.mean is not None:
        yield "mean", _text(one.mean), _text(other.mean), _text(other.mean - one.mean), ""
    if one.quantiles and other.quantiles:
        middle = len(one.quantiles) // 2
        low, high = one.quantiles[middle], other.quantiles[middle]
        yield "median", _text(low), _text(high), _text(high - low), ""
    yield "changed", "", f"{differs.changed:,}", "", ""
    if differs.rank_agreement is not None:
        yield "rank agreement", "", f"{differs.rank_agreement:.3f}", "", ""
    if crossed is not None:
        count = (crossed.baseline, crossed.candidate)
        yield f"reach {crossed.stage}", f"{count[0]:,}", f"{count[1]:,}", f"{count[1] - count[0]:+,}", ""
    if told is not None:
        for name in ("named", "hits"):
            pair = [getattr(side, name) for side in (told.baseline, told.candidate, told.difference)]
            yield name, f"{pair[0]:,}", f"{pair[1]:,}", f"{pair[2]:+,}", ""
        for name in ("precision", "recall", "lift", "auc", "lead_days"):
            yield (_CALLED.get(name, name), *_row(*(getattr(side, name) for side in _sides(told))))
        one_found, other_found = (each.found(BEST) for each in told.rankings)
        if one_found is not None and other_found is not None:
            difference = f"{other_found - one_found:+.3f}"
            yield f"found in best {BEST} %", f"{one_found:.3f}", f"{other_found:.3f}", difference, ""


_TONES = {"for": "green", "against": "red", "open": "yellow"}
_CALLED = {"auc": "ROC AUC", "lead_days": "lead time, days"}
_SEGMENT = ("entities", "changed", "baseline", "candidate", "baseline reach", "candidate reach")


def _sides(told: Prediction) -> tuple[Any, Any, Any]:
    return told.baseline, told.candidate, told.difference


def _row(one: Estimate, other: Estimate, more: Estimate) -> tuple[str, ...]:
    shown = ("" if each.value is None else f"{each.value:.3f}" for each in (one, other))
    difference = "" if more.value is None else f"{more.value:+.3f}"
    return *shown, difference, "" if more.low is None else f"{more.low:+.3f} to {more.high:+.3f}"


def _movers(found: Experiment) -> Iterator[tuple[Any, ...]]:
    for each in found.movers:
        rules = (f"{part.name} {part.candidate - part.baseline:+,g}" for part in each.parts)
        yield each.entity, _text(each.baseline), _text(each.candidate), ", ".join(rules)


def _segments(found: Experiment) -> Iterator[tuple[Any, ...]]:
    for row in found.segments:
        means = (None if mean is None else _text(mean) for mean in (row.baseline_mean, row.candidate_mean))
        yield row.value, row.entities, row.changed, *means, row.baseline_reached, row.candidate_reached


def _left_out(told: Prediction) -> str:
    said = [
        f"measured on {told.measured:,}, ranked on {told.ranked:,}",
        f"{told.censored:,} observed for less than {told.within_days:g} days",
        f"{told.began_with_outcome:,} began with the outcome",
        f"{told.decided:,} had it before the age of {told.age_days:g} days",
    ]
    return "; ".join(said)


def _text(number: float) -> str:
    return f"{number:,.6f}".rstrip("0").rstrip(".")


COMMANDS = (experiment,)

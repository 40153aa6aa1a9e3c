"""An experiment as one HTML page that works offline: the three sentences, what the numbers speak for, the key figures,
the charts, who moves most and why, segments, who is gained and lost and when, and what was left out. The charts are
left to charts, the weighing to verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from html import escape
from importlib.resources import files

from whence import picture
from whence.clock import to_us
from whence.experiments import charts
from whence.experiments.became import counts_text, outcomes
from whence.experiments.contrast import Part
from whence.experiments.coverage import coverage_text
from whence.experiments.experiment import Experiment
from whence.experiments.past import KEPT
from whence.experiments.prediction import Prediction
from whence.experiments.sentences import days_text, per_cent, sentences, side_name
from whence.experiments.statistics import Estimate
from whence.experiments.verdict import verdict
from whence.markup import Html, bullets, cell, document, scrolling, table

SHOWN, ROWS_MAX = 10, 1_000
"""So many of the gained and lost are shown at once; of more than ROWS_MAX only the first are in the page."""
FOUND_AT = 20
"""The per cent of entities, the best first, of which a key figure says how many outcomes are found."""

EXPLAINED = {
    "movement": (
        "Who moves where",
        "Each mark is a score, the larger the more have it. Above the dotted line the candidate gives more points, "
        "below it fewer; the two straight lines are the points that are needed.",
    ),
    "spread": (
        "How scores are spread",
        "How many have which score under each side; upright lines are the points needed.",
    ),
    "over-time": (
        "Who reaches it when",
        "How many had reached it by each day. The line that lies higher names more, right or wrong.",
    ),
    "gain": (
        "What the order is worth",
        "Work through the list from the best down: the line that rises faster finds the outcomes with fewer calls.",
    ),
    "lift": (
        "How much better than chance",
        "How many times more outcomes lie in the best part of the list than in one drawn at random; 1 is no better.",
    ),
    "calibration": (
        "Does a higher score mean more?",
        "The share with the outcome in each tenth of the order, with its 95 % interval. A good score rises steadily to "
        "the right.",
    ),
}


def report(found: Experiment, *, zone: tzinfo = UTC) -> str:
    """The experiment as an HTML document, the same text for the same experiment. Days are those of `zone`. Raises
    MissingExtra where plotly is not installed."""
    names = [escape(side_name(found, side)) for side in (0, 1)]
    title = f"{side_name(found, 1)} against {side_name(found, 0)}"
    body = [
        f'<h1><span class="candidate">{names[1]}</span> against <span class="baseline">{names[0]}</span></h1>',
        f'<p class="under">{escape(_under(found, zone))}</p>',
        bullets(sentences(found), "told"),
        _verdict(found),
        *_past(found),
        _figures(found),
        "<h2>In pictures</h2>",
        _charts(found, zone),
        *_movers(found),
        *_segments(found),
        *_crossed(found, zone),
        _left_out(found),
        f"<footer>{escape(_footer(found, zone))}</footer>",
    ]
    style = (files("whence.experiments") / "report.css").read_text(encoding="utf-8")
    return document(title, style, "\n".join(body), script=picture.javascript())


def _under(found: Experiment, zone: tzinfo) -> str:
    said = [f"{found.contrast.entities:,} of kind {found.kind}, {found.events:,} events"]
    if found.observed is not None:
        said.append(f"observed until {_day(to_us(found.observed), zone)}")
    if found.prediction:
        told = found.prediction
        said.append(f"outcome: {' or '.join(told.outcome)} within {days_text(told.within_days)}")
    if found.past_events is not None:
        said.append("the candidate is given a changed past")
    return ", ".join(said)


def _verdict(found: Experiment) -> str:
    said = verdict(found)
    head, why = escape(said.headline), escape(said.why)
    return f'<div class="verdict {said.tone}"><strong>{head}</strong><p>{why}</p></div>'


def _past(found: Experiment) -> Iterator[str]:
    if found.changes:
        said = bullets([*(change.text for change in found.changes), KEPT], "notes")
        yield f"<h2>What was changed in the past</h2>\n{said}"


# Key figures.


def _figures(found: Experiment) -> str:
    cards = (
        f'<div><dt>{escape(name)}</dt><dd class="value">{escape(value)}</dd><dd class="note">{escape(note)}</dd></div>'
        for name, value, note in _key_figures(found)
    )
    return f'<dl class="figures">{"".join(cards)}</dl>'


def _key_figures(found: Experiment) -> Iterator[tuple[str, str, str]]:
    """A name, what the candidate has, and the baseline's beside how sure it is."""
    crossed, told = found.crossings, found.prediction
    if crossed is None:
        differs = found.contrast
        yield "Changed", f"{differs.changed:,}", f"{differs.raised:,} up, {differs.lowered:,} down"
    else:
        more = crossed.candidate - crossed.baseline
        yield f"Reach {crossed.stage}", f"{crossed.candidate:,}", f"{more:+,} from {crossed.baseline:,}"
        yield "Gained / lost", f"{len(crossed.gained):,} / {len(crossed.lost):,}", "named by one side alone"
    if told is None:
        return
    yield "Right when named (precision)", *_share(told, "precision")
    yield "Found beforehand (recall)", *_share(told, "recall")
    one, other = (each.found(FOUND_AT) for each in told.rankings)
    if one is not None and other is not None:
        shown, before = per_cent(other, one)
        yield f"Outcomes in the best {FOUND_AT} %", shown, f"from {before}, ranked at {days_text(told.age_days)}"
    auc = [side.auc.value for side in (told.baseline, told.candidate)]
    if auc[0] is not None and auc[1] is not None:
        yield "Ranking (ROC AUC)", f"{auc[1]:.3f}", f"from {auc[0]:.3f}, {_sure(told.difference.auc)}"
    lead = [side.lead_days.value for side in (told.baseline, told.candidate)]
    if lead[0] is not None and lead[1] is not None:
        said = f"from {days_text(lead[0])}, {_sure(told.difference.lead_days)}"
        yield "Time before the outcome", days_text(lead[1]), said
    if crossed is not None and crossed.days_gained.value is not None:
        moved, counted = crossed.days_gained.value, f"{crossed.earlier:,} earlier, {crossed.later:,} later"
        if moved:
            said = f"{days_text(abs(moved))} {'earlier' if moved > 0 else 'later'}"
            yield "Those that both reach", said, f"in the median, {_sure(crossed.days_gained)}"
        else:
            yield "Those that both reach", "same moment", f"in the median; {counted}"


def _share(told: Prediction, name: str) -> tuple[str, str]:
    one, other = (getattr(side, name).value for side in (told.baseline, told.candidate))
    if other is None:
        return "—", "nobody to measure it on"
    if one is None:
        return per_cent(other)[0], "the other names nobody"
    shown, before = per_cent(other, one)
    return shown, f"from {before}, {_sure(getattr(told.difference, name))}"


def _sure(difference: Estimate) -> str:
    if difference.low is None:
        return "too few to be sure"
    return "may be chance" if difference.is_chance else "more than chance"


# Charts and tables.


def _charts(found: Experiment, zone: tzinfo) -> str:
    drawn = (
        f'<section class="chart"><h3>{escape(EXPLAINED[name][0])}</h3><p>{escape(EXPLAINED[name][1])}</p>'
        f"{picture.element(figure, name)}</section>"
        for name, figure in charts.drawn(found, zone)
    )
    return f'<div class="charts">{"".join(drawn)}</div>'


def _movers(found: Experiment) -> Iterator[str]:
    if not found.movers:
        return
    yield "<h2>Who moves most, and why</h2>"
    yield "<p>The points that each rule adds or takes away together are the change.</p>"
    rows = (
        (
            cell(each.entity),
            _number(each.baseline),
            _number(each.candidate),
            f"{each.candidate - each.baseline:+,g}",
            _parts(each.parts),
        )
        for each in found.movers
    )
    sides = (side_name(found, 0), side_name(found, 1))
    who = "entity" if found.kind in sides else found.kind  # a card has often the name of its kind
    columns = (who, *sides, "change", "by which rules")
    yield _table(columns, rows, numbers=(1, 2, 3), wide=4)


def _parts(parts: Sequence[Part]) -> str:
    """Each rule with what it adds, never parted from its number."""
    said = (f"{each.name} {each.candidate - each.baseline:+,g}" for each in parts)
    return " ".join(f'<span class="part">{escape(each)}</span>' for each in said) or "—"


def _segments(found: Experiment) -> Iterator[str]:
    if not found.segments:
        return
    names = [side_name(found, side) for side in (0, 1)]
    yield f"<h2>By {escape(str(found.by))}</h2>\n<p>The mean score, and how many reach the stage, under each side.</p>"
    rows = (
        (
            cell(row.value),
            f"{row.entities:,}",
            f"{row.changed:,}",
            *("—" if mean is None else f"{mean:,.1f}" for mean in (row.baseline_mean, row.candidate_mean)),
            f"{row.baseline_reached:,}",
            f"{row.candidate_reached:,}",
            f"{row.candidate_reached - row.baseline_reached:+,}",
        )
        for row in found.segments
    )
    columns = (str(found.by), "entities", "changed", *(f"mean, {name}" for name in names))
    reach = (*(f"reach, {name}" for name in names), "more")
    yield _table((*columns, *reach), rows, numbers=range(1, 8))


def _crossed(found: Experiment, zone: tzinfo) -> Iterator[str]:
    """Who is gained and lost, and when; the first ones at sight, the others to be opened."""
    if found.crossings is None:
        return
    when = {row.entity: (row.baseline_us, row.candidate_us) for row in found.reached}
    told, named = outcomes(found), "" if found.prediction is None else " or ".join(found.prediction.outcome)
    came = f", and whether {named} came within {days_text(found.prediction.within_days)}" if found.prediction else ""
    yield "<h2>Who is gained, who is lost, and when</h2>"
    yield f"<p>The day on which each first reaches {escape(found.crossings.stage + came)}, the earliest first.</p>"
    yield '<div class="pair">'
    for side, called, who in ((1, "Gained", found.crossings.gained), (0, "Lost", found.crossings.lost)):
        moments = sorted((when[entity][side] or 0, entity) for entity in who)
        rows: list[tuple[str, ...]] = [(cell(entity), _day(us, zone)) for us, entity in moments[:ROWS_MAX]]
        yield f"<section><h3>{called}: {len(who):,} reach it with {escape(side_name(found, side))} alone</h3>"
        columns: tuple[str, ...] = (found.kind, "on")
        if told is not None and found.prediction is not None and who:
            columns = (*columns, named)
            became = (told.of(entity, called.lower())[1] for _, entity in moments[:ROWS_MAX])
            rows = [(*row, escape(said)) for row, said in zip(rows, became, strict=True)]
            counts = told.counts(who, called.lower())
            yield f"<p>{escape(counts_text(counts, named, found.prediction.within_days))}.</p>"
        yield _table(columns, rows[:SHOWN], numbers=(1,)) if rows else "<p>Nobody.</p>"
        if more := rows[SHOWN:]:
            cut = f", of {len(who) - SHOWN:,}" if len(who) > ROWS_MAX else ""
            inner = _table(columns, more, numbers=(1,))
            yield f"<details><summary>{len(more):,} more{cut}</summary>{inner}</details>"
        yield "</section>"
    yield "</div>"


def _left_out(found: Experiment) -> str:
    return f"<h2>What was left out, and how to read it</h2>\n{bullets(_notes(found), 'notes')}"


def _notes(found: Experiment) -> Iterator[str]:
    differs, told = found.contrast, found.prediction
    yield from (coverage_text(each, found.kind) for each in found.coverage)
    if differs.only_baseline or differs.only_candidate:
        yield (
            f"{differs.only_baseline:,} have a number under the baseline alone, {differs.only_candidate:,} under the "
            "candidate alone; differences leave them out."
        )
    if told is not None:
        within, age = days_text(told.within_days), days_text(told.age_days)
        yield (
            f"Who is named is measured on {told.measured:,}, of whom {told.with_outcome:,} had the outcome at some "
            f"time; {told.censored:,} were observed for less than {within} and are left out, whatever came of them."
        )
        yield (
            f"The order is measured on {told.ranked:,} at the age of {age}; {told.decided:,} had the outcome before "
            f"it, {told.ranking_censored:,} were observed too briefly, {told.unranked:,} have no number under one side."
        )
        if told.began_with_outcome:
            yield f"{told.began_with_outcome:,} began with the outcome, so that nothing could foretell it."
        after = told.baseline.reached_after, told.candidate.reached_after
        if any(after):
            yield (
                f"{after[0]:,} under the baseline and {after[1]:,} under the candidate reach it only at the outcome or "
                "after it, which does not count."
            )
        yield "Nothing that happened at an outcome or after it counts for a side."
        yield (
            "What happened was shaped by the rule in force at the time: whoever it named was treated differently. "
            "Where it can be done, try the candidate on a part of the new ones before all."
        )
    if found.samples:
        yield (
            f"Chance is judged by an interval that holds 95 % of what {found.samples:,} resamples give (seed "
            f"{found.seed}); of several measures, now and then one looks certain by luck alone."
        )


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Iterable[int], wide: int = -1) -> str:
    """A table of cells that are HTML, numbers to the right."""
    classes = {wide: "wide"} | dict.fromkeys(numbers, "number")
    return scrolling(table(columns, (list(map(Html, row)) for row in rows), classes=classes))


def _number(value: float) -> str:
    return f"{value:,.6f}".rstrip("0").rstrip(".")


def _day(us: int, zone: tzinfo) -> str:
    moment = datetime.fromtimestamp(us // 1_000_000, zone)
    return f"{moment.day} {moment:%b %Y}"


def _footer(found: Experiment, zone: tzinfo) -> str:
    sides = ((found.baseline, "baseline"), (found.candidate, "candidate"))
    said = [f"{role}: {about.sort} {about.name}, version {about.version[:12]}" for about, role in sides]
    return " · ".join(
        [f"As of @{found.head}", *said, f"days in {getattr(zone, 'key', None) or zone}", "Made by Whence"]
    )

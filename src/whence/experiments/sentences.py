"""An experiment in three plain sentences: how many more qualify, how many of those had the outcome, and how much
earlier the candidate comes; each says whether chance explains it, where that can be told."""

from __future__ import annotations

from whence.experiments.contrast import Contrast
from whence.experiments.crossing import Crossings
from whence.experiments.experiment import Experiment
from whence.experiments.prediction import Prediction
from whence.experiments.statistics import Estimate

Sentences = tuple[str, str, str]


def sentences(found: Experiment) -> Sentences:
    """The three sentences, in this order; where an experiment has no threshold or no outcome, one says so."""
    how_many = _changed(found, found.contrast) if found.crossings is None else _qualify(found, found.crossings)
    outcome = _untold(found) if found.prediction is None else _outcome(found, found.prediction)
    return how_many, outcome, _earlier(found, found.crossings)


def _qualify(found: Experiment, crossed: Crossings) -> str:
    more = crossed.candidate - crossed.baseline
    said = "as many as" if not more else f"{abs(more):,} {'more' if more > 0 else 'fewer'} than"
    counted = f"{len(crossed.gained):,} gained, {len(crossed.lost):,} lost"
    return (
        f"Of {_entities(found)}, {crossed.candidate:,} reach {crossed.stage} with {side_name(found, 1)}, {said} the "
        f"{crossed.baseline:,} with {side_name(found, 0)} ({counted})."
    )


def _changed(found: Experiment, differs: Contrast) -> str:
    return (
        f"Of {_entities(found)}, {differs.changed:,} come to another value with {side_name(found, 1)} than with "
        f"{side_name(found, 0)} ({differs.raised:,} more, {differs.lowered:,} less)."
    )


def _outcome(found: Experiment, told: Prediction) -> str:
    named = " or ".join(told.outcome)
    within = f"within {days_text(told.within_days)}"
    if found.crossings is None:
        return f"Ranked at {days_text(told.age_days)}, {_ranking(told)}."
    first = (
        f"Of the {told.gained:,} gained that were observed long enough, {told.gained_hits:,} had {named} {within}"
        if told.gained
        else f"None of the gained was observed long enough to tell whether it had {named} {within}"
        if found.crossings.gained
        else f"None is gained, so none of them had {named} {within}"
    )
    return f"{first}; {_precision(told)}."


def _precision(told: Prediction) -> str:
    before, after = told.baseline.precision.value, told.candidate.precision.value
    if before is None or after is None:
        return "how precise both are cannot be compared, since one names nobody"
    if before == after:
        return f"of all that each names it is {per_cent(after)[0]} with either"
    said = " against ".join(per_cent(after, before))
    return f"of all that each names it is {said}, {_chance(told.difference.precision)}"


def _ranking(told: Prediction) -> str:
    before, after = told.baseline.auc.value, told.candidate.auc.value
    if before is None or after is None:
        return f"too few had {' or '.join(told.outcome)} within {days_text(told.within_days)} to compare the sides"
    said = f"the candidate tells {' or '.join(told.outcome)} with an area under the curve of {after:.3f} against"
    return f"{said} {before:.3f}, {_chance(told.difference.auc)}"


def _untold(found: Experiment) -> str:
    if found.observed is None:
        return "There is nobody yet, so no outcome can be told."
    return "No outcome was named, so nothing says whether the change is for the better."


def _earlier(found: Experiment, crossed: Crossings | None) -> str:
    if crossed is None:
        return "There is no threshold to reach, so none is reached earlier or later."
    gained = crossed.days_gained
    if gained.value is None:
        return f"Nobody reaches {crossed.stage} with both, so none reaches it earlier or later."
    who = f"The {crossed.both:,} that reach it with both" if crossed.both > 1 else "The one that reaches it with both"
    do = "do" if crossed.both > 1 else "does"
    if not crossed.earlier and not crossed.later:
        return f"{who} {do} so at the same moment."
    if not gained.value:
        counted = f"{crossed.earlier:,} of them earlier and {crossed.later:,} later"
        return f"{who} {do} so neither earlier nor later in the median, {counted}, {_chance(crossed.more_earlier)}."
    said = f"{days_text(abs(gained.value))} {'earlier' if gained.value > 0 else 'later'}"
    return (
        f"{who} {do} so {said} in the median ({crossed.earlier:,} earlier, {crossed.later:,} later), {_chance(gained)}."
    )


def _chance(difference: Estimate) -> str:
    if difference.low is None:
        return "and whether by chance cannot be told"
    return f"which chance {'can' if difference.is_chance else 'does not'} explain"


def _entities(found: Experiment) -> str:
    count = found.contrast.entities
    said = f"{count:,} {found.kind} entit{'y' if count == 1 else 'ies'}"
    partial = [each.name for each in found.coverage if each.missing]
    if not partial:
        return said
    return f"{said} that {' and '.join(partial)} cover{'' if len(partial) > 1 else 's'} (of {len(found.values):,})"


def side_name(found: Experiment, side: int) -> str:
    """What a side is called; its role too where both are called the same, or which past where only that differs."""
    about = (found.baseline, found.candidate)
    if found.is_same_rule and about[0].name == about[1].name:
        return f"{about[side].name} {('as recorded', 'in the changed past')[side]}"
    role = ("baseline", "candidate")[side]
    return f"the {role} {about[side].name}" if about[0].name == about[1].name else about[side].name


def per_cent(*shares: float) -> list[str]:
    """Shares that stand beside each other in whole per cent, or with as many digits, up to three, as tell apart those
    that differ: `0.8%` beside `0.9%`."""
    for digits in range(4):
        said = [f"{share:.{digits}%}" for share in shares]
        if len(set(said)) == len(set(shares)):
            break
    return said


def days_text(days: float) -> str:
    """`30 days`, `4.2 days`, `5 hours` below two days."""
    if days < 2 and days != 1:
        return f"{days * 24:.3g} hours" if days * 24 != 1 else "1 hour"
    return "1 day" if days == 1 else f"{days:,.1f} days".replace(".0 ", " ")

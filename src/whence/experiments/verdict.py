"""What the numbers of an experiment speak for, in a headline and a reason. It only weighs what the measures say beyond
chance; what else counts, such as the price of a call, is left to whoever decides.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from whence.experiments.crossing import Crossings
from whence.experiments.experiment import Experiment
from whence.experiments.prediction import Prediction
from whence.experiments.sentences import days_text, per_cent, side_name

Tone = Literal["for", "against", "open"]
MEASURES = ("precision", "recall", "auc")
MEANT = {
    "precision": "how often it is right when it names one",
    "recall": "how many of those with the outcome it names beforehand",
    "auc": "how well it ranks them early on",
}


class Verdict(msgspec.Struct, frozen=True):
    """Whether the measures speak for the candidate or against it, or leave it open; a headline, and why."""

    tone: Tone
    headline: str
    why: str


def verdict(found: Experiment) -> Verdict:
    """What precision, recall and the area under the curve speak for, as far as chance does not explain them; where they
    are alike, whether the candidate comes earlier."""
    name, told = side_name(found, 1), found.prediction
    if not found.contrast.changed and (found.crossings is None or not found.crossings.earlier + found.crossings.later):
        return Verdict("open", f"{_big(name)} changes nothing.", "Both sides come to the same for everybody.")
    if found.is_same_rule:
        why = "It says what would have changed, not whether for the better: later decisions stand as recorded."
        return Verdict("open", "The rule is the same on both sides, the past is another.", why)
    if told is None:
        why = "No outcome was named: this shows what changes, not whether it is for the better."
        return Verdict("open", "Whether it is better cannot be told.", why)
    better, worse = _beyond_chance(told, 1), _beyond_chance(told, -1)
    timed = _timing(told, better, worse) + _too_early(told, worse)
    if better and worse:
        why = f"Better: {_listed(told, better)}. Worse: {_listed(told, worse)}. Decide which counts for more.{timed}"
        return Verdict("open", f"{_big(name)} is a trade.", why)
    if better:
        why = f"Better, and more than chance explains: {_listed(told, better)}. None is worse beyond chance.{timed}"
        return Verdict("for", f"The numbers speak for {name}.", why)
    if worse:
        why = f"Worse, and more than chance explains: {_listed(told, worse)}. None is better beyond chance.{timed}"
        return Verdict("against", f"The numbers speak against {name}.", why)
    return _alike(found, told, name)


def _timing(told: Prediction, better: list[str], worse: list[str]) -> str:
    """Whether the candidate names those it is right about earlier or later, where chance does not explain it."""
    difference, days = told.difference.lead_days, [each.lead_days.value for each in (told.baseline, told.candidate)]
    if difference.is_chance or not difference.value or days[0] is None or days[1] is None:
        return ""
    sooner = "earlier" if difference.value > 0 else "later"
    alone = bool(better) != bool(worse)
    link = "It" if not alone else "And it" if (difference.value > 0) == bool(better) else "But it"
    counted = f"{days_text(days[1])} before the outcome against {days_text(days[0])}"
    return f" {link} names those that it is right about {sooner}: {counted}."


def _too_early(told: Prediction, worse: list[str]) -> str:
    """That a longer time would count more for the candidate, where it is worse for the time that was asked about."""
    before, after = told.baseline.too_early, told.candidate.too_early
    if after <= before or not {"precision", "recall"} & set(worse):
        return ""
    had = f"had {' or '.join(told.outcome)} only after more than {days_text(told.within_days)}"
    return f" Of those that it names {after:,} {had}, against {before:,}: a longer time counts them too."


def _alike(found: Experiment, told: Prediction, name: str) -> Verdict:
    measured = [getattr(told.difference, measure) for measure in MEASURES]
    if all(each.low is None for each in measured):
        why = f"Only {told.measured:,} could be followed long enough: too few to tell a difference from chance."
        return Verdict("open", "There is too little to go by.", why)
    if (when := _when(found.crossings)) is not None:
        tone, headline, counted = when
        why = f"Chance can explain what differs in who is named, but {counted} with {name}."
        return Verdict(tone, headline, why)
    return Verdict("open", "No clear winner.", "Chance can explain whatever differs between the two.")


def _when(crossed: Crossings | None) -> tuple[Tone, str, str] | None:
    """Where those that both reach come earlier or later by more than chance explains: in the median, else by count."""
    if crossed is None:
        return None
    for each in (crossed.days_gained, crossed.more_earlier):
        if each.value and not each.is_chance:
            tone: Tone = "for" if each.value > 0 else "against"
            said = "earlier" if each.value > 0 else "later"
            if each is crossed.more_earlier:
                counted = f"of those that both name {crossed.earlier:,} come earlier and {crossed.later:,} later"
                return tone, f"As good, and more often {said}.", counted
            said = f"{days_text(abs(each.value))} {said}"
            return tone, f"As good, and {said} in the median.", f"those that both name come {said}"
    return None


def _beyond_chance(told: Prediction, sign: int) -> list[str]:
    """The measures that are better (1) or worse (-1) under the candidate by more than chance explains."""
    differences = {measure: getattr(told.difference, measure) for measure in MEASURES}
    return [name for name, each in differences.items() if not each.is_chance and (each.value or 0) * sign > 0]


def _listed(told: Prediction, names: list[str]) -> str:
    return "; ".join(f"{MEANT[name]} ({_pair(told, name)})" for name in names)


def _pair(told: Prediction, name: str) -> str:
    one, other = (getattr(side, name).value or 0 for side in (told.baseline, told.candidate))
    if name == "auc":
        return f"area under the curve {other:.2f} against {one:.2f}"
    return " against ".join(per_cent(other, one))


def _big(name: str) -> str:
    return name[0].upper() + name[1:] if name.startswith("the ") else name

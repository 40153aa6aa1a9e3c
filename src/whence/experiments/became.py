"""What became of those who reached the stage: whether the outcome came within the time, and after how long. Who reached
it is left to crossing, and how well a side foretells to prediction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from whence.experiments.crossing import Reached
from whence.experiments.experiment import Experiment
from whence.experiments.sentences import days_text
from whence.scoring.decay import DAY_US

Became = Literal["came", "late", "not", "open", "before"]
BECAME: tuple[Became, ...] = ("came", "late", "not", "open", "before")
"""The outcome came within the time; only later; not in it; not yet, and the time is not over; or it was there before
the stage was reached."""
WHICH = ("gained", "lost")


def became(reached_us: int, outcome_us: int | None, within_us: int, observed_us: int) -> Became:
    """What became of an entity that reached the stage at a time, by what was observed until another."""
    if outcome_us is None:
        return "not" if reached_us + within_us <= observed_us else "open"
    if outcome_us <= reached_us:
        return "before"
    return "came" if outcome_us - reached_us <= within_us else "late"


class Outcomes:
    """What became of those gained and lost in an experiment that was given an outcome."""

    def __init__(self, found: Experiment, within_days: float, observed_us: int) -> None:
        self._within_us, self._observed_us = round(within_days * DAY_US), observed_us
        self._rows = {row.entity: row for row in found.reached}

    def of(self, entity: str, which: str) -> tuple[Became, str]:
        """What became of one that is gained or lost, and how that is said."""
        row = self._rows[entity]
        us = _reached_us(row, which)
        found = became(us, row.outcome_us, self._within_us, self._observed_us)
        return found, _text(found, None if row.outcome_us is None else (row.outcome_us - us) / DAY_US)

    def counts(self, entities: tuple[str, ...], which: str) -> dict[Became, int]:
        """How many of them became what."""
        every = [self.of(entity, which)[0] for entity in entities]
        return {name: every.count(name) for name in BECAME}


def outcomes(found: Experiment) -> Outcomes | None:
    """None without an outcome, or without a stage to reach."""
    from whence.clock import to_us

    if found.prediction is None or found.crossings is None or found.observed is None:
        return None
    return Outcomes(found, found.prediction.within_days, to_us(found.observed))


def became_counts(found: Experiment) -> dict[str, dict[Became, int]] | None:
    """How many of the gained and of the lost became what; None where that is not asked."""
    told = outcomes(found)
    if told is None or found.crossings is None:
        return None
    return {which: told.counts(getattr(found.crossings, which), which) for which in WHICH}


def counts_text(counts: Mapping[Became, int], outcome: str, within_days: float) -> str:
    """`20 had LeadWon within 30 days, 15 had not, 3 are still open`; empty of nobody."""
    if not any(counts.values()):
        return ""
    said = [f"{counts['came']:,} had {outcome} within {days_text(within_days)}", f"{counts['not']:,} had not"]
    more = {"open": "still open", "late": "had it only later", "before": "had it before"}
    return ", ".join([*said, *(f"{counts[name]:,} {text}" for name, text in more.items() if counts[name])])  # type: ignore[index]


def _reached_us(row: Reached, which: str) -> int:
    us = row.candidate_us if which == "gained" else row.baseline_us
    assert us is not None, "who is gained or lost has reached it"
    return us


def _text(found: Became, days: float | None) -> str:
    match found:
        case "came":
            return f"yes, after {days_text(days or 0)}"
        case "late":
            return f"only after {days_text(days or 0)}"
        case "before":
            return "before"
        case "not":
            return "no"
    return "still open"

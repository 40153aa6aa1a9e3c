"""Answers to past cases, by another prompt, model or person, beside what was decided: how far they agree, how far they
are apart, and how several answers to one case scatter. What a case was given is left to `cases`."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean, median, quantiles, stdev
from typing import Any

import msgspec

from whence.cases import entity_of
from whence.errors import InvalidEvent, InvalidFile
from whence.events import Recorded
from whence.files.rows import Given, name_of
from whence.files.valuefile import CASE_NAMES, VALUE_NAMES, column, value_of, value_rows
from whence.grammar import id_to_raw, raw_to_id
from whence.scoring.condition import look
from whence.scoring.points import number_of

NAMED_MAX = 10
"""So many missing and extra cases, biggest differences and widest spreads are named; the rest is counted."""


class Spread(msgspec.Struct, frozen=True):
    """The answers to one case: how many, their least, median and greatest, and their standard deviation (of a sample,
    divided by n - 1; None for one answer)."""

    count: int
    least: float
    median: float
    greatest: float
    deviation: float | None

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        deviation = stdev(values) if len(values) > 1 else None
        return cls(len(values), min(values), median(values), max(values), deviation)


class AnsweredCase(msgspec.Struct, frozen=True):
    """A case that has answers: what was recorded, and the answers, of which the median is compared."""

    case: str
    position: int
    entity: str | None
    recorded: float
    answers: Spread

    @property
    def difference(self) -> float:
        return self.answers.median - self.recorded


class Differences(msgspec.Struct, frozen=True):
    """Answers less what was recorded, in the field's own unit: their mean, mean size, least, quartiles and greatest
    (quartiles by linear interpolation, Hyndman and Fan 1996, type 7)."""

    mean: float
    mean_size: float
    least: float
    lower: float
    median: float
    upper: float
    greatest: float

    @classmethod
    def of(cls, values: list[float]) -> Differences:
        low, middle, high = quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
        mean, size = fmean(values), fmean(map(abs, values))
        return cls(mean, size, min(values), low, middle, high, max(values))


class Answers(msgspec.Struct, frozen=True):
    """What a file answers. `cases` were asked about; of these `answered` have a number and an answer, `missing` a
    number and no answer, and `without_number` recorded none. `extra` are ids in the file that are no case asked
    about. `empty` counts rows without a value. Of missing and extra the first ten are named.

    `agree` counts the medians within the tolerance. `several` counts cases with more than one answer; `deviation` is
    the mean of their standard deviations, `widest` are those that scatter most, `biggest` those that differ most.
    """

    cases: int
    answered: int
    missing: int
    without_number: int
    extra: int
    empty: int
    missing_cases: tuple[str, ...]
    extra_cases: tuple[str, ...]
    agree: int
    differences: Differences | None
    several: int
    deviation: float | None
    widest: tuple[AnsweredCase, ...]
    biggest: tuple[AnsweredCase, ...]


def answers_in(source: Given, field: str | None = None) -> tuple[dict[str, list[float]], int]:
    """The numbers that a file gives each case, and how many rows have none. Held in memory: a number an answer.

    A row has the case in the column `case`, `case_id` or `id`, and the number in that of the field, `value`, `answer`
    or `score`. Raises InvalidFile naming the line.
    """
    found: dict[str, list[float]] = {}
    empty, file = 0, name_of(source)
    names = VALUE_NAMES if field is None else (field, *VALUE_NAMES)
    for row in value_rows(source):
        of = column(row, CASE_NAMES, file, "Name the column of the cases case.")
        id = _case_id(row.cells[of], file, row.line)
        value = value_of(row, column(row, names, file, f"Name the column of the answers {names[0]}."), file)
        if value is None:
            empty += 1
        else:
            found.setdefault(id, []).append(value)
    return found, empty


def compare_answers(
    decisions: Iterable[Recorded],
    answers: dict[str, list[float]],
    field: str,
    *,
    empty: int = 0,
    tolerance: float = 0,
    kinds: tuple[str, ...] = (),
) -> Answers:
    """Set the answers beside a field that the decisions recorded, a dotted path in their data. The decisions are read
    once. Raises InvalidFile where none of the answers is to one of them."""
    left, count, without = dict(answers), 0, 0
    missing: list[str] = []
    done: list[AnsweredCase] = []
    missing_count = 0
    for count, event in enumerate(decisions, 1):  # noqa: B007 - the last number is the count
        values, recorded = left.pop(event.id, None), number_of(look(event.data, field))
        if recorded is None:
            without += 1
        elif values is None:
            missing_count += 1
            missing += [event.id] * (len(missing) < NAMED_MAX)
        else:
            about = entity_of(event, kinds)
            done.append(AnsweredCase(event.id, event.position, about, float(recorded), Spread.of(values)))
    if answers and len(left) == len(answers):
        facts = {"cases": f"{count:,}", "first": next(iter(left))}
        raise InvalidFile("None of the answers is to one of these cases", **facts, remedy=NO_CASE)
    spread = [each for each in done if each.answers.deviation is not None]
    return Answers(
        count,
        len(done),
        missing_count,
        without,
        len(left),
        empty,
        tuple(missing),
        tuple(left)[:NAMED_MAX],
        agree=sum(abs(each.difference) <= tolerance for each in done),
        differences=Differences.of([each.difference for each in done]) if done else None,
        several=len(spread),
        deviation=fmean(map(_deviation, spread)) if spread else None,
        widest=tuple(sorted(spread, key=lambda each: (-_deviation(each), each.position))[:NAMED_MAX]),
        biggest=tuple(sorted(done, key=lambda each: (-abs(each.difference), each.position))[:NAMED_MAX]),
    )


NO_CASE = "Copy each case from what whence cases wrote, and name the same --type."


def _deviation(each: AnsweredCase) -> float:
    return each.answers.deviation or 0.0


def _case_id(given: Any, file: str, line: int) -> str:
    try:
        if not isinstance(given, str):
            raise InvalidEvent("An id is text")
        return raw_to_id(id_to_raw(given))
    except InvalidEvent as problem:
        facts = {"file": file, "line": line, "problem": problem.fact}
        raise InvalidFile("Not the id of a case", **facts, remedy="Copy it from what whence cases wrote.") from None

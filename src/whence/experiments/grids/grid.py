"""A grid: every combination of some values of a scorecard over one history, how well each tells an outcome, and which
are worth a choice. Nothing that happened at the outcome or after it counts, exactly as in an experiment.

**One reading.** Which events meet which rule does not depend on what is varied, so it is found once. For each set of
weights the kernel runs once, over all thresholds together.

**The same entities.** All combinations are measured on the same ones: an entity that was observed for less than n days
from its last moment under any of them is left out and counted.

**Two halves.** The best of many looks better than it is, because luck is among what makes it the best. So the frontier
is drawn on one half of the entities, and what is said of its members is said again on the other half, which had no part
in the choice. Which half an entity is in, a hash of the seed and its tag decides.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import numpy as np

from whence.clock import LATEST_US, to_iso
from whence.errors import Cancelled, InvalidModel, InvalidQuery
from whence.experiments.asking import first_reached
from whence.experiments.experiment import SAMPLES, SEED, WITHIN, check_counts, duration_us, no_outcome, outcome_types
from whence.experiments.grids.axes import Axis, Place, axes_of, with_values
from whence.experiments.grids.frontier import Place as Standing
from whence.experiments.grids.frontier import better_in_both, chosen, frontier
from whence.experiments.population import NEVER, Columns, Population, population
from whence.experiments.side import About, CardScore, side_of
from whence.experiments.statistics import (
    Estimate,
    Floats,
    Ints,
    Mask,
    draws,
    interval,
    minus,
    ratio,
    weighted_median,
)
from whence.history import History, Progress
from whence.scoring import Rule, Scorecard, Threshold
from whence.scoring.compiled import COMPILED
from whence.scoring.decay import DAY_US
from whence.scoring.kernel import Awards, score_all
from whence.segments.ahead import ahead, processors

if TYPE_CHECKING:
    from whence.segments.reading import Segments

HALVES = ("chosen", "held_out")
MEASURES = ("precision", "recall", "lead_days")
CELLS_IN_MEMORY = 2**26
"""So many moments are held in memory, half a gigabyte of them; more are in a temporary file."""
CELLS_DRAWN = 2**22
"""So many weights are drawn at once for the intervals."""


class Flag(Protocol):
    """What says that a grid is to end, a threading.Event for one."""

    def is_set(self) -> bool: ...


class Figures(msgspec.Struct, frozen=True):
    """How well a combination tells the outcome on one half of the entities: so many named, so many hits, and as in an
    experiment precision, recall and the median of the days from naming to the outcome. Only those on the frontier, and
    the present card, have intervals."""

    named: int
    hits: int
    precision: Estimate
    recall: Estimate
    lead_days: Estimate


class Combination(msgspec.Struct, frozen=True):
    """Values, one for each axis, and what comes of them: so many entities reach the stage, whenever that is, and how
    well it tells the outcome on the half that the frontier is drawn on, and on the other."""

    values: tuple[Any, ...]
    reached: int
    chosen: Figures
    held_out: Figures


class Half(msgspec.Struct, frozen=True):
    """The entities of one half that are measured, and how many of them had the outcome."""

    measured: int
    with_outcome: int


class Better(msgspec.Struct, frozen=True):
    """How much more a combination on the frontier has than the present card, on the half that had no part in the
    choice."""

    precision: Estimate
    recall: Estimate
    lead_days: Estimate


class Grid(msgspec.Struct, frozen=True):
    """All combinations of the axes over a history up to `head`, whose last event happened at `observed` (ISO 8601).

    `present` is the card as it is, and `present_at` its number among the combinations, None where it is not one.
    `frontier` are the numbers of those that no other beats, the highest recall first; `better` says for each how it
    differs from the present card. `best` is the number of the one on it that is most precise while it finds at least
    as many as the present card, or has the best balance where none does. `better_in_both` combinations have both a
    higher precision and a higher recall than the present card.

    `measured` entities were observed long enough, `censored` were not, `began_with_outcome` had nothing before it.
    """

    kind: str
    head: int
    observed: str | None
    events: int
    entities: int
    card: About
    stage: str
    outcome: tuple[str, ...]
    within_days: float
    samples: int
    seed: int
    axes: tuple[Axis, ...]
    measured: int
    censored: int
    began_with_outcome: int
    halves: tuple[Half, Half]
    frontier: tuple[int, ...]
    better: tuple[Better, ...]
    best: int | None
    better_in_both: int
    present_at: int | None
    present: Combination
    combinations: tuple[Combination, ...]

    def to_json(self) -> bytes:
        """All of it as JSON, the same bytes for the same history, card, axes and seed."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"


def grid(
    history: History,
    card: Scorecard,
    vary: Mapping[str, Iterable[Any]],
    *,
    outcome: str | Sequence[str],
    stage: str | None = None,
    within: str | timedelta = WITHIN,
    samples: int = SAMPLES,
    seed: int = SEED,
    segments: Segments | None = None,
    progress: Progress | None = None,
    cancel: Flag | None = None,
) -> Grid:
    """Try every combination of values of a card over the entities of its kind. `vary` maps the names of what is varied
    to values, as `axes` says them: `{"thresholds.qualified": range(60, 91, 5), "rules.webinar.points": [10, 20]}`.

    What is measured is the threshold that is varied, else that of `stage`, else the card's last. `outcome` and `within`
    are those of an experiment; intervals come from `samples` resamples with a `seed`, which also says which half an
    entity is in. With `segments`, those of the store and the kind, events are read from columns. `progress` is called
    with the sets of weights that are scored and all of them; once `cancel` is set it ends with Cancelled.

    Raises InvalidQuery for what is varied and cannot be, for more than 10,000 combinations, a duration, samples or a
    seed; InvalidModel for values that do not go together, a stage that is not there, and a card in the order of
    positions; NotKnown for an outcome that no entity has; else as scoring.live does.
    """
    placed, within_us = axes_of(card, vary), duration_us("within", within)
    check_counts(samples=samples, seed=seed)
    bar = _bar(card, placed, stage)
    types = outcome_types(outcome)
    people = population(history, card.kind, segments=segments)
    lives = people.lives(types)
    if not lives.has_outcome or people.observed_us is None:
        raise no_outcome(history, types)
    tried = _Tried(card, placed, bar)
    cut_us = None if history.bounds[1] == LATEST_US else history.bounds[1]
    moments = _moments(tried, people, people.columns(), cut_us, progress, cancel)
    field = _Field(moments, people.entities, lives.first_us, lives.outcome_us, within_us, people.observed_us, seed)
    found = [_combination(field, number, values) for number, values in enumerate(tried.values)]
    *combinations, present = found
    places = [_standing(each.chosen) for each in combinations]
    on = frontier(places)
    told, better = _resampled(field, [*on, len(combinations)], samples, seed)
    for number, figures in zip([*on, len(combinations)], told, strict=True):
        found[number] = msgspec.structs.replace(found[number], chosen=figures[0], held_out=figures[1])
    *combinations, present = found
    return Grid(
        card.kind,
        history.head,
        to_iso(people.observed_us),
        people.events,
        len(people.entities),
        card=side_of(CardScore(card, bar.score)).about,
        stage=bar.stage,
        outcome=types,
        within_days=within_us / DAY_US,
        samples=samples,
        seed=seed,
        axes=tuple(axis for axis, _ in placed),
        measured=int(field.measured.sum()),
        censored=int((field.begun & ~field.measured).sum()),
        began_with_outcome=int((~field.begun).sum()),
        halves=(field.half(0), field.half(1)),
        frontier=tuple(on),
        better=tuple(better[:-1]),
        best=chosen(places, on, _standing(present.chosen)),
        better_in_both=better_in_both(places, _standing(present.chosen)),
        present_at=next((n for n, each in enumerate(combinations) if each.values == present.values), None),
        present=present,
        combinations=tuple(combinations),
    )


# What is asked.


def _bar(card: Scorecard, placed: Sequence[tuple[Axis, Place]], stage: str | None) -> Threshold:
    """The threshold that is measured."""
    if card.order != "occurred":
        fact, remedy = "A grid needs a card that counts as things happened", 'Write order = "occurred" in it.'
        raise InvalidModel(fact, scorecard=card.name, order=card.order, remedy=remedy)
    varied = [card.thresholds[place.number] for _, place in placed if place.part == "thresholds"]
    names = [bar.stage for bar in card.thresholds]
    if not names or (stage is not None and stage not in names):
        remedy = f"There are: {', '.join(names)}." if names else "Give the card a threshold."
        raise InvalidModel("The scorecard has no such stage", scorecard=card.name, stage=stage, remedy=remedy)
    if len(varied) > 1 or (varied and stage not in (None, varied[0].stage)):
        said = ", ".join(dict.fromkeys([*(bar.stage for bar in varied), *([stage] if stage else [])]))
        remedy = "Vary the threshold of the stage that is measured, and no other."
        raise InvalidQuery("One stage is measured at a time", stages=said, remedy=remedy)
    return varied[0] if varied else card.thresholds[-1 if stage is None else names.index(stage)]


class _Tried:
    """The combinations in the order of the axes, the present card behind them; and the same as sets of weights, each
    with the numbers of points from which on the stage holds, since one run of the kernel does for all of these."""

    def __init__(self, card: Scorecard, placed: Sequence[tuple[Axis, Place]], bar: Threshold) -> None:
        self.card = card
        self.values = [*product(*(axis.values for axis, _ in placed)), tuple(axis.present for axis, _ in placed)]
        self._places, self._bar = [place for _, place in placed], bar
        self.weights: dict[tuple[Any, ...], list[int]] = {}
        for number, values in enumerate(self.values):
            self.weights.setdefault(self._without_threshold(values), []).append(number)

    def cards(self) -> Iterator[tuple[Scorecard, list[int], list[int]]]:
        """For each set of weights the card with all its thresholds, the numbers of the combinations, and for each of
        them which of the thresholds is its own."""
        for numbers in self.weights.values():
            changes = list(zip(self._places, self.values[numbers[0]], strict=True))
            at = [self._at(self.values[number]) for number in numbers]
            every = sorted(set(at))
            bars = [Threshold(score=self._bar.score, at=points, stage=str(points)) for points in every]
            made = msgspec.structs.replace(with_values(self.card, changes), thresholds=bars, grades=())
            yield made, numbers, [every.index(points) for points in at]

    def _at(self, values: Sequence[Any]) -> Any:
        own = (value for place, value in zip(self._places, values, strict=True) if place.part == "thresholds")
        return next(own, self._bar.at)

    def _without_threshold(self, values: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(v for place, v in zip(self._places, values, strict=True) if place.part != "thresholds")


# What the combinations come to.


def _moments(
    tried: _Tried,
    people: Population,
    columns: Columns,
    cut_us: int | None,
    progress: Progress | None,
    cancel: Flag | None,
) -> Ints:
    """When each combination first names each entity, NEVER where it does not: shape (combinations, entities)."""
    codes = {entity: code for code, entity in enumerate(columns.coded)}
    order = np.array([codes[entity] for entity in people.entities], np.int64)
    awards = columns.awards(_marked(tried.card))
    found = _room(len(tried.values), len(order))

    def scored(job: tuple[Scorecard, list[int], list[int]]) -> tuple[list[int], Ints]:
        card, numbers, own = job
        standings = score_all(card, weighed(awards, card), cut_us)
        reached = first_reached(standings.crossings, len(card.thresholds), len(columns.coded))[:, order]
        return numbers, reached[own]

    total = len(tried.weights)
    _tell(progress, 0, total)
    threads = processors() if COMPILED else 1  # the kernel lets go of Python's lock only where it is compiled
    told = ahead(scored, _unless(cancel, tried.cards()), threads=threads, most=threads)
    for done, (numbers, reached) in enumerate(told, 1):
        found[numbers] = reached
        _tell(progress, done, total)
    return found


def _tell(progress: Progress | None, done: int, total: int) -> None:
    if progress is not None:
        progress(done, total)


def _unless(cancel: Flag | None, jobs: Iterable[Any]) -> Iterator[Any]:
    """The jobs, until they are cancelled; then Cancelled is raised."""
    for job in jobs:
        if cancel is not None and cancel.is_set():
            raise Cancelled
        yield job


def _room(rows: int, columns: int) -> Ints:
    """An array to be filled: in memory, or in a file that is gone when it is not used any more."""
    if rows * columns <= CELLS_IN_MEMORY:
        return np.empty((rows, columns), np.int64)
    with tempfile.TemporaryFile(prefix="whence-grid-") as file:
        return np.memmap(file, np.int64, "w+", shape=(rows, columns))


def _marked(card: Scorecard) -> Scorecard:
    """The card with a point for each rule about a fact, so that its rows say when the fact holds, whatever it gives."""
    rules = [msgspec.structs.replace(rule, points=1) if rule.on is None else rule for rule in card.rules]
    return msgspec.structs.replace(card, rules=rules, thresholds=(), grades=())


def weighed(awards: Awards, card: Scorecard) -> Awards:
    """The awards of a marked card with what the rules of another give, which are about the same events and facts."""
    rules: list[Rule | None] = [*card.rules, None]  # NO_RULE is the last
    micro = np.array([0 if rule is None else rule.micro for rule in rules], np.int64)
    is_fact = np.array([rule is not None and rule.on is None for rule in rules])
    in_field = np.array([rule is not None and isinstance(rule.points, str) for rule in rules])
    points = micro[awards.rule]
    if is_fact.any():
        points = np.where(is_fact[awards.rule] & (awards.points == 0), 0, points)
    if in_field.any():
        points = np.where(in_field[awards.rule], awards.points, points)
    return msgspec.structs.replace(awards, points=points)


class _Field:
    """The entities that combinations are measured on, in two halves. The rows of `moments` are the combinations."""

    def __init__(
        self,
        moments: Ints,
        entities: Sequence[str],
        first_us: Ints,
        outcome_us: Ints,
        within_us: int,
        observed_us: int,
        seed: int,
    ) -> None:
        self._moments, self._outcome_us, self._within_us = moments, outcome_us, within_us
        self.positive: Mask = outcome_us != NEVER
        self.begun: Mask = ~self.positive | (outcome_us > first_us)
        last = first_us.copy()
        for number in range(len(moments)):
            np.maximum(last, self.named_us(number), out=last)
        self.measured: Mask = self.begun & (last + within_us <= observed_us)
        second = np.array([in_second_half(entity, seed) for entity in entities], np.bool_)
        self.rows = [np.flatnonzero(self.measured & (second == which)) for which in (False, True)]

    def half(self, half: int) -> Half:
        rows = self.rows[half]
        return Half(len(rows), int(self.positive[rows].sum()))

    def reached(self, number: int) -> int:
        """How many entities a combination names at any time, be it too late."""
        return int((self._moments[number] != NEVER).sum())

    def named_us(self, number: int) -> Ints:
        """When a combination names each entity strictly before its outcome, else NEVER."""
        moments = self._moments[number]
        return np.where(self.positive & (moments >= self._outcome_us), NEVER, moments)

    def told(self, number: int, half: int) -> tuple[Mask, Mask, Floats]:
        """Which of a half a combination names and hits, and the days from naming to the outcome of the hits."""
        rows = self.rows[half]
        moments, outcome = self.named_us(number)[rows], self._outcome_us[rows]
        named = moments != NEVER
        hit = named & self.positive[rows] & (outcome - moments <= self._within_us)
        return named, hit, (outcome[hit] - moments[hit]) / DAY_US


def in_second_half(entity: str, seed: int) -> bool:
    """Whether an entity is in the half that has no part in the choice; the same on every machine."""
    return hashlib.sha256(f"{seed}\n{entity}".encode()).digest()[0] % 2 == 1


def _combination(field: _Field, number: int, values: tuple[Any, ...]) -> Combination:
    one, other = (_figures(field, number, half) for half in (0, 1))
    return Combination(values, field.reached(number), one, other)


def _figures(field: _Field, number: int, half: int) -> Figures:
    named, hit, days = field.told(number, half)
    counts = int(named.sum()), int(hit.sum())
    lead = weighted_median(np.sort(days), np.ones(len(days), np.int64))
    return Figures(
        *counts,
        precision=Estimate(ratio(counts[1], counts[0])),
        recall=Estimate(ratio(counts[1], field.half(half).with_outcome)),
        lead_days=Estimate(lead),
    )


def _standing(figures: Figures) -> Standing:
    return Standing(figures.named, figures.precision.value, figures.recall.value, figures.lead_days.value)


# Intervals.


def _resampled(
    field: _Field, numbers: Sequence[int], samples: int, seed: int
) -> tuple[list[tuple[Figures, Figures]], list[Better]]:
    """The figures of some combinations on both halves with intervals, and how much more each has than the last of them
    on the second half. All are measured on the same draws, so that what is compared is compared on the same entities.
    """
    halves = [_Drawn(field, numbers, half, samples, seed) for half in (0, 1)]
    told = [(halves[0].figures(place), halves[1].figures(place)) for place in range(len(numbers))]
    return told, [halves[1].better(place) for place in range(len(numbers))]


class _Drawn:
    """What resamples of one half give for some combinations; arrays of shape (samples, combinations)."""

    def __init__(self, field: _Field, numbers: Sequence[int], half: int, samples: int, seed: int) -> None:
        self._values = [_figures(field, number, half) for number in numbers]
        self._positives = field.half(half).with_outcome
        self._samples = samples
        rows = field.rows[half]
        told = [field.told(number, half) for number in numbers]
        masks = np.array([[named, hit] for named, hit, _ in told], np.float64).reshape(2 * len(told), len(rows))
        by_days = [np.argsort(days, kind="stable") for *_, days in told]
        leads = [(np.flatnonzero(hit)[order], days[order]) for (_, hit, days), order in zip(told, by_days, strict=True)]
        positive = field.positive[rows].astype(np.float64)
        shape = (samples if len(rows) else 0, len(numbers))
        self._drawn: dict[str, Floats] = {name: np.full(shape, np.nan) for name in MEASURES}
        for start, weights in _weights(len(rows), samples, seed):
            upto = slice(start, start + len(weights))
            counts = (weights @ masks.T).reshape(len(weights), -1, 2)  # sums of whole numbers: exact in any order
            named, hits = counts[:, :, 0], counts[:, :, 1]
            self._drawn["precision"][upto] = _shares(hits, named)
            self._drawn["recall"][upto] = _shares(hits, (weights @ positive)[:, None])
            for place, (its, days) in enumerate(leads):
                self._drawn["lead_days"][upto, place] = _medians(days, weights[:, its])

    def figures(self, place: int) -> Figures:
        own = self._values[place]
        behind = self._behind(own)
        found = {name: self._estimate(getattr(own, name).value, self._drawn[name][:, place]) for name in MEASURES}
        return Figures(own.named, own.hits, **{name: found[name].of(behind[name]) for name in MEASURES})

    def better(self, place: int) -> Better:
        """How much more a combination has than the last of them."""
        own, last = self._values[place], self._values[-1]
        few = {name: min(self._behind(own)[name], self._behind(last)[name]) for name in MEASURES}
        found = {}
        for name in MEASURES:
            drawn = self._drawn[name][:, place] - self._drawn[name][:, -1]
            value = minus(getattr(own, name).value, getattr(last, name).value)
            found[name] = self._estimate(value, drawn).of(few[name])
        return Better(**found)

    def _behind(self, figures: Figures) -> dict[str, int]:
        """Of how many entities each measure is."""
        return {"precision": figures.named, "recall": self._positives, "lead_days": figures.hits}

    def _estimate(self, value: float | None, drawn: Floats) -> Estimate:
        return interval(value, drawn[~np.isnan(drawn)].tolist(), self._samples)


def _weights(count: int, samples: int, seed: int) -> Iterator[tuple[int, Floats]]:
    """The draws in blocks: the number of the first, and how often each entity counts in each."""
    each = max(1, CELLS_DRAWN // max(count, 1))
    block: list[Ints] = []
    for number, weights in enumerate(draws(count, samples=samples, seed=seed), 1):
        block.append(weights)
        if len(block) == each or number == samples:
            yield number - len(block), np.array(block, np.float64)
            block = []


def _shares(part: Floats, whole: Floats) -> Floats:
    found = np.full(np.broadcast_shapes(part.shape, whole.shape), np.nan)
    np.divide(part, whole, out=found, where=whole > 0)
    return found


def _medians(days: Floats, weights: Floats) -> Floats:
    """The median of days in rising order under each row of weights, as `weighted_median` has it; NaN of nothing."""
    if not len(days):
        return np.full(len(weights), np.nan)
    upto = np.cumsum(weights, axis=1)
    count = upto[:, -1:]
    low, high = (np.minimum((upto <= at).sum(axis=1), len(days) - 1) for at in ((count - 1) // 2, count // 2))
    return np.where(count[:, 0] > 0, (days[low] + days[high]) / 2, np.nan)

"""An experiment: two sides over the same history, or one over a changed past, and how they compare. It is handed a
history, reads it once, and writes nothing; sides, differences, crossings and prediction are files of their own."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from whence.clock import LATEST_US, to_iso
from whence.errors import InvalidModel, InvalidQuery, NotKnown
from whence.experiments.asking import Asked, asked
from whence.experiments.contrast import Contrast, Mover, Part, Segment, Value, biggest, contrast, parts
from whence.experiments.contrast import segments as segments_by
from whence.experiments.coverage import Coverage, coverage, uncovered
from whence.experiments.crossing import Crossings, Reached, crossings
from whence.experiments.past import Change, Past
from whence.experiments.population import NEVER, Events, Lives, Population, population
from whence.experiments.prediction import Followed, Prediction, prediction
from whence.experiments.side import (
    About,
    CardSide,
    FileSide,
    Given,
    ModelField,
    RecordedSide,
    Side,
    TimedSide,
    fields_of,
    last_said,
    side_of,
)
from whence.grammar import normal_kind, normal_type
from whence.history import History, Progress
from whence.model import Model
from whence.scoring import Threshold
from whence.scoring.decay import HOUR_US, hours_of
from whence.scoring.points import MICRO

if TYPE_CHECKING:
    from whence.segments.reading import Segments

MOVERS, SAMPLES, SEED = 10, 1_000, 0
WITHIN, AGE = "30 days", "7 days"
ANY_STAGE = "the threshold"
"""What a threshold without a stage is called."""


class Experiment(msgspec.Struct, frozen=True):
    """What two sides come to over a history up to `head`, whose last event happened at `observed` (ISO 8601). `events`
    were read of the kind's entities, and `past_events` where the candidate was given a changed past; `changes` are what
    was changed in it.

    `values` has a row for every entity, in the order of their first events. Where there is a threshold, `reached` has
    one for every entity that is covered: a side that is a file may have no number for some, which `coverage` counts
    and everything else leaves out. `crossings` and `prediction` are None where there is no threshold and no outcome.
    """

    kind: str
    head: int
    observed: str | None
    events: int
    past_events: int | None
    baseline: About
    candidate: About
    samples: int
    seed: int
    contrast: Contrast
    crossings: Crossings | None
    prediction: Prediction | None
    by: str | None
    segments: tuple[Segment, ...]
    movers: tuple[Mover, ...]
    values: tuple[Value, ...]
    reached: tuple[Reached, ...]
    coverage: tuple[Coverage, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def is_same_rule(self) -> bool:
        """Whether both sides are the same, and only the past is another."""
        same = (self.baseline.sort, self.baseline.version) == (self.candidate.sort, self.candidate.version)
        return same and self.past_events is not None

    def to_json(self) -> bytes:
        """All of it as JSON, the same bytes for the same history, sides and seed."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"


def experiment(
    history: History,
    baseline: Given,
    candidate: Given,
    *,
    kind: str,
    past: History | Past | None = None,
    stage: str | None = None,
    threshold: Any = None,
    outcome: str | Sequence[str] | None = None,
    within: str | timedelta = WITHIN,
    age: str | timedelta = AGE,
    by: str | ModelField | None = None,
    movers: int = MOVERS,
    samples: int = SAMPLES,
    seed: int = SEED,
    names: tuple[str | None, str | None] = (None, None),
    segments: Segments | None = None,
    progress: Progress | None = None,
) -> Experiment:
    """Compare two sides over the entities of a kind. A side is a Scorecard (its first score) or CardScore, a
    ModelField, a RecordedField, a function of an entity's events, or a mapping from entities to numbers.

    Every number is as of the last event of its entity (of TimedValues, of the history), or as of the time at which the
    history is cut. `past` is the
    history that the candidate is given instead, a branch in which some events are dropped, inserted or altered
    (`whence.experiments.changed` makes one, and says what it changed).

    Crossings are those of `stage`, a threshold of the cards: by default the last of the baseline's that the candidate
    has too; where one side has no card, it is held against the points of the other's. `threshold` (points) is used
    instead where it is given. A mapping has no crossings. Entities that a mapping or TimedValues has no number for
    count for neither side: `coverage` says how many.

    With `outcome`, an event type or several, `whence.experiments.prediction` says how well both sides told it `within`
    so long, ranked at an `age`: texts as "30 days", or whole hours as a timedelta. `by` is a field of the events' data
    (a dotted path, the last value) or of a model's state, for a row by each value. Intervals come from `samples`
    resamples with a `seed`. `names` are what the sides are called.

    With `segments`, those of the store and the kind, scorecards are read from columns; else all events of the kind are
    held in memory. The answer is the same. Raises InvalidModel for what is no side, a stage that is not there, or a
    number that is none; InvalidQuery for a duration, samples or a seed that cannot be; NotKnown for an outcome that no
    entity has, and for a recorded field that no event has; else as scoring.live and Model.fold do.
    """
    kind, sides = normal_kind(kind), (side_of(baseline, names[0]), side_of(candidate, names[1]))
    within_us, age_us = duration_us("within", within), duration_us("age", age)
    check_counts(movers=movers, samples=samples, seed=seed)
    bars = _bars(sides, stage, threshold)
    there = population(history, kind, progress, segments)
    changes = past.changes if isinstance(past, Past) else ()
    branch = past.history if isinstance(past, Past) else past
    if branch is not None and isinstance(sides[1], (FileSide, TimedSide)):
        remedy = "Ask a scorecard, a model or a function, or take the past as it was."
        raise InvalidModel("A file says nothing of another past", candidate=sides[1].about.name, remedy=remedy)
    changed = there if branch is None else population(branch, kind, progress)
    entities = list(dict.fromkeys([*there.entities, *changed.entities]))
    types = None if outcome is None or there.observed_us is None else outcome_types(outcome)
    lives = there.lives(types or ())
    if types is not None and not lives.has_outcome:
        raise no_outcome(history, types)
    moments = dict(zip(there.entities, (lives.first_us + age_us).tolist(), strict=True)) if types else {}
    cut_us = None if history.bounds[1] == LATEST_US else history.bounds[1]
    one, other = (
        asked(side, its, None if bars is None else bars[number], _until(side, cut_us, there.observed_us), moments)
        for number, (side, its) in enumerate(zip(sides, (there, changed), strict=True))
    )
    left = uncovered(sides, entities)
    values = [Value(entity, one.value(entity), other.value(entity), entity not in left) for entity in entities]
    compared = [each for each in values if each.covered]
    numbers = {each.entity: each.baseline for each in values}, {each.entity: each.candidate for each in values}
    _refuse_silence(sides if branch is None else sides[:1], numbers)
    had = _had(there.entities, lives)
    reached = [
        Reached(each.entity, one.reached_us(each.entity), other.reached_us(each.entity), had.get(each.entity))
        for each in (compared if bars else ())
    ]
    found = None
    if types is not None and there.observed_us is not None:
        followed = _followed((one, other), there.entities, lives, reached, (age_us, within_us, there.observed_us))
        found = prediction(
            [each for each in followed if each.entity not in left],
            types,
            within_us=within_us,
            age_us=age_us,
            observed_us=there.observed_us,
            samples=samples,
            seed=seed,
        )
    return Experiment(
        kind,
        history.head,
        None if there.observed_us is None else to_iso(there.observed_us),
        events=there.events,
        past_events=None if past is None else changed.events,
        baseline=sides[0].about,
        candidate=sides[1].about,
        samples=samples,
        seed=seed,
        contrast=contrast(compared),
        crossings=_crossings(bars, reached, samples, seed) if bars else None,
        prediction=found,
        by=by.field if isinstance(by, ModelField) else by,
        segments=() if by is None else segments_by(compared, _fields(by, there.all()), _who(reached)),
        movers=tuple(_mover(each, sides, (there, changed), cut_us) for each in biggest(compared, movers)),
        values=tuple(values),
        reached=tuple(reached),
        coverage=coverage(sides, entities, numbers),
        changes=changes,
    )


# What is asked.


def duration_us(key: str, said: str | timedelta) -> int:
    """A duration as people say it, in microseconds. Raises InvalidQuery."""
    if isinstance(said, timedelta):
        hours, rest = divmod(said, timedelta(hours=1))
        found = hours if hours > 0 and not rest else None
    else:
        found = hours_of(said)
    if found is None:
        remedy = f'Write {key}="30 days": whole hours, days or weeks.'
        raise InvalidQuery("Not a duration", **{key: repr(said)}, remedy=remedy)
    return found * HOUR_US


def check_counts(**counts: int) -> None:
    """Raise InvalidQuery for what is no whole number from 0."""
    for name, count in counts.items():
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise InvalidQuery("Not a whole number from 0", **{name: repr(count)})


Bars = tuple[Threshold, Threshold]


def _bars(sides: tuple[Side, Side], stage: str | None, threshold: Any) -> Bars | None:
    """The threshold that each side is held against; None where there is none."""
    if not all(side.timed for side in sides):
        return None
    cards = [side for side in sides if isinstance(side, CardSide)]
    if threshold is not None:
        scores = [side.score if isinstance(side, CardSide) else "score" for side in sides]
        one, other = (Threshold(score=score, at=threshold, stage=stage or ANY_STAGE) for score in scores)
        return one, other
    found = [{bar.stage: bar for bar in side.card.thresholds} for side in cards]
    common = [name for name in (found[0] if found else ()) if all(name in each for each in found)]
    if stage is not None and stage not in common:
        remedy = f"There are: {', '.join(common)}." if common else "Give a threshold instead."
        raise InvalidModel("The sides have no such stage", stage=stage, remedy=remedy)
    if not common:
        return None
    chosen = [each[stage or common[-1]] for each in found]
    return chosen[0], chosen[-1]


def outcome_types(outcome: str | Sequence[str]) -> tuple[str, ...]:
    """The types that are meant, as they are stored. Raises InvalidEvent."""
    return tuple(map(normal_type, [outcome] if isinstance(outcome, str) else outcome))


def no_outcome(history: History, types: Sequence[str]) -> NotKnown:
    """That no entity of the kind has had one of these; with the types that look like them."""
    there = {event.type for event in history.events()}.difference(types)
    near = [name for type in types for name in difflib.get_close_matches(type, there, 1)]
    remedy = f"Did you mean {' or '.join(near)}?" if near else "Name a type that whence types lists for this kind."
    return NotKnown("No entity has had this outcome", outcome=", ".join(types), remedy=remedy)


# What the sides come to.


def _refuse_silence(sides: Sequence[Side], numbers: Sequence[Mapping[str, float | None]]) -> None:
    """Raise NotKnown for a recorded field that was never recorded: a typo would else be a side that says nothing."""
    for side, known in zip(sides, numbers, strict=False):
        if isinstance(side, RecordedSide) and known and all(value is None for value in known.values()):
            remedy = "Write TYPE.FIELD as whence log shows it, or KIND.FIELD for a field of the model in whence.toml."
            raise NotKnown("No number was ever recorded there", side=side.about.name, remedy=remedy)


def _until(side: Side, cut_us: int | None, observed_us: int | None) -> int | None:
    """As of when a side is asked; None for the last event of each entity. A file goes on saying things after that."""
    return observed_us if cut_us is None and isinstance(side, TimedSide) else cut_us


def _had(entities: Sequence[str], lives: Lives) -> dict[str, int]:
    """When each entity that had the outcome first had it."""
    return {entity: us for entity, us in zip(entities, lives.outcome_us.tolist(), strict=True) if us != NEVER}


def _followed(
    sides: tuple[Asked, Asked],
    entities: Sequence[str],
    lives: Lives,
    reached: Sequence[Reached],
    spans: tuple[int, int, int],
) -> list[Followed]:
    """Each entity of the history to its outcome. Whatever a side is asked for here, it looks only at the events before
    the moment in question."""
    age_us, within_us, observed_us = spans
    ever = {row.entity: (row.baseline_us, row.candidate_us) for row in reached}
    found = []
    for entity, first_us, us in zip(entities, lives.first_us.tolist(), lives.outcome_us.tolist(), strict=True):
        outcome_us = None if us == NEVER else us
        named = ever.get(entity, (None, None))
        if ever and outcome_us is not None and outcome_us > first_us:
            named = sides[0].named_us(entity, outcome_us), sides[1].named_us(entity, outcome_us)
        late = tuple(us is not None and name is None for us, name in zip(ever.get(entity, named), named, strict=True))
        moment = first_us + age_us
        ranked = moment + within_us <= observed_us and (outcome_us is None or outcome_us >= moment)
        ranks = (sides[0].rank(entity, moment), sides[1].rank(entity, moment)) if ranked else (None, None)
        found.append(Followed(entity, first_us, outcome_us, named, (late[0], late[1]), ranks))
    return found


# What is told of it.


def _crossings(bars: Bars, reached: Sequence[Reached], samples: int, seed: int) -> Crossings:
    points = [bar.at_micro / MICRO for bar in bars]
    return crossings(reached, bars[0].stage, points[0], points[1], samples=samples, seed=seed)


def _who(reached: Sequence[Reached]) -> dict[str, tuple[bool, bool]]:
    return {row.entity: (row.baseline_us is not None, row.candidate_us is not None) for row in reached}


def _fields(by: str | ModelField, events: Events) -> dict[str, Any]:
    """The value of a field for each entity, as JSON has it."""
    if isinstance(by, ModelField):
        model = Model.of(by.model)
        found = {entity: fields_of(model, own).get(by.field) for entity, own in events.items()}
    else:
        found = {entity: last_said(own, by) for entity, own in events.items()}
    return {entity: msgspec.to_builtins(value) for entity, value in found.items()}


def _mover(each: Value, sides: tuple[Side, Side], handed: tuple[Population, Population], cut_us: int | None) -> Mover:
    one, other = sides
    told: tuple[Part, ...] = ()
    if isinstance(one, CardSide) and isinstance(other, CardSide):
        baseline, candidate = (entities.of(each.entity) for entities in handed)
        told = parts(one.shares(baseline, cut_us), other.shares(candidate, cut_us))
    assert each.baseline is not None, "a mover has both"
    assert each.candidate is not None, "a mover has both"
    return Mover(each.entity, each.baseline, each.candidate, told)

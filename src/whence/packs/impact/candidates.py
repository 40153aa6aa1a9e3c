"""Which decisions a change is judged by: those that name its version beside those that name another, where decisions
do; else those before it and after it. What they show is found out by whence.experiments.interventions.

It is told by `rows`, the decisions that are compared, and `under`, those that were taken under the change. Of nine in
the order of time, the change where the line is:

    by time       rows   - x x x | x x x x -     those near it
                  under  - - - - | x x x x x     all that came after it
    by name       rows   - x x x | x x x x -     those near it that name one version or another
                  under  - - - - | - x x x x     those that name it, or by basis a later one: the 5th did not yet
    side by side  rows   - - - - | - x x x -     those of the days on which it is named
                  under  - - - - | - x - x -     those that name it; the 7th names another
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from whence.duration import DAY_US
from whence.experiments.interventions import Intervention, by_version
from whence.experiments.statistics import Ints
from whence.experiments.trials import BASIS, Axis, Trials
from whence.packs.changes.change import Change
from whence.tree import MISSING, names_version


def candidates(trials: Trials, changes: Sequence[Change], *, window_days: int) -> list[tuple[Change, Intervention]]:
    """The changes that may have done something, each with the decisions it is judged by, so many days before and after
    it."""
    meant = [each for each in changes if each.differences and each.how != "refused" and not _is_first_sight(each)]
    named = _named_by_basis(trials, changes)
    window_us = window_days * DAY_US
    return [(each, _judged(trials, each, meant, named.get(each.document), window_us)) for each in meant]


def _is_first_sight(change: Change) -> bool:
    """Whether an observed value is the first there was: nothing came before it."""
    return change.how == "observed" and all(each.before is MISSING for each in change.differences)


def _judged(
    trials: Trials, change: Change, others: Sequence[Change], named: Ints | None, window_us: int
) -> Intervention:
    """The decisions that a change is judged by: by its label where decisions name that, else by their basis, else by
    time. `named` is for each decision the position of the change that its basis names, where any does."""
    times, at_us = trials.times_us, change.time_us
    near = (times >= at_us - window_us) & (times < at_us + window_us)
    if change.label is not None and (axis := _axis(trials, change, change.label)) is not None:
        return by_version(trials, axis, change.label, at_us=at_us, near=near)
    first_us, last_us = _bounds(change, others, at_us - window_us, at_us + window_us)
    within = (times >= first_us) & (times < last_us)
    if named is not None and (named[near] == change.position).any():
        return Intervention("by name", within & (named >= 0), named >= change.position)
    return Intervention("by time", within, times >= at_us)


def _axis(trials: Trials, change: Change, label: str) -> Axis | None:
    """The axis on which decisions name the label of a change: for an observed one its own field, else any field, and
    last their basis."""
    fields = [name for name in trials.axes if name != BASIS]
    names = [change.document] if change.how == "observed" else [*fields, BASIS]
    axes = (trials.axes[name] for name in names if name in trials.axes)
    return next((axis for axis in axes if label in axis.names), None)


def _bounds(change: Change, others: Sequence[Change], first_us: int, last_us: int) -> tuple[int, int]:
    """The window around a change, as far as the settings that it is about were not changed again."""
    names = set(change.names)
    for each in others:
        if each.position == change.position or not names & set(each.names):
            continue
        if each.time_us < change.time_us or (each.time_us == change.time_us and each.position < change.position):
            first_us = max(first_us, each.time_us)
        else:
            last_us = min(last_us, each.time_us)
    return first_us, last_us


def _named_by_basis(trials: Trials, changes: Sequence[Change]) -> dict[str, Ints]:
    """For each document, and for each decision, the position of the change that the version in its basis came from: of
    several the last one before the decision, else the first; -1 where it names none. Documents that no decision names
    are left out.

    Where @1 came to version a, @5 to b and @9 to a again, a decision that names a is of @1 before the time of @9, and
    of @9 from then on.
    """
    axis = trials.axes.get(BASIS)
    if axis is None:
        return {}
    came_to: dict[str, dict[str, list[Change]]] = {}  # by document and version, in the order of time
    for change in sorted(changes, key=lambda each: each.time_us):
        if change.version is not None:
            came_to.setdefault(change.document, {}).setdefault(change.version, []).append(change)
    named: dict[str, Ints] = {}
    for document, versions in came_to.items():
        for number, name in enumerate(axis.names):
            meant = [version for version in versions if names_version(name, version)]
            if len(meant) != 1:
                continue
            several = versions[meant[0]]
            rows = np.flatnonzero(axis.codes == number)
            last = np.searchsorted([each.time_us for each in several], trials.times_us[rows], side="right") - 1
            of_document = named.setdefault(document, np.full(len(axis.codes), -1, np.int64))
            of_document[rows] = np.array([each.position for each in several])[np.maximum(last, 0)]
    return named

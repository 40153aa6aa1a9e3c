"""Replays: over many processes, beside a recorded result or rows that some system keeps, and as a failing test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from whence.app.opened import Moment, NamedModel, Progress
from whence.app.scoring import Scoring
from whence.checking.drift import SnapshotVerified, Verified, verify, verify_snapshots
from whence.checking.regression import Regression, regression
from whence.checking.result import Comparison, Result, replay
from whence.checking.result import check as check_result
from whence.config import name_of
from whence.errors import InvalidModel, InvalidQuery
from whence.files.rows import Given
from whence.history import History
from whence.scoring import (
    Scorecard,
)

if TYPE_CHECKING:
    from whence.replay import Replayed
    from whence.replay.whole import Flag
    from whence.segments.scoring import Scored


class Replaying(Scoring):
    def replay(
        self, kind: str, *, at: Moment = None, model: NamedModel = None, progress: Progress | None = None
    ) -> Result:
        """What every entity of a kind comes to, with what each of its events changed: `save` it, to check the code by
        it later. Raises FoldFailed, and NotKnown where there are no events."""
        return replay(self.store, self._model_of_kind(kind, model), self.at(at), progress=progress)

    def replay_states(
        self,
        kind: str,
        *,
        at: Moment = None,
        model: NamedModel = None,
        executor: Executor | None = None,
        processes: int | None = None,
        progress: Progress | None = None,
        cancel: Flag | None = None,
    ) -> Replayed:
        """What `states` gives, folded from columns: several times as quick over a long history, and split over so many
        `processes` of this machine, or those of an `executor`: a ProcessPoolExecutor or dask's `client.get_executor()`.
        Segments that are missing are built first. Setting `cancel`, a threading.Event, ends it with Cancelled.

        Raises FoldFailed, WorkerLost for a process that was killed, InvalidModel for a model that no other process can
        import, and as segments does.
        """
        chosen, moment = self._model_of_kind(kind, model), self.at(at)
        history = self.history(moment)
        with self.segments(kind) as segments:
            from whence.replay import Until, replay

            until = Until(None if moment.is_now else history.head, moment.occurred_us)
            with _executor(executor, processes) as chosen_executor:
                return replay(segments, chosen, executor=chosen_executor, until=until, progress=progress, cancel=cancel)

    def replay_scores(
        self,
        kind: str,
        *,
        card: str | Scorecard | None = None,
        at: Moment = None,
        executor: Executor | None = None,
        processes: int | None = None,
        progress: Progress | None = None,
        cancel: Flag | None = None,
    ) -> Scored:
        """What `scores` gives, with every crossing, split as `replay_states` is. Raises as `scores` does, WorkerLost
        and Cancelled."""
        chosen, time_us = self.scorecard(kind, card), self._time_of_all(at)
        with self.segments(chosen.kind) as segments:
            from whence.replay.whole import score

            with _executor(executor, processes) as chosen_executor:
                return score(segments, chosen, time_us, executor=chosen_executor, progress=progress, cancel=cancel)

    def check_replay(
        self, recorded: Result | str | os.PathLike[str], *, model: NamedModel = None, progress: Progress | None = None
    ) -> Comparison:
        """Replay what a recorded result (or its file) is of, with the code as it is now, and compare: the entities that
        come out otherwise, each with the first event and the fields. Raises InvalidFile, FoldFailed."""
        result = recorded if isinstance(recorded, Result) else Result.load(recorded)
        return check_result(self.store, self.model(result.origin.kind, model), result, progress=progress)

    def verify_state(
        self,
        kind: str,
        source: Given,
        *,
        at: Moment = None,
        model: NamedModel = None,
        column: str | None = None,
        delimiter: str = ",",
        progress: Progress | None = None,
    ) -> Verified:
        """Compare rows that some system keeps, CSV or JSON lines, with a fresh replay of a kind at a moment.

        `column` names the entities, by default the one called as the kind is, `entity` or `id`. Raises InvalidFile.
        """
        chosen, history = self._model_of_kind(kind, model), self._cut(History.of(self.store), at)
        return verify(history, chosen, source, column=column, delimiter=delimiter, progress=progress)

    def verify_snapshots(
        self, kind: str, *, model: NamedModel = None, progress: Progress | None = None
    ) -> list[SnapshotVerified]:
        """Compare the snapshots of a kind, those of the model, with a fresh replay up to each. Raises FoldFailed."""
        history, chosen = History.of(self.store), self._model_of_kind(kind, model)
        return list(verify_snapshots(history, chosen, self._snapshots, progress=progress))

    def test_for(
        self,
        entity: str,
        rule: str,
        *,
        at: Moment = None,
        model: NamedModel = None,
        folder: str | os.PathLike[str] = ".",
    ) -> Regression:
        """A pytest file, as text, in which an entity's events up to a moment break a rule on its fields, such as
        `score <= 100`: it fails now, and passes once the model is right. `folder` is where the file will lie.

        Raises NotKnown when the rule holds, InvalidModel for a rule that cannot be read, or a model that no file can
        import.
        """
        chosen = self.model(entity, model)
        named = model if model is None or isinstance(model, str) else name_of(chosen)
        if model is not None and named is None:
            remedy = "Put it at the top of a module, or name it: file.py:Class."
            raise InvalidModel("A test cannot import this model", model=chosen.name, remedy=remedy)
        return regression(self.history(at), chosen, entity, rule, named=named, config=self.config, folder=folder)


@contextmanager
def _executor(executor: Executor | None, count: int | None) -> Iterator[Executor | None]:
    """The executor, or one of so many processes; None for this thread. Raises InvalidQuery for both."""
    if count is None:
        yield executor
        return
    if executor is not None:
        raise InvalidQuery("An executor has its own processes", processes=count, remedy="Give one of the two.")
    from whence.replay import processes

    with processes(count) as pool:
        yield pool

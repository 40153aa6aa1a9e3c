"""Experiments and grids: which sides and which past are meant."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Union

from whence.app.opened import Moment, Progress
from whence.app.scoring import Scoring
from whence.errors import InvalidConfig, InvalidQuery
from whence.events import Event
from whence.files.rows import Given
from whence.files.rows import name_of as name_of_file
from whence.query import Query
from whence.scoring import (
    Scorecard,
)
from whence.segments import is_installed
from whence.segments.manifest import folders

if TYPE_CHECKING:
    from whence.experiments import Experiment
    from whence.experiments.grids import Grid
    from whence.experiments.past import Alteration
    from whence.experiments.selection import Which
    from whence.experiments.side import Given as Side
    from whence.replay.whole import Flag
    from whence.segments.reading import Segments

SideNamed = Union[str, os.PathLike[str], "Side"]
"""A side of an experiment: see Whence.experiment."""


class Experimenting(Scoring):
    def experiment(
        self,
        kind: str,
        candidate: SideNamed | None = None,
        baseline: SideNamed | None = None,
        *,
        without: Which | Sequence[Which] = (),
        alter: Alteration | Sequence[Alteration] = (),
        insert: Given | Sequence[Given | Event] = (),
        mapping: str | None = None,
        stop: Which | Sequence[Which] = (),
        outcome: str | Sequence[str] | None = None,
        within: str | None = None,
        age: str | None = None,
        stage: str | None = None,
        threshold: int | float | Decimal | None = None,
        by: str | None = None,
        samples: int | None = None,
        seed: int | None = None,
        at: Moment = None,
        progress: Progress | None = None,
    ) -> Experiment:
        """Two sides over the history of a kind, and how they compare. Each is a scorecard, named or as it is; as
        TYPE.FIELD a score that events of a type recorded in a field; as KIND.FIELD a field of the model in whence.toml;
        a file of entity, time and value, by a path or a name that ends in .csv, .jsonl or .parquet;
        or whatever whence.experiments.experiment takes for one. The baseline is by default the card named as the kind
        is, else the only other one. What the rest means, and what is raised, stands there.

        The candidate may be given another past (whence.experiments.changed): `without` events, with data that `alter`
        sets, with events that `insert` names (files of envelopes, or of rows that the mapping describes, or events as
        they are), and in which entities `stop` at an event. Events are named as text (whence.experiments.selection) or
        by a function of one. Then both sides are by default the same rule, by default the card of the kind."""
        from whence.experiments import changed, experiment  # they need arrays, which nothing else here does

        changes = self._changes(kind, without, alter, insert, mapping, stop)
        if any(changes.values()):
            candidate = next((side for side in (candidate, baseline) if side is not None), None)
            candidate = self.scorecard(kind) if candidate is None else candidate
            compared = candidate if baseline is None else baseline
        elif candidate is None:
            remedy = "Name a candidate (--candidate v2), or change the past (--without, --alter, --insert, --stop)."
            raise InvalidQuery("There is nothing to compare", kind=kind, remedy=remedy)
        else:
            compared = self._baseline(kind, candidate) if baseline is None else baseline
        one, other = self._side(kind, compared), self._side(kind, candidate)
        names = _name_of_side(compared, one), _name_of_side(candidate, other)
        given = {"within": within, "age": age, "samples": samples, "seed": seed}
        said: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        asked: dict[str, Any] = {"stage": stage, "threshold": threshold, "outcome": outcome, "by": by}
        history = self.history(at)
        past = changed(history, kind, progress=progress, **changes) if any(changes.values()) else None
        asked |= {"kind": kind, "past": past, "names": names, "progress": progress}
        with self._segments_there(kind) as segments:
            return experiment(history, one, other, segments=segments, **asked, **said)

    def _changes(
        self, kind: str, without: Any, alter: Any, insert: Any, mapping: str | None, stop: Any
    ) -> dict[str, list[Any]]:
        """What is to be changed in the past, as whence.experiments.changed takes it. Raises as read_events does."""
        from whence.files.eventfile import is_envelopes, read_events

        def from_file(source: Given) -> tuple[str, list[Event]]:
            layout = None if mapping is None and is_envelopes(source) else self.config.mapping(mapping)
            return name_of_file(source), read_events(source, kind, layout)

        given = _several(insert)
        own = [each for each in given if isinstance(each, Event)]
        files = [from_file(each) for each in given if not isinstance(each, Event)]
        inserted = [*files, *([("events given", own)] if own else [])]
        altered = [alter] if isinstance(alter, tuple) and len(alter) == 2 and isinstance(alter[1], Mapping) else alter
        return {"without": _several(without), "alter": _several(altered), "insert": inserted, "stop": _several(stop)}

    def grid(
        self,
        kind: str,
        card: str | Scorecard | None = None,
        *,
        vary: Mapping[str, Iterable[Any]],
        outcome: str | Sequence[str],
        within: str | None = None,
        stage: str | None = None,
        samples: int | None = None,
        seed: int | None = None,
        at: Moment = None,
        progress: Progress | None = None,
        cancel: Flag | None = None,
    ) -> Grid:
        """Every combination of some values of a scorecard over the history of a kind, and which no other beats:
        `vary={"qualified": range(60, 91, 5), "rules.webinar.points": [10, 20]}`. What the rest means, and what is
        raised, stands at whence.experiments.grids.grid."""
        from whence.experiments.grids import grid  # it needs arrays, which nothing else here does

        given = {"within": within, "samples": samples, "seed": seed}
        said: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        said |= {"outcome": outcome, "stage": stage, "progress": progress, "cancel": cancel}
        chosen, history = self.scorecard(kind, card), self.history(at)
        with self._segments_there(chosen.kind) as segments:
            return grid(history, chosen, vary, segments=segments, **said)

    @contextmanager
    def _segments_there(self, kind: str) -> Iterator[Segments | None]:
        """The segments of a kind where there are any beside the store, and what reads them is installed; nothing is
        built. What is in none of them yet is held in memory."""
        if not any(folder.name == kind for folder in folders(self.store)) or not is_installed():
            yield None
            return
        with self.segments(kind, build=False) as segments:
            yield segments

    def _baseline(self, kind: str, candidate: SideNamed) -> str:
        """The card that a candidate is compared with where none is named. Raises InvalidConfig where that is not
        clear."""
        if isinstance(candidate, Scorecard) or (isinstance(candidate, str) and self._is_card(candidate)):
            self.scorecard(kind, candidate)  # of another kind is not compared
        name = str(getattr(candidate, "name", candidate))[:80]
        known = [card for card, table in self.config.scorecards.items() if table.get("kind", card) == kind]
        others = [card for card in known if card != name]
        if kind in others or len(others) == 1:
            return kind if kind in others else others[0]
        remedy = f"Name the baseline: {' or '.join(others or known) or 'TYPE.FIELD'}."
        raise InvalidConfig("Not clear what to compare with", kind=kind, candidate=name, remedy=remedy)

    def _side(self, kind: str, named: SideNamed) -> Side:
        """The scorecard of this name; where there is none, a file, KIND.FIELD of the model in whence.toml, or
        TYPE.FIELD as it was recorded; what is no name, as it is."""
        from whence.experiments import ModelField, RecordedField
        from whence.experiments.sidefile import is_file, read_side

        if isinstance(named, (str, os.PathLike)) and named not in self.config.scorecards:
            if is_file(named):
                return read_side(named, kind, self.config.zone)
            if "." in str(named) and not self._is_card(str(named)):
                type, field = self._split(str(named))
                if type == kind and self._has_model(kind):
                    return ModelField(self.model(kind), field)
                return RecordedField(type, field)
        return self.scorecard(kind, named) if isinstance(named, (str, Scorecard)) else named  # type: ignore[return-value]

    def _has_model(self, kind: str) -> bool:
        """Whether whence.toml says what an entity of a kind is, itself or by a pack."""
        return kind in self.config.models or any(self.pack(name).model(kind) for name in self.config.packs)

    def _split(self, named: str) -> tuple[str, str]:
        """TYPE.FIELD in its two parts. Both may have dots in them: the longest type that an event has is meant."""
        parts = named.split(".")
        for cut in range(len(parts) - 1, 1, -1):
            type = ".".join(parts[:cut])
            if any(self.store.read(Query.of(types=[type]), limit=1)):
                return type, ".".join(parts[cut:])
        return parts[0], ".".join(parts[1:])


def _several(given: Any) -> list[Any]:
    """Several as a list; one alone is a list of one."""
    return list(given) if isinstance(given, (list, tuple)) else [given]


def _name_of_side(named: Any, side: Any) -> str | None:
    """What a side is called that has no name of its own: a file, or KIND.FIELD of a model."""
    from whence.experiments import ModelField
    from whence.experiments.sidefile import is_file

    if isinstance(named, str) and isinstance(side, ModelField):
        return named
    return name_of_file(named) if is_file(named) else None

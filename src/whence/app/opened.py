"""One open store and its configuration, and what every verb needs of them: which moment, history and model are meant.
What is asked of these is left to the modules beside."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from whence.clock import EARLIEST_US, LATEST_US, to_us
from whence.config import Config
from whence.contents import event_named, main_kind
from whence.errors import InvalidModel, InvalidTime
from whence.events import Recorded
from whence.grammar import normal_kind
from whence.history import At, History
from whence.model import Model, ModelLike
from whence.moments import at_of, span_of
from whence.pack import Pack
from whence.segments import require
from whence.segments.manifest import beside
from whence.snapshots.folder import SnapshotFolder
from whence.store import Store

if TYPE_CHECKING:
    from whence.segments.reading import Segments

Moment = str | int | datetime | date | At | None
"""See Whence."""

Edge = str | datetime | date | None
"""As a Moment, without positions."""

NamedModel = str | ModelLike | None
"""See Whence."""

Progress = Callable[[int, int | None], None]


class Opened:
    """A store and its configuration: see Whence."""

    def __init__(self, store: Store, config: Config | None = None) -> None:
        self.store = store
        self.config = config or Config.nearest()
        self._packs: dict[str, Pack] = {}
        self._snapshots = SnapshotFolder(store)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.store.close()

    def at(self, moment: Moment, *, clock: str = "occurred") -> At:
        """The moment that is meant, read in the configuration's zone. A date means the end of that day, as its text
        does. Raises InvalidTime."""
        match moment:
            case At():
                return moment
            case bool():
                raise InvalidTime("A time cannot be true or false", value=moment)
            case int():
                return At(position=moment)
            case datetime():
                return At(recorded_us=to_us(moment)) if clock == "recorded" else At(occurred_us=to_us(moment))
            case None | str() | date():
                return at_of(_as_text(moment), clock=clock, zone=self.config.zone)
        raise InvalidTime("Not a time", value=repr(moment)[:80], remedy='Write "2026-01-07", a datetime or a position.')

    def history(self, at: Moment = None) -> History:
        """The events up to a moment, as a fixed value. Its states begin with a snapshot where one is kept that fits."""
        return self._cut(History.of(self.store, self._snapshots), at)

    def _cut(self, whole: History, at: Moment) -> History:
        return whole if at is None else whole.at(self.at(at))

    def event(self, named: str | int) -> Recorded:
        """The event at a position (`"@120"`, `120`) or with an id. Raises NotKnown."""
        return event_named(self.store, named)

    def count_events(self, at: Moment = None) -> int:
        """How many events there are up to a moment."""
        return self.history(at).count()

    def model(self, entity_or_kind: str, named: NamedModel = None) -> Model:
        """The model of a kind (`lead`) or entity (`lead:42`): the one named, else whence.toml's, else the built-in.

        Raises InvalidModel when the one named is of another kind, InvalidConfig when it cannot be found.
        """
        kind = entity_or_kind.partition(":")[0]
        model = self._named(kind, named)
        if model.kind != kind:
            remedy = f'Ask about a {model.kind}, or name a model with kind = "{kind}".'
            raise InvalidModel(
                "The model is of another kind", model=model.name, kind=model.kind, asked=kind, remedy=remedy
            )
        return model

    def _model_of_kind(self, kind: str, named: NamedModel) -> Model:
        """The model for all of a kind. Raises InvalidEvent where one entity is named instead, and as model does."""
        return self.model(normal_kind(kind), named)

    def _named(self, entity_or_kind: str, named: NamedModel) -> Model:
        if named is None or isinstance(named, str):
            return self.config.model(entity_or_kind.partition(":")[0], named)
        return Model.of(named)

    def pack(self, name: str) -> Pack:
        """A pack that is installed, as whence.toml configures it. Raises InvalidConfig."""
        found = self._packs.get(name)
        if found is None:
            found = self._packs[name] = self.config.pack(name)
        return found

    def segments(
        self,
        kind: str | None = None,
        *,
        folder: str | os.PathLike[str] | None = None,
        build: bool = True,
        progress: Progress | None = None,
    ) -> Segments:
        """The history up to now in columns, to be asked in SQL: Parquet files beside the store, or in `folder`, sorted
        by the entities of a kind, and in memory what is in none of them yet. Those that are missing are built, unless
        `build` is False; a store in memory has none.

        The kind is by default the first that whence.toml has a model for and an event has a tag of, else the most
        frequent kind among the first events. Raises MissingExtra without the extra `columns`, InvalidSegments for a
        folder of another store, and CannotWrite.
        """
        require()
        from whence.segments.reading import Segments

        chosen = kind or main_kind(self.store.read(), self.config.models)
        home = beside(self.store)
        place = folder or (None if home is None else home / chosen)
        if build and place is not None:
            return Segments.open(self.store, chosen, place, progress)
        return Segments.open_built(self.store, chosen, place)

    def _bounds(self, since: Edge, until: Edge) -> tuple[int | None, int | None]:
        """The first and the last microsecond that are meant."""
        return self._edge(since, "first_us"), self._edge(until, "last_us")

    def _edge(self, moment: Edge, edge: str) -> int | None:
        said = _as_text(moment)
        if isinstance(said, str):
            us: int = getattr(span_of(said, zone=self.config.zone), edge)
            return us
        return None if said is None else to_us(said)


def _as_text(moment: Any) -> Any:
    """A date as the text that means that day; anything else as it is."""
    return moment.isoformat() if isinstance(moment, date) and not isinstance(moment, datetime) else moment


def filtered(actor: str | None, bounds: tuple[int | None, int | None], clock: str) -> Callable[[Recorded], bool] | None:
    """What lets an event through by actor and time, or None when everything passes."""
    since_us, until_us = bounds
    if actor is None and since_us is None and until_us is None:
        return None
    first_us, last_us = EARLIEST_US if since_us is None else since_us, LATEST_US if until_us is None else until_us

    def wanted(event: Recorded) -> bool:
        us = event.recorded_us if clock == "recorded" else event.time_us
        return first_us <= us <= last_us and actor in (None, event.actor)

    return wanted

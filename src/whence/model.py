"""A model: what an entity's state is and how each event changes it. Folding is pure, and there is one step function,
which live state, replay, explanation and decision all run. Which events are folded, in what order, is left to history.

    class Lead:
        kind = "lead"

        def __init__(self):
            self.score = 0

        @on(LeadScored)                        # the typed event …
        def scored(self, event):
            self.score = event.score

        @on("EmailOpened", "EmailClicked")     # … or the recorded event by its type
        def touched(self, event):
            self.last_touch = event.time
"""

from __future__ import annotations

import copy
import dataclasses
import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache, partial
from types import MemberDescriptorType
from typing import Any, TypeVar

import msgspec

from whence.codec import Codec, Unfit, stored_version
from whence.dependence import Dependences, dependences
from whence.errors import FoldFailed, InvalidModel
from whence.events import Fact, Kind, Recorded
from whence.grammar import normal_kind, normal_type

Value = TypeVar("Value")

ORDERS = ("position", "occurred")
SETTINGS = ("kind", "name", "order", "codec")
"""Class attributes that say what a model is, and are no fields of its state."""

Step = Callable[[Any, Any], Any]
"""From a state and a recorded event to the next state, which may be the same object, changed."""

DataHandler = tuple[Callable[..., None], Callable[[Any], Any]]
"""A handler that is given the typed event alone, and what makes that of the stored data."""


def on(*events: str | type[msgspec.Struct]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Mark a method of a model as the handler of these event types; `on()` of every event.

    Named by its class, the handler is given the typed event; named by a text, the recorded event. A handler with one
    more parameter is also given the recorded event.
    """

    def marked(handler: Callable[..., None]) -> Callable[..., None]:
        handler.__whence_on__ = events  # type: ignore[attr-defined]
        return handler

    return marked


class Model:
    """A kind of entity, its first state, and the step for each event type. Make one with `Model.of` or `of_function`.

    `order` is "position" (as recorded, unless said otherwise: what decisions were made on) or "occurred" (by time,
    position breaking ties). Raises InvalidModel.
    """

    def __init__(
        self,
        kind: str,
        initial: Callable[[], Any],
        step_for: Callable[[str], Step | None],
        *,
        order: str = "position",
        name: str = "",
        declared: Iterable[str] = (),
        data_handler_for: Callable[[Kind], DataHandler | None] | None = None,
        dependences_of: Callable[[str], Dependences | None] | None = None,
        rules_of: Callable[[str, str], Sequence[str]] | None = None,
        made_of: Any = None,
        types: Iterable[str] | None = None,
        writes_of: Callable[[str], Collection[str]] | None = None,
    ) -> None:
        """`data_handler_for` gives what the steps consist of, for a model that looks at the stored data alone.

        For explanations: `dependences_of` an event type says which fields its step writes and what they depend on (see
        `dependence`; None where that is not known), and `rules_of` a type and a field what the rules are called.

        `made_of` is what says the model, for those who look at the code itself: a class, the first state and the
        function, or a table of rules. `types` are the event types that have a step; None where any may have one;
        `writes_of` a type says which fields its step may write, where `dependences_of` does not name them.
        """
        if order not in ORDERS:
            raise InvalidModel("No such order", order=repr(order), known=" or ".join(ORDERS))
        self.kind = normal_kind(kind)
        self.name = name or kind
        self.order = order
        self.initial = initial
        self.declared = tuple(declared)
        self.types = None if types is None else tuple(types)
        self.reads_data = data_handler_for is not None
        self.made_of = (initial, step_for) if made_of is None else made_of
        self.dependences_of = cache(dependences_of or (lambda type: None))
        self.rules_of = cache(rules_of or (lambda type, field: [self.name]))
        self._writes_of = writes_of or self.dependences_of
        self._data_handler_for = data_handler_for
        self._step_for = step_for
        self._steps: dict[str, Step | None] = {}

    @classmethod
    def of(cls, thing: Any) -> Model:
        """The model that a class with handlers is; a model as it is. Raises InvalidModel."""
        if isinstance(thing, Model):
            return thing
        if not isinstance(thing, type):
            remedy = "Pass a class with handlers, or Model.of_function(...)."
            raise InvalidModel("Not a model", value=repr(thing)[:80], remedy=remedy)
        if not hasattr(thing, "kind"):
            remedy = f'Write kind = "lead" in class {thing.__name__}.'
            raise InvalidModel("A model names the kind of its entities", model=thing.__name__, remedy=remedy)
        order, name = getattr(thing, "order", "position"), getattr(thing, "name", thing.__name__)
        marked = _marked(thing)
        return cls(
            thing.kind,
            thing,
            _step_for(thing, marked),
            order=order,
            name=str(name),
            declared=_declared(thing),
            data_handler_for=_data_handler_for(thing, marked),
            dependences_of=lambda type: _together(thing, _handlers_of(thing, marked, type), type),
            rules_of=lambda type, field: _writing(thing, _handlers_of(thing, marked, type), type, field),
            types=_types_of(thing, marked),
            made_of=thing,
        )

    @classmethod
    def of_function(
        cls,
        kind: str,
        initial: Any,
        apply: Step,
        *,
        order: str = "position",
        name: str = "",
    ) -> Model:
        """A model from a pure function over frozen states: `apply(state, recorded)` returns the next state.

        `initial` is the first state, or a function without parameters that makes it.
        """
        first = initial if callable(initial) else lambda: initial
        return cls(
            kind,
            first,
            lambda _: apply,
            order=order,
            name=name or getattr(apply, "__name__", kind),
            dependences_of=lambda name: _of_function(apply, first, name),
            made_of=(initial, apply),
        )

    def step(self, type: str) -> Step | None:
        """The step for an event type, or None when the model does not look at it."""
        try:
            return self._steps[type]
        except KeyError:
            found = self._steps[type] = self._step_for(type)
            return found

    def step_over(self, kind: Kind) -> Step | None:
        """The step for events of a kind, over their stored data if the model reads no more, else over the event."""
        if self._data_handler_for is None:
            return self.step(kind.type)
        found = self._data_handler_for(kind)
        return None if found is None else _over_data(*found)

    def data_handler(self, kind: Kind) -> DataHandler | None:
        """For a model that reads data alone: the handler of events of a kind, which changes the state in place, and
        what decodes its argument. They raise what they raise: `failed_by` says it."""
        assert self._data_handler_for is not None, "asked of models that read data alone"
        return self._data_handler_for(kind)

    def only(self, fields: Iterable[str]) -> Model:
        """A model that looks only at the event types that these fields depend on, for a quicker fold in which the other
        fields are not right; the same model where the source of its handlers does not say which those are."""
        owner, needed = type(self.initial()), set(fields)
        if self.types is None or any(_is_computed(owner, name) for name in needed):
            return self
        depends = {each: self.dependences_of(each) for each in self.types}
        if any(found is None for found in depends.values()):
            return self
        writes = {each: set(self._writes_of(each) or ()) for each in self.types}
        known: set[str] = set()
        while known != needed:
            known = set(needed)
            for each in self.types:
                needed.update(*((depends[each] or {}).get(field, ()) for field in writes[each] & known))
        return self._with_steps_for({each for each in self.types if writes[each] & needed})

    def _with_steps_for(self, types: Collection[str]) -> Model:
        handler_for = self._data_handler_for
        return Model(
            self.kind,
            self.initial,
            lambda type: self.step(type) if type in types else None,
            order=self.order,
            name=self.name,
            declared=self.declared,
            data_handler_for=handler_for and (lambda kind: handler_for(kind) if kind.type in types else None),
            made_of=self.made_of,
            types=types,
        )

    def apply(self, state: Any, recorded: Recorded) -> Any:
        """The state after an event. Raises FoldFailed naming the model, the event and what went wrong."""
        step = self.step(recorded.type)
        if step is None:
            return state
        try:
            return step(state, recorded)
        except Exception as problem:
            raise self.failed(recorded.type, recorded.position, problem) from problem

    def fold(self, events: Iterable[Recorded]) -> Any:
        """The state after all these events, in the order they come. Raises FoldFailed."""
        state = self.initial()
        for recorded in events:
            state = self.apply(state, recorded)
        return state

    def failed(self, type: str, position: int, problem: Exception) -> FoldFailed:
        """What to raise when a step failed: where it failed is what `failed_in` said, if it did."""
        if not isinstance(problem, FoldFailed):
            problem = failed_in(problem)
        elif "position" in problem.facts:
            return problem
        show = f"whence show @{position} prints the event"
        facts = {"model": self.name, "type": type, "position": position, **problem.facts}
        return FoldFailed(remedy=f"{problem.remedy}; {show}.", **facts)

    def failed_by(self, handler: Callable[..., None], type: str, position: int, problem: Exception) -> FoldFailed:
        """What to raise when a handler failed."""
        return self.failed(type, position, failed_in(problem, handler=_name(handler)))

    def fields(self, state: Any) -> dict[str, Any]:
        """The public fields of a state: its attributes, properties and class defaults, or the items of a dict.

        Raises FoldFailed naming the property that raised.
        """
        if isinstance(state, msgspec.Struct):
            return msgspec.structs.asdict(state)
        if isinstance(state, Mapping):
            return dict(state)
        if dataclasses.is_dataclass(state) and not isinstance(state, type):
            return {field.name: getattr(state, field.name) for field in dataclasses.fields(state)}
        if not hasattr(state, "__dict__"):
            return {"value": state}
        own = {name: value for name, value in vars(state).items() if not name.startswith("_")}
        return {name: self.value(state, name) for name in self.declared if name not in own} | own

    def value(self, state: Any, name: str) -> Any:
        """An attribute of a state. Raises FoldFailed naming the property that raised."""
        try:
            return getattr(state, name)
        except Exception as problem:
            what = f"{type(problem).__name__}: {problem}"
            remedy = "Let it return None in every state that has no value yet, the first one too."
            raise FoldFailed("A property failed", model=self.name, field=name, problem=what, remedy=remedy) from problem

    def copied(self, value: Value) -> Value:
        """A copy of a state, or of a value in it, that no later event changes. Raises FoldFailed for one that cannot be
        copied."""
        try:
            return copy.deepcopy(value)
        except Exception as problem:
            what = f"{type(problem).__name__}: {problem}"
            remedy = "Let the state be made of values: a lock, an iterator or a connection has no before and after."
            raise FoldFailed("A value cannot be copied", model=self.name, problem=what, remedy=remedy) from problem

    def __repr__(self) -> str:
        return f"Model({self.name!r}, kind={self.kind!r}, order={self.order!r})"


def failed_in(problem: Exception, **place: str) -> FoldFailed:
    """What a step raises that knows where it failed: `handler="Lead.scored"`. The model adds which event it was. What a
    handler raises that says this itself stays as it is."""
    if isinstance(problem, FoldFailed) and "position" in problem.facts:
        return problem
    remedy = "Mend the model, or add an Upcast for older events"
    if isinstance(problem, msgspec.ValidationError):
        remedy = "Add an Upcast for older events, or, if an import brought it, name all fields in its mapping's data"
    return FoldFailed(**place, problem=f"{type(problem).__name__}: {problem}", remedy=remedy)


ModelLike = Model | type[Any]
"""Where a model is asked for, a class with handlers will do: it is made one with `Model.of`."""


def _declared(cls: type) -> list[str]:
    """The fields that a class declares for all its states: plain class attributes and properties."""
    found: dict[str, None] = {}
    for part in reversed(cls.__mro__[:-1]):
        for name, value in vars(part).items():
            plain = isinstance(value, property) or not (
                callable(value) or isinstance(value, (classmethod, staticmethod))
            )
            if plain and not name.startswith("_") and name not in SETTINGS:
                found[name] = None
    return list(found)


def _marked(cls: type) -> list[Callable[..., None]]:
    """The handlers of a class; one that is written again in a subclass counts once."""
    members = {name: value for part in reversed(cls.__mro__) for name, value in vars(part).items()}
    return [value for value in members.values() if hasattr(value, "__whence_on__")]


def handlers_of(cls: type) -> dict[Any, Callable[..., None]]:
    """The handlers of a class by what each is for: a class of typed events, or a type of events."""
    return dict(_named(_marked(cls)))


def _reads_data(handler: Callable[..., None]) -> bool:
    """Whether a handler is given the typed event alone."""
    events = handler.__whence_on__  # type: ignore[attr-defined]
    return bool(events) and all(isinstance(event, type) for event in events) and not _wants_recorded(handler)


def _data_handler_for(cls: type, marked: list[Callable[..., None]]) -> Callable[[Kind], DataHandler | None] | None:
    """From a kind of events to its handler and decoder; None when a handler looks at more of an event than its data."""
    if not all(_reads_data(handler) for handler in marked):
        return None
    named = _named(marked)
    codec = _codec_of(cls, named)
    handlers = {codec.type_of(event): (handler, event) for event, handler in named}

    def handler_for(kind: Kind) -> DataHandler | None:
        handler, event = handlers.get(kind.type, (None, None))
        if handler is None:
            return None
        decode = codec.quick_decoder(kind) or (
            lambda data: _fitting(codec.typed(Fact(0, kind.type, kind.version, kind.content_type, "", data, 0)), event)
        )
        return handler, decode

    return handler_for


def _over_data(handler: Callable[..., None], decode: Callable[[Any], Any]) -> Step:
    def step(state: Any, data: str | bytes) -> Any:
        try:
            handler(state, decode(data))
        except Exception as problem:
            raise failed_in(problem, handler=_name(handler)) from problem
        return state

    return step


def _named(marked: list[Callable[..., None]]) -> list[tuple[Any, Callable[..., None]]]:
    """Each event that is named, with its handler."""
    return [(event, handler) for handler in marked for event in handler.__whence_on__]  # type: ignore[attr-defined]


def _codec_of(cls: type, named: list[tuple[Any, Callable[..., None]]]) -> Codec:
    typed = tuple(dict.fromkeys(event for event, _ in named if isinstance(event, type)))
    return getattr(cls, "codec", None) or Codec(*typed)


def _step_for(cls: type, marked: list[Callable[..., None]]) -> Callable[[str], Step | None]:
    """From an event type to the step of a class's handlers."""
    named = _named(marked)
    codec = _codec_of(cls, named)
    for_every = [_caller(handler) for handler in marked if not handler.__whence_on__]  # type: ignore[attr-defined]
    by_type: dict[str, Step] = {}
    handlers: dict[str, str] = {}
    for event, handler in named:
        name = codec.type_of(event) if isinstance(event, type) else normal_type(event)
        if name in by_type:
            both = f"{handlers[name]}, {_name(handler)}"
            remedy = "Let one handler do both."
            raise InvalidModel(
                "Two handlers for one event type", model=cls.__name__, type=name, handlers=both, remedy=remedy
            )
        handlers[name] = _name(handler)
        by_type[name] = _typed_caller(handler, codec, event) if isinstance(event, type) else _caller(handler)

    def step_for(type: str) -> Step | None:
        steps = [*for_every, *([by_type[type]] if type in by_type else [])]
        return _all_of(steps) if len(steps) > 1 else next(iter(steps), None)

    return step_for


def _is_computed(owner: type, name: str) -> bool:
    """Whether a field is a property or the like; a slot, and a field of a struct, holds its value."""
    found = getattr(owner, name, None)
    return hasattr(found, "__get__") and not isinstance(found, MemberDescriptorType)


def _types_of(cls: type, marked: list[Callable[..., None]]) -> list[str] | None:
    """The event types that have a handler; None when one is for every event."""
    if not all(handler.__whence_on__ for handler in marked):  # type: ignore[attr-defined]
        return None
    named = _named(marked)
    codec = _codec_of(cls, named)
    return [codec.type_of(event) if isinstance(event, type) else normal_type(event) for event, _ in named]


def _handlers_of(cls: type, marked: list[Callable[..., None]], name: str) -> list[Callable[..., None]]:
    """The handlers of a class that events of a type are given to."""
    named = _named(marked)
    codec = _codec_of(cls, named)
    every = [handler for handler in marked if not handler.__whence_on__]  # type: ignore[attr-defined]
    return every + [
        handler
        for event, handler in named
        if name == (codec.type_of(event) if isinstance(event, type) else normal_type(event))
    ]


def _together(cls: type, handlers: Iterable[Callable[..., None]], name: str) -> Dependences | None:
    """What these handlers write, each field with all that it depends on; None where one of them does not say."""
    found: dict[str, frozenset[str]] = {}
    for handler in handlers:
        each = dependences(handler, cls, name, returns_state=False)
        if each is None:
            return None
        found |= {field: found.get(field, frozenset()) | fields for field, fields in each.items()}
    return found


def _of_function(apply: Step, first: Callable[[], Any], name: str) -> Dependences | None:
    """What a function writes on events of a type, each field with all that it depends on."""
    owner: type = type(first())
    return dependences(apply, owner, name, returns_state=True)


def _writing(cls: type, handlers: Iterable[Callable[..., None]], name: str, field: str) -> list[str]:
    """The names of those handlers that may write a field."""
    said = {_name(handler): dependences(handler, cls, name, returns_state=False) for handler in handlers}
    return [each for each, fields in said.items() if fields is None or field in fields]


def _all_of(steps: list[Step]) -> Step:
    def step(state: Any, recorded: Recorded) -> Any:
        for each in steps:
            state = each(state, recorded)
        return state

    return step


def _name(handler: Callable[..., None]) -> str:
    """`Lead.scored`, also for a class within a function and for a functools.partial."""
    named = handler.func if isinstance(handler, partial) else handler
    return getattr(named, "__qualname__", type(named).__name__).rpartition("<locals>.")[2]


def _wants_recorded(handler: Callable[..., None]) -> bool:
    return len(inspect.signature(handler).parameters) > 2


def _caller(handler: Callable[..., None]) -> Step:
    """A step that hands a handler the recorded event."""

    def step(state: Any, recorded: Recorded) -> Any:
        try:
            handler(state, recorded)
        except Exception as problem:
            raise failed_in(problem, handler=_name(handler)) from problem
        return state

    return step


def _typed_caller(handler: Callable[..., None], codec: Codec, cls: type[msgspec.Struct]) -> Step:
    """A step that hands a handler the typed event."""
    typed, decode_json, version = codec.typed, msgspec.json.Decoder(cls).decode, stored_version(cls)

    def decoded(recorded: Recorded) -> Any:
        return _fitting(typed(recorded), cls)

    if _wants_recorded(handler):

        def step_with_recorded(state: Any, recorded: Recorded) -> Any:
            try:
                handler(state, decoded(recorded), recorded)
            except Exception as problem:
                raise failed_in(problem, handler=_name(handler)) from problem
            return state

        return step_with_recorded

    def step(state: Any, recorded: Recorded) -> Any:  # nearly every event is of this version: decoded without a detour
        try:
            handler(state, decode_json(recorded.raw_data) if recorded.version == version else decoded(recorded))
        except Exception as problem:
            raise failed_in(problem, handler=_name(handler)) from problem
        return state

    return step


def _fitting(event: Any, cls: Any) -> Any:
    """The typed event; raises ValidationError for one whose data does not fit."""
    if type(event) is Unfit:
        raise msgspec.ValidationError(f"the data does not fit {cls.__name__}: {event.problem}")
    return event

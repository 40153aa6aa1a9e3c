"""A pack: what a domain offers, made of its events, the states of its entities, the decisions that make new events, the
tables that answer its questions, and scenarios that show it. Commands are made of these in the edge; how decisions are
guarded is left to decide.

    @decision
    def close(ticket: Ticket, id: str, *, reason: Annotated[str, "why it is closed"]) -> Closed:
        if ticket.status != "open":
            raise Refused("Only an open ticket is closed", ticket=id, status=ticket.status)
        return Closed(ticket=id, reason=reason)

    PACK = Pack(name="tickets", title="Support tickets", states=(Ticket,), decisions=(close,))

It is found by the entry point `whence.packs` of whatever package it comes in: `tickets = "whence_tickets:PACK"`. One
that is named `tickets.surveys` is an extension: what it offers is added to the pack `tickets`, whoever wrote that.
"""

from __future__ import annotations

import copy
import inspect
import re
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from whence.clock import to_datetime
from whence.codec import Codec, stored_type
from whence.decide import ATTEMPTS_MAX, Decided, execute
from whence.dependence import fields_read
from whence.errors import IdConflict, InvalidConfig, InvalidModel, NotKnown, Refused, near
from whence.events import Event, events_of
from whence.grammar import normal_kind, split_tag
from whence.history import History
from whence.model import Model
from whence.query import Query
from whence.signature import OWN_PARAMETERS, help_of, hints_of, name_of, parameters_of, told_by
from whence.signature import Share as Share  # for packs, as all that they are written with
from whence.signature import Written as Written
from whence.store import Store
from whence.stores.memory import MemoryStore

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

Configured = TypeVar("Configured", bound=type)

GROUP = "whence.packs"
"""The entry points by which packs are found."""


class Request(msgspec.Struct, frozen=True):
    """A decision that is asked for: about which entity, and with what."""

    decision: Decision
    id: str
    positional: tuple[Any, ...] = ()
    options: Mapping[str, Any] = {}

    @property
    def entity(self) -> str:
        """The tag of the entity: `ticket:42`."""
        return f"{self.decision.kind}:{self.id}"

    def events(self, state: Any) -> list[msgspec.Struct]:
        """What the decision comes to in a state. Raises whatever it raises, Refused as a rule."""
        made = self.decision.function(state, self.id, *self.positional, **self.options)
        if made is None or isinstance(made, msgspec.Struct):
            return [] if made is None else [made]
        if not isinstance(made, Iterable):
            remedy = "Let it return an event, several, or None when nothing is to happen."
            raise InvalidModel("A decision comes to events", decision=self.decision.name, value=made, remedy=remedy)
        return list(made)

    def told(self) -> dict[str, Any]:
        """What was asked for, as JSON."""
        asked = {"decision": self.decision.name, "id": self.id}
        given = dict(zip((each.name for each in self.decision.parameters), self.positional, strict=False))
        told: dict[str, Any] = msgspec.json.decode(msgspec.json.encode({**asked, **given, **self.options}))
        return told


class Decision:
    """A pure function of a state, an id and what it is told, to the events that happen. Made by `@decision`."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.name = name_of(function)
        self.help, self.examples = help_of(function)
        hints = hints_of(function)
        (state, *rest) = parameters_of(function)
        said = hints.get(state.name)
        if not isinstance(said, type) or not hasattr(said, "kind"):
            remedy = f"Write def {self.name}(ticket: Ticket, id: str, …) with a class that has kind and codec."
            raise InvalidModel("A decision is first told a state", decision=self.name, remedy=remedy)
        codec = getattr(said, "codec", None)
        if not isinstance(codec, Codec):
            remedy = "Give it codec = Codec(Opened, Closed)."
            raise InvalidModel("The state of a decision names its events", state=said.__name__, remedy=remedy)
        if not rest or rest[0].name != "id":
            remedy = f"Write def {self.name}({state.name}: {said.__name__}, id: str, …)."
            raise InvalidModel("A decision is then told the id of the entity", decision=self.name, remedy=remedy)
        self.state, self.codec = said, codec
        self.kind = normal_kind(said.kind)
        self.parameters = told_by(self.name, rest[1:], hints)

    def about(self, states: Iterable[type]) -> Decision:
        """The same decision, told the one of these states that is a subclass of its own."""
        chosen = next((each for each in states if issubclass(each, self.state)), self.state)
        made = copy.copy(self)
        made.state, made.codec = chosen, chosen.codec  # type: ignore[attr-defined]
        made.__dict__.pop("reads", None)
        return made

    def __call__(self, state: Any, id: str, /, *positional: Any, **options: Any) -> Any:
        """What the function itself gives, for a test."""
        return self.function(state, id, *positional, **options)

    def asked(self, id: str | int, /, *positional: Any, **options: Any) -> Request:
        """This decision about one entity, named by its id or its tag. Raises InvalidModel for what it is not told,
        and InvalidInput for a value of another type or beyond bounds."""
        text = str(id)
        if text.startswith(f"{self.kind}:"):
            text = text.partition(":")[2]
        split_tag(f"{self.kind}:{text}")
        try:
            told = inspect.signature(self.function).bind(None, text, *positional, **options).arguments
        except TypeError as problem:
            remedy = f"It is told: {', '.join(each.name for each in self.parameters) or 'nothing'}."
            raise InvalidModel(
                "The decision is told something else", decision=self.name, problem=problem, remedy=remedy
            ) from None
        for each in self.parameters:
            each.check(self.name, told.get(each.name))
        return Request(self, text, positional, options)

    @cached_property
    def reads(self) -> tuple[str, ...] | None:
        """The fields of the state that it may read, where its source says so."""
        return fields_read(self.function, self.state)


class Asked(msgspec.Struct, frozen=True):
    """What a table is asked of: a history, the moment that it is asked about, the zone of the answer, the states of the
    pack as whence.toml configures them, what selects the events that its `settings` name, and the kinds that it has
    models of."""

    history: History
    moment_us: int
    zone: tzinfo
    configured: tuple[type, ...] = ()
    settings: Query | None = None
    models: tuple[str, ...] = ()

    @property
    def moment(self) -> datetime:
        """The moment asked about, in the zone."""
        return to_datetime(self.moment_us).astimezone(self.zone)

    def states(self, state: type) -> dict[str, Any]:
        """The state of each entity of a kind, by its id, in the order of their first events."""
        found = self.history.states(Model.of(self.as_configured(state)))
        return {entity.partition(":")[2]: each for entity, each in found.items()}

    def as_configured(self, state: Configured) -> Configured:
        """The class of a state as whence.toml configures it, a subclass; the class itself where it says nothing."""
        return next((each for each in self.configured if issubclass(each, state)), state)  # type: ignore[return-value]


class Table:
    """A question: a function of what is `Asked` and of options, to rows that are structs of one class. Made by
    `@table`."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.name = name_of(function)
        self.help, self.examples = help_of(function)
        hints = hints_of(function)
        row = next(iter(typing.get_args(hints.get("return"))), None)
        if not isinstance(row, type) or not issubclass(row, msgspec.Struct):
            remedy = f"Write def {self.name}(asked: Asked) -> Iterable[Row] with a msgspec.Struct for Row."
            raise InvalidModel("A table says what its rows are", table=self.name, remedy=remedy)
        self.row: type[msgspec.Struct] = row
        self.columns = msgspec.structs.fields(row)
        self.parameters = told_by(self.name, parameters_of(function)[1:], hints)

    def __call__(self, asked: Asked, /, **options: Any) -> list[Any]:
        """The rows. Raises InvalidModel where it gives something else, and InvalidInput for an option of another
        type or beyond bounds."""
        for each in self.parameters:
            each.check(self.name, options.get(each.name))
        found = self.function(asked, **options)
        rows = list(found) if isinstance(found, Iterable) else [found]
        for row in rows:
            if not isinstance(row, self.row):
                facts = {"table": self.name, "row": self.row.__name__, "value": repr(row)[:80]}
                remedy = f"Let it give {self.row.__name__}(…) for each row."
                raise InvalidModel("A table gives rows of its class", **facts, remedy=remedy)
        return rows


class Act:
    """A function that a pack's own command is made of: its name, its help and what it is told, after the first
    parameters, which the command sees to, as it does to `but` and to those whose names every command has already."""

    def __init__(self, function: Callable[..., Any], *, first: int = 1, but: Sequence[str] = ()) -> None:
        self.function = function
        self.name = name_of(function)
        self.help, self.examples = help_of(function)
        rest = parameters_of(function)[first:]
        own = [each for each in rest if each.name not in (*OWN_PARAMETERS, *but) and each.kind is not each.VAR_KEYWORD]
        self.parameters = told_by(self.name, own, hints_of(function))


class Scenario(msgspec.Struct, frozen=True):
    """An example that is true: given these events, a decision comes to those, or is refused with these words."""

    title: str
    when: Request
    given: Sequence[msgspec.Struct] = ()
    then: Sequence[msgspec.Struct] = ()
    refused: str = ""

    def problem(self) -> str:
        """What is not as it says, and what was expected; nothing when all of it is as it says."""
        codec = self.when.decision.codec
        wanted = [_said(codec.event(each)) for each in self.then]
        expected = f"expected: refused with {self.refused!r}" if self.refused else f"expected: {wanted or 'no event'}"
        store = MemoryStore()
        if self.given:
            store.append([codec.event(each) for each in self.given])
        try:
            made = decide(store, self.when).events
        except Refused as problem:
            return "" if self.refused and self.refused in str(problem) else f"It is refused: {problem}; {expected}"
        if self.refused:
            return f"It is not refused, and comes to {[each.type for each in made]}; {expected}"
        came = [_said(each) for each in made]
        return "" if came == wanted else f"It comes to {came or 'no event'}; {expected}"


class Pack(msgspec.Struct, frozen=True, kw_only=True):
    """A domain. `name` is its group of commands, `states` the models of its kinds, `configuration` what `whence init
    --pack` writes into whence.toml, below a line [pack.NAME] of its own, and `commands` names further commands,
    `"module:COMMANDS"`, imported when asked for: one that is called as a decision or table takes its place, also
    where an extension brings it. `settings` are the types of its events that change how things are decided, as
    whence.toml names others under that key.

    `keys` are those that [pack.NAME] may have in whence.toml. `configure` makes of what it says the states that are
    used instead, subclasses of the pack's own: what is configured is an attribute of these classes, so that decisions
    and tables find it there; begin its name with `_`, or it is a field of the state. It raises InvalidConfig. `codec`
    names the events that no state of the pack goes by.

    One whose name has a dot in it, `ledger.closing`, is an extension of the pack before the dot: `load` adds what it
    offers to that pack, and its `configure` is told its own `keys`. Raises InvalidModel for two states of a kind and
    two commands of a name.
    """

    name: str
    title: str
    states: tuple[type, ...]
    decisions: tuple[Decision, ...] = ()
    tables: tuple[Table, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    configuration: str = ""
    commands: str = ""
    settings: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    configure: Callable[[Mapping[str, Any]], Iterable[type]] | None = None
    codec: Codec | None = None
    extensions: tuple[Pack, ...] = ()

    def __post_init__(self) -> None:
        _refuse_repeated(self.name, "kind", (normal_kind(each.kind) for each in self.states))  # type: ignore[attr-defined]
        _refuse_repeated(self.name, "command", (each.name for each in self.parts))

    @property
    def events(self) -> tuple[str, ...]:
        """The types of its events, as they are stored."""
        codecs = [getattr(each, "codec", None) for each in self.states]
        codecs += [each.codec for each in (self, *self.extensions)]
        classes = (cls for codec in codecs if isinstance(codec, Codec) for cls in codec.classes)
        return tuple(dict.fromkeys(map(stored_type, classes)))

    @property
    def parts(self) -> tuple[Decision | Table, ...]:
        """Its decisions and its tables: each is a command."""
        return (*self.decisions, *self.tables)

    def extended(self, extensions: Iterable[Pack]) -> Pack:
        """The pack with what its extensions offer."""
        if not (added := tuple(extensions)):
            return self
        together = (self, *added)
        made = msgspec.structs.replace(
            self,
            states=tuple(one for each in together for one in each.states),
            decisions=tuple(one for each in together for one in each.decisions),
            tables=tuple(one for each in together for one in each.tables),
            scenarios=tuple(one for each in together for one in each.scenarios),
            configuration=_in_one([each.configuration for each in together]),
            settings=tuple(one for each in together for one in each.settings),
            extensions=added,
        )
        _refuse_repeated(self.name, "key", (key for each in together for key in each.keys))
        return made

    def configured(self, table: Mapping[str, Any]) -> Pack:
        """The pack as its table in whence.toml says; an empty one says nothing. Raises InvalidConfig."""
        theirs = {key for each in self.extensions for key in each.keys}
        if self.keys or not self.configure:
            self._refuse_unknown(table, {*self.keys, *theirs})
        own = {key: value for key, value in table.items() if key not in theirs}
        told = [(self, own)]
        told += [(each, {key: table[key] for key in each.keys if key in table}) for each in self.extensions]
        made = [state for each, said in told if said and each.configure for state in each.configure(said)]
        if not made:
            return self
        states = tuple(self._state(each, made) for each in self.states)
        decisions = tuple(each.about(states) for each in self.decisions)
        return msgspec.structs.replace(self, states=states, decisions=decisions)

    def _state(self, state: type, configured: Sequence[type]) -> type:
        """The state as it is configured. Raises InvalidModel where two packs do so: one would not count."""
        found = [each for each in configured if issubclass(each, state)]
        if len(found) > 1:
            remedy = "Let the pack that has the state configure it, or one extension."
            raise InvalidModel("Two configure one state", pack=self.name, state=state.__name__, remedy=remedy)
        return found[0] if found else state

    def _refuse_unknown(self, table: Mapping[str, Any], known: set[str]) -> None:
        for key in table:
            if not known:
                facts = {"pack": self.name, "key": ", ".join(table)}
                raise InvalidConfig("There is nothing to configure in this pack", **facts, remedy="Take the keys out.")
            if key not in known:
                raise InvalidConfig("No such key", key=key, remedy=near(key, sorted(known)))

    def model(self, kind: str) -> Model | None:
        """The model of a kind; None for one that is not of this pack."""
        found = (each for each in self.states if each.kind == kind)  # type: ignore[attr-defined]
        return next((Model.of(each) for each in found), None)

    def decision(self, name: str) -> Decision | None:
        """The decision of this name."""
        return next((each for each in self.decisions if each.name == name), None)

    def table(self, name: str) -> Table | None:
        """The table of this name."""
        return next((each for each in self.tables if each.name == name), None)


def _in_one(configurations: Sequence[str]) -> str:
    """Several configurations below one [pack.NAME]: first the keys of all, then their tables, also those that are
    commented out, since a key that stood behind one would be taken for its own."""
    starts = [found.start() if (found := _TABLE.search(each)) else len(each) for each in configurations]
    parts = [each[:start] for each, start in zip(configurations, starts, strict=True)]
    parts += [each[start:] for each, start in zip(configurations, starts, strict=True)]
    return "\n".join(part.strip("\n") + "\n" for part in parts if part.strip())


_TABLE = re.compile(r"^(?:#.*\n)*(?:# ?)?\[", re.M)
"""Where the first table of a configuration begins, with the comment on it."""


def decision(function: Callable[..., Any]) -> Decision:
    """Mark a function as a decision of a pack: `(state, id, positional …, *, options …)` to a typed event, several, or
    None when nothing is to happen. It raises Refused for what the rules do not allow, and is pure."""
    return Decision(function)


def table(function: Callable[..., Any]) -> Table:
    """Mark a function as a table of a pack: `(asked, *, options …)` to rows, which are structs of one class."""
    return Table(function)


# Finding packs.


def installed() -> dict[str, EntryPoint]:
    """The packs that are installed, by name, not yet imported; extensions are not among them."""
    return _packs_among(_points())


def load(name: str) -> Pack:
    """The pack of a name with its extensions. Raises InvalidConfig when none is installed, or when its package cannot
    be imported, or that of an extension, and InvalidModel where two of them have a kind, command or key of one name."""
    points = _points()
    found = _packs_among(points)
    if name not in found:
        listed = f"Installed: {', '.join(found) or 'none'}. Install the package that brings it."
        remedy = near(name, found, otherwise=listed)
        if (extended := name.partition(".")[0]) in found:
            remedy = f"An extension is used with the pack that it adds to: {extended}."
        raise InvalidConfig("No such pack is installed", pack=name, remedy=remedy)
    return _loaded(found[name]).extended(_loaded(each) for each in points if each.name.startswith(f"{name}."))


def _points() -> list[EntryPoint]:
    """Those of packs and extensions. It takes some milliseconds: whatever is installed is looked at."""
    from importlib.metadata import entry_points  # here, since most commands need no pack

    return sorted(entry_points(group=GROUP), key=lambda each: each.name)


def _packs_among(points: Iterable[EntryPoint]) -> dict[str, EntryPoint]:
    return {each.name: each for each in points if "." not in each.name}


def _loaded(point: EntryPoint) -> Pack:
    try:
        pack = point.load()
    except Exception as problem:  # whatever the code of another's package raises
        facts = {"pack": point.name, "module": point.value, "problem": f"{type(problem).__name__}: {problem}"}
        raise InvalidConfig("The pack cannot be loaded", remedy="Mend or uninstall its package.", **facts) from problem
    if not isinstance(pack, Pack) or pack.name != point.name:
        remedy = f'Let it be a Pack(name="{point.name}", …).'
        facts = {"pack": point.name, "value": point.value}
        raise InvalidConfig("The entry point is no pack of that name", **facts, remedy=remedy)
    return pack


# Deciding.


def decide(
    store: Store,
    request: Request,
    *,
    actor: str | None = None,
    time: datetime | int | None = None,
    cause: str | None = None,
    correlation: str | None = None,
    key: str | None = None,
    attempts_max: int = ATTEMPTS_MAX,
) -> Decided:
    """Decide what is asked for and append its events, under the condition that nothing came between.

    `key` makes a retry safe: it is the id of the first event. Asked again with the same, what was appended is returned
    and nothing is decided. Raises IdConflict when it was used for something else, ConditionFailed as execute does, and
    whatever the decision raises, Refused as a rule.
    """
    codec = request.decision.codec
    meta = None
    if key is not None:
        told = request.told()
        if (before := appended(store, key, told)) is not None:
            return before
        meta = {"request": told}

    def decided(state: Any) -> tuple[Event, ...]:
        made = request.events(state)
        ids = [None if key is None else key if number == 0 else f"{key}/{number + 1}" for number in range(len(made))]
        events = [
            codec.event(each, id=id, time=time, actor=actor, cause=cause, correlation=correlation, meta=meta)  # type: ignore[arg-type]
            for each, id in zip(made, ids, strict=True)
        ]
        for each in events:
            if request.entity not in each.tags:  # it would be guarded by what happened to another
                facts = {"decision": request.decision.name, "entity": request.entity, "type": each.type}
                remedy = "Give the event the id that the decision is told."
                raise InvalidModel("The event is about another entity", **facts, tags=each.tags, remedy=remedy)
        return events_of(events)

    return execute(
        store,
        request.entity,
        request.decision.state,
        decided,
        reads=request.decision.reads,
        attempts_max=attempts_max,
    )


def appended(store: Store, key: str, told: Mapping[str, Any]) -> Decided | None:
    """What was appended under this key for a request that was told the same, as JSON; None when nothing was. Raises
    IdConflict when it was for another."""
    try:
        first = History.of(store).event(key)
    except NotKnown:
        return None
    before = (first.meta or {}).get("request")
    if before != told:
        was, now = (_differing(one, other) for one, other in ((before, told), (told, before)))
        facts = {"key": key, "before": was, "now": now}
        raise IdConflict("The key is in use for another request", remedy="Use another key.", **facts)
    found = [first]
    for each in store.read(after=first.position):  # the rest of its append
        if (each.id, each.basis_text) != (f"{key}/{len(found) + 1}", first.basis_text):
            break
        found.append(each)
    return Decided([each.position for each in found], [each.to_event() for each in found], 0)


def _differing(one: Any, other: Any) -> str:
    """What a request says that another does not, in words."""
    if not isinstance(one, Mapping):
        return "no request of this kind"
    there = other if isinstance(other, Mapping) else {}
    return ", ".join(f"{name} = {value}" for name, value in one.items() if value != there.get(name)) or "nothing of it"


def _said(event: Event) -> tuple[Any, ...]:
    """What an event says, without when and under which id."""
    return event.type, event.version, event.tags, event.data


def _refuse_repeated(pack: str, what: str, names: Iterable[str]) -> None:
    seen = set[str]()
    for name in names:
        if name in seen:
            raise InvalidModel(f"A pack has one {what} of a name", pack=pack, name=name, remedy="Rename one.")
        seen.add(name)

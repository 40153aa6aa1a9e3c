"""A fold that is watched while it runs: what of the list it calls wherever that is hidden, whether it changes an event,
and which states it gives. `main` is the program of the processes that purity starts.

Every call is looked at while a handler, a property or an upcast runs (`sys.setprofile`), and what the interpreter
itself reports of files, sockets and processes (`sys.addaudithook`, which cannot be taken off again: hence a process of
its own). What C code does by itself, other than open a file, a socket or a process, is not seen.
"""

from __future__ import annotations

import functools
import os
import random
import sys
import sysconfig
import zoneinfo
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import msgspec

from whence.compare import canonical
from whence.config import load_model
from whence.errors import WhenceError
from whence.events import Recorded
from whence.fingerprint import INSTALLED
from whence.impurity import Finding, called, impure_codes, impure_name, is_seeded
from whence.model import Model

CHANGED = "Leave the event as it is: copy what you change, for example {**event.data} or [*event.lines]."
SHARED = "Give each state a value of its own: write it in __init__, not in the class or as one object for all."
AUDITED = {
    "open": "open",
    "os.listdir": "os.listdir",
    "os.scandir": "os.scandir",
    "os.system": "os.system",
    "os.exec": "os.exec",
    "os.fork": "os.fork",
    "os.posix_spawn": "os.posix_spawn",
    "subprocess.Popen": "subprocess.Popen",
    "socket.__new__": "socket.socket",
    "socket.getaddrinfo": "socket.getaddrinfo",
    "socket.connect": "socket.connect",
}
"""What the interpreter reports, as the list calls it."""
HARMLESS = ("importlib", "zipimport", "linecache", "warnings", "zoneinfo", "tokenize", "traceback")
"""Who may open files while a handler runs: imports, time zones and the lines of a warning read what does not change."""
_WHENCE = str(Path(__file__).parents[1]) + os.sep
_DEMO = os.path.join(_WHENCE, "demo") + os.sep
_STANDARD = sysconfig.get_path("stdlib") + os.sep

History = Sequence[tuple[str, Sequence[Recorded]]]
"""Entities, each with its events in the order of the fold."""


class Seen(msgspec.Struct):
    """What was seen: the findings, and of each entity each field as a text that says it wholly."""

    findings: list[Finding]
    states: dict[str, dict[str, str]]


class Failed(msgspec.Struct):
    """Why nothing was seen: an error of errors.py by its name."""

    error: str
    fact: str
    remedy: str
    facts: dict[str, str]


class Asked(msgspec.Struct):
    """What a process is asked: the model by its name, where modules are looked for, and the entities with envelopes."""

    model: str
    folder: str
    path: list[str]
    entities: list[tuple[str, list[dict[str, Any]]]]


def look(model: Model, history: History, *, audited: bool = False) -> Seen:
    """Fold every entity, watched. With `audited` this process is watched for ever. Raises FoldFailed."""
    watch = Watch()
    if audited:
        sys.addaudithook(watch.audit)
    noted = _noting(model, watch)
    states: dict[str, dict[str, str]] = {}
    first = _fields(noted, watch.run(noted.initial))
    again = _fields(noted, noted.initial())
    for entity, events in history:
        state = watch.run(noted.initial)
        for recorded in events:
            state = watch.run(noted.apply, state, watch.event(recorded))
            watch.after(recorded)
        states[entity] = _fields(noted, watch.run(noted.fields, state))
    stable = {name: text for name, text in first.items() if again.get(name) == text}
    return Seen([*watch.findings(), *_shared(model, stable, _fields(noted, noted.initial()))], states)


def _fields(model: Model, state: Any) -> dict[str, str]:
    """Each field as a text."""
    fields = state if type(state) is dict else model.fields(state)
    return {name: canonical(value) for name, value in fields.items()}


def _shared(model: Model, before: dict[str, str], after: dict[str, str]) -> Iterator[Finding]:
    """A finding for each field that a new state has another value of, now that others were folded."""
    for field, text in before.items():
        if after.get(field) != text:
            problem = f"{field} is shared: what one entity's events leave in it, the next one begins with"
            yield Finding("shared", problem, model.name, SHARED, field=field)


class Watch:
    """Takes note of what is called while something runs."""

    def __init__(self) -> None:
        self._codes = impure_codes()
        self._called: dict[tuple[str, str, int], Finding] = {}
        self._changed: dict[tuple[str, str], Finding] = {}
        self._running = False
        self._data: list[tuple[Recorded, Any]] = []  # what the handlers of this event were handed
        self._handler = ""

    def run(self, function: Callable[..., Any], *given: Any) -> Any:
        """What the function returns, watched."""
        before = sys.getprofile()
        self._running = True
        sys.setprofile(self._profile)
        try:
            return function(*given)
        finally:
            sys.setprofile(before)
            self._running = False

    def findings(self) -> list[Finding]:
        return [*self._called.values(), *self._changed.values()]

    # Calls.

    def audit(self, event: str, given: tuple[Any, ...]) -> None:
        """What the interpreter reports."""
        if self._running and event in AUDITED and not str(given[0] if given else "").startswith(zoneinfo.TZPATH):
            self._note(AUDITED[event], sys._getframe(1))

    def _profile(self, frame: FrameType, event: str, given: Any) -> None:
        if event == "c_call":
            name = impure_name(given)
            if name is not None:
                self._note(name, frame)
        elif event == "call" and frame.f_back is not None:
            code = frame.f_code
            if (name := self._codes.get(code)) is not None and not _is_repeatable(frame):
                self._note(name, frame.f_back)

    def _note(self, name: str, frame: FrameType) -> None:
        """Something on the list was called from a frame: keep where in the model's code, unless it has been said."""
        self._running = False  # what looking itself does is nobody's doing
        try:
            stack = list(_stack(frame))
            if any(_is_harmless(each) for each in stack):
                return
            own = [index for index, each in enumerate(stack) if _is_of_a_user(each.f_code)]
            if not own or any(each.f_code in self._codes for each in stack[: own[0]]):
                return
            nearest, outermost = stack[own[0]], stack[own[-1]]
            key = (name, nearest.f_code.co_filename, nearest.f_lineno)
            self._called.setdefault(key, called(name, _said(outermost.f_code), *key[1:]))
        finally:
            self._running = True

    # Events that are changed.

    def event(self, recorded: Recorded) -> Recorded:
        """The event as a handler gets it, whose data are the same object however often they are asked for."""
        return Handed(*msgspec.structs.astuple(recorded), watch=self)

    def data_of(self, recorded: Recorded) -> Any:
        data = Recorded.data.__get__(recorded)
        self._data.append((recorded, data))
        return data

    def around(self, handler: Callable[..., None]) -> Callable[..., None]:
        """The same handler, after which the events that it was given are looked at."""
        code = _code_of(handler)
        said = type(handler).__name__ if code is None else _said(code)

        @functools.wraps(handler)
        def watched(state: Any, *given: Any) -> None:
            self._handler = said
            typed = [each for each in given if not isinstance(each, Recorded)]
            before = [canonical(each) for each in typed]
            handler(state, *given)
            for each, text in zip(typed, before, strict=True):
                if canonical(each) != text:
                    self._note_change(f"changes the {type(each).__name__} it is given", code)

        return watched

    def after(self, recorded: Recorded) -> None:
        """Look at the data that were handed out."""
        handed, self._data = self._data, []
        for event, data in handed:
            if canonical(data) != canonical(recorded.data):
                self._note_change(f"changes event.data of {event.type}", None)

    def _note_change(self, problem: str, code: CodeType | None) -> None:
        file, line = (None, None) if code is None else (code.co_filename, code.co_firstlineno)
        finding = Finding("event", problem, self._handler, CHANGED, file, line)
        self._changed.setdefault((self._handler, problem), finding)


class Handed(Recorded, frozen=True, gc=False, eq=False, kw_only=True):
    """A recorded event whose data are decoded once, so that what is changed in them can be seen."""

    watch: Any

    @property
    def data(self) -> Any:
        watch = self.watch
        known = next((data for event, data in watch._data if event is self), watch)
        return watch.data_of(self) if known is watch else known


def _noting(model: Model, watch: Watch) -> Model:
    """The same model, with its handlers looked after."""
    made_of = model.made_of
    if isinstance(made_of, type):
        members = {name: value for part in reversed(made_of.__mro__) for name, value in vars(part).items()}
        handlers = {name: watch.around(each) for name, each in members.items() if hasattr(each, "__whence_on__")}
        try:
            return Model.of(type(made_of)(made_of.__name__, (made_of,), {**handlers, "__module__": made_of.__module__}))
        except Exception:  # a class that cannot be extended: its events are not looked at
            return model
    if isinstance(made_of, tuple) and hasattr(made_of[1], "__code__"):
        watch._handler = _said(made_of[1].__code__)
    return model


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    """The frame and those that led to it, up to the probe's own."""
    while frame is not None and frame.f_code is not Watch.run.__code__:
        yield frame
        frame = frame.f_back


def _is_of_a_user(code: CodeType) -> bool:
    """Whether code is neither Python's own nor Whence's."""
    file = code.co_filename
    if file.startswith("<") or (file.startswith(_WHENCE) and not file.startswith(_DEMO)):
        return False
    return not file.startswith(_STANDARD) or any(f"{os.sep}{part}{os.sep}" in file for part in INSTALLED)


def _is_harmless(frame: FrameType) -> bool:
    name = frame.f_globals.get("__name__") or ""
    return frame.f_code.co_filename.startswith("<frozen importlib") or name.partition(".")[0] in HARMLESS


def _is_repeatable(frame: FrameType) -> bool:
    """Whether a function on the list was called on a generator that a seed makes repeatable."""
    generator = frame.f_locals.get("self")
    if frame.f_code is random.Random.__init__.__code__:
        return frame.f_locals.get("x") is not None or not is_seeded(generator)
    return is_seeded(generator)


def _code_of(handler: Any) -> CodeType | None:
    """The code of a handler, also of a functools.partial; None of an object that is called like one."""
    while isinstance(handler, functools.partial):
        handler = handler.func
    return getattr(handler, "__code__", None)


def _said(code: CodeType) -> str:
    """`Lead.scored`, also for a class within a function."""
    return getattr(code, "co_qualname", code.co_name).rpartition("<locals>.")[2]


# The process.


def main() -> None:
    """Answer what standard input asks, on standard output."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a model prints is not the answer
    with out:
        out.write(_answer(sys.stdin.buffer.read()))


def _answer(text: bytes) -> bytes:
    asked = msgspec.json.decode(text, type=Asked)
    sys.path += [each for each in asked.path if each not in sys.path]
    try:
        model = load_model(asked.model, Path(asked.folder))
        seen = look(model, list(_entities(asked.entities)), audited=True)
    except WhenceError as problem:
        facts = {name: str(value) for name, value in problem.facts.items()}
        return msgspec.json.encode(Failed(type(problem).__name__, problem.fact, problem.remedy, facts))
    return msgspec.json.encode(seen)


def _entities(given: Iterable[tuple[str, list[dict[str, Any]]]]) -> Iterator[tuple[str, list[Recorded]]]:
    for entity, envelopes in given:
        yield entity, [Recorded.from_json(envelope) for envelope in envelopes]

"""What makes a fold impure: a stated list of calls, each with what to do instead, and where a model's code makes them
as far as reading it shows. What only running it shows is left to probe.

    time          time.time, monotonic, perf_counter, process_time (each also _ns), sleep, localtime
    the clock     datetime.now, utcnow, today, date.today
    chance        random (but for a Random with a seed of its own), secrets, os.urandom, uuid.uuid1, uuid4, getnode
    the machine   open, io.open, os.open, os.listdir, os.scandir, os.environ, os.getenv, os.system
    the network   socket, http.client, urllib.request, and what asks by these: see CLIENTS
    others        subprocess
"""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import os
import random
import secrets
import socket
import subprocess
import sys
import time
import types
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, Literal

import msgspec

from whence.codec import Codec
from whence.fingerprint import is_own, module_of
from whence.model import Model

Kind = Literal["call", "event", "shared", "unstable"]
"""`call`: something of the list; `event`: an event is changed in place; `shared`: entities share a part of their state;
`unstable`: two processes give different states."""

READ_TIME = "Read event.time instead: when it happened."
DECIDE = "Draw it where the decision is made, and keep it in the event's data."
RECORD = "Read it before, and record what was read as an event."
REMEDIES = {
    "time.sleep": "Take it out: a fold waits for nothing.",
    "time": READ_TIME,
    "datetime": READ_TIME,
    "date": READ_TIME,
    "random": DECIDE,
    "secrets": DECIDE,
    "os.urandom": DECIDE,
    "uuid": "Use event.id, or an id that the decision made and the event's data hold.",
    "os.environ": "A setting that changes states is a fact: record it as an event, or write it into the model.",
    "os.getenv": "A setting that changes states is a fact: record it as an event, or write it into the model.",
}
CLOCKS = ("time", "monotonic", "perf_counter", "process_time", "thread_time")
TIMES = (*CLOCKS, *(f"{name}_ns" for name in CLOCKS), "sleep", "localtime")
NOWS = ("now", "utcnow", "today")
MODULES = {
    "secrets": "secrets",
    "subprocess": "subprocess",
    "socket": "socket",
    "_socket": "socket",
    "http.client": "http.client",
    "urllib.request": "urllib.request",
}
"""Whatever is called in these is on the list."""
CLIENTS = ("aiohttp", "anthropic", "boto3", "grpc", "httpx", "openai", "requests", "urllib3", "websockets")
"""Packages that ask over the network; whatever is called in these is on the list, and so is whatever they made."""
NETWORK = ("socket", "http", "urllib", *CLIENTS)
"""What a name of the list begins with that needs the network."""
SYSTEM = ("urandom", "getenv", "open", "listdir", "scandir", "system", "popen")
IMPORTED = {"datetime", "io", "os", "random", "time", "uuid", *MODULES} - {"_socket"}
"""Modules that are looked into when a function imports them itself, and so are those of CLIENTS."""

_NAMED: dict[Any, str] = {
    builtins.open: "open",
    **{getattr(time, name): f"time.{name}" for name in TIMES if hasattr(time, name)},
    **{getattr(os, name): f"os.{name}" for name in SYSTEM},
    **{getattr(uuid, name): f"uuid.{name}" for name in ("uuid1", "uuid4", "getnode")},
}
_GENERATOR: random.Random = random._inst


class Finding(msgspec.Struct, frozen=True):
    """One thing that makes a fold impure: what, in which handler, where in the code, and what to do.

    `file` and `line` are None where no line says it; `entity` and `field` name a value that shows it.
    """

    kind: Kind
    problem: str
    handler: str
    remedy: str
    file: str | None = None
    line: int | None = None
    entity: str | None = None
    field: str | None = None

    @property
    def place(self) -> str:
        """`crm.py:14`, or "" where no line says it."""
        return "" if self.file is None else f"{Path(self.file).name}:{self.line}"


def called(name: str, handler: str, file: str, line: int) -> Finding:
    """The finding that a handler calls something on the list, or what it calls does."""
    problem = "reads os.environ" if name == "os.environ" else f"calls {name}()"
    return Finding("call", problem, handler, remedy_of(name), file, line)


def remedy_of(name: str) -> str:
    """What to do instead of something on the list."""
    return REMEDIES.get(name) or REMEDIES.get(name.partition(".")[0], RECORD)


def impure_name(thing: Any) -> str | None:
    """What a function is called in the list, `datetime.now`; None where it is not on it."""
    if thing is os.environ:
        return "os.environ"
    try:
        if (known := _NAMED.get(thing)) is not None:
            return known
    except TypeError:  # not hashable, so no function
        return None
    owner, name = getattr(thing, "__self__", None), getattr(thing, "__name__", "")
    if isinstance(owner, type) and issubclass(owner, date) and name in NOWS:
        return f"{owner.__name__}.{name}"
    if owner is _GENERATOR or isinstance(owner, random.SystemRandom):
        return f"random.{name}"
    of = getattr(thing, "__module__", None)
    of = of if isinstance(of, str) else ""
    if (client := of.partition(".")[0]) in CLIENTS:
        return f"{client}.{name or type(thing).__name__}"
    module = MODULES.get(of)
    return f"{module}.{name}" if module and callable(thing) and not name.startswith("_") else None


@cache
def impure_codes() -> Mapping[CodeType, str]:
    """The functions on the list that are Python themselves, by their code."""
    functions: dict[Any, str] = {type(os.environ).__getitem__: "os.environ", os.getenv: "os.getenv"}
    functions |= {each: name for each, name in _NAMED.items() if isinstance(each, FunctionType)}
    functions |= {subprocess.Popen.__init__: "subprocess.Popen", socket.socket.__init__: "socket.socket"}
    functions |= {
        each: f"random.{name}" for name, each in vars(random.Random).items() if isinstance(each, FunctionType)
    }
    functions[random.Random.__init__] = "random.Random"
    functions |= {random.SystemRandom.random: "random.random", random.SystemRandom.getrandbits: "random.getrandbits"}
    for module in (secrets, subprocess, socket):
        for name, each in vars(module).items():
            if isinstance(each, FunctionType) and each.__module__ == module.__name__:
                functions[each] = f"{module.__name__}.{name}"
    return {each.__code__: name for each, name in functions.items()}


def is_seeded(generator: Any) -> bool:
    """Whether chance comes from a generator of the model's own, which a seed makes repeatable."""
    return isinstance(generator, random.Random) and not (
        generator is _GENERATOR or isinstance(generator, random.SystemRandom)
    )


# Reading the code.


def read_in(model: Model) -> list[Finding]:
    """What a model's handlers, properties and upcasts call from the list, and the functions of its own modules that
    they call, as far as the code says it; each line once."""
    found: dict[tuple[str | None, int | None, str], Finding] = {}
    owner = model.made_of if isinstance(model.made_of, type) else None
    for handler, function in roots(model):
        for finding in _Reading(module_of(model.made_of), owner).of(function, handler):
            found.setdefault((finding.file, finding.line, finding.problem), finding)
    return list(found.values())


def roots(model: Model) -> Iterator[tuple[str, FunctionType]]:
    """The functions that a fold runs, by the name of what each is."""
    made_of = model.made_of
    if isinstance(made_of, tuple):
        yield from ((_name(each), each) for each in made_of if isinstance(each, FunctionType))
    if not isinstance(made_of, type):
        return
    for name in dir(made_of):
        member = inspect.getattr_static(made_of, name)
        if isinstance(member, FunctionType) and (name == "__init__" or hasattr(member, "__whence_on__")):
            yield _name(member), member
        elif isinstance(member, (property, cached_property)):
            function = member.fget if isinstance(member, property) else member.func
            if isinstance(function, FunctionType):
                yield _name(function), function
    codec = getattr(made_of, "codec", None)
    for upcast in codec.upcasts if isinstance(codec, Codec) else ():
        if isinstance(upcast.function, FunctionType):
            yield f"the upcast of {upcast.type} from version {upcast.from_version}", upcast.function


def _name(function: FunctionType) -> str:
    return function.__qualname__.rpartition("<locals>.")[2]


class _Reading:
    """Functions as they are read, each once for a handler."""

    def __init__(self, module: str, owner: type | None) -> None:
        self._module = module
        self._owner = owner
        self._seen: set[CodeType] = set()

    def of(self, function: FunctionType, handler: str) -> Iterator[Finding]:
        code = function.__code__
        node = None if code in self._seen else _node_of(code)
        self._seen.add(code)
        if node is None:
            return
        resolve = _resolver(function, node, self._owner if "." in _name(function) else None)
        heads = {id(each.func) for each in ast.walk(node) if isinstance(each, ast.Call)}
        for each in _body(node):
            if not isinstance(each, (ast.Name, ast.Attribute)) or not isinstance(each.ctx, ast.Load):
                continue
            thing = resolve(each)
            name = impure_name(thing)
            if name is not None and (id(each) in heads or not isinstance(thing, type)):
                yield called(name, handler, code.co_filename, each.lineno)
            elif thing is random.Random and _is_unseeded(each, node):
                yield called("random.Random", handler, code.co_filename, each.lineno)
            for inner in _functions_in(thing):
                if is_own(inner.__module__, self._module):
                    yield from self.of(inner, handler)


def _functions_in(thing: Any) -> Iterator[FunctionType]:
    """What runs when a thing that the code names is called or read."""
    if isinstance(thing, (staticmethod, classmethod, types.MethodType)):
        thing = thing.__func__
    if isinstance(thing, property):
        thing = thing.fget
    if isinstance(thing, type):
        thing = vars(thing).get("__init__")
    if isinstance(thing, FunctionType):
        yield inspect.unwrap(thing)


def _is_unseeded(name: ast.expr, within: ast.AST) -> bool:
    calls = (each for each in ast.walk(within) if isinstance(each, ast.Call) and each.func is name)
    return any(not call.args and not call.keywords for call in calls)


def _body(node: ast.AST) -> Iterator[ast.AST]:
    """Everything in a function but its decorators and annotations, which run when it is made."""
    if isinstance(node, ast.Lambda):
        return ast.walk(node.body)
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    return (each for statement in node.body for each in ast.walk(statement))


def _resolver(function: FunctionType, node: ast.AST, owner: type | None) -> Callable[[ast.expr], Any]:
    """From a name or a dotted name in a function to what it means; None where only running it would tell."""
    code = function.__code__
    imports = _imports(node)
    locals_ = set(_variables(code)) - imports.keys()
    cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=False))
    first = code.co_varnames[0] if code.co_argcount else None

    def resolve(expression: ast.expr) -> Any:
        if isinstance(expression, ast.Attribute):
            if owner is not None and isinstance(expression.value, ast.Name) and expression.value.id == first:
                return inspect.getattr_static(owner, expression.attr, None)
            base = resolve(expression.value)
            return getattr(base, expression.attr, None) if isinstance(base, (ModuleType, type)) else None
        if not isinstance(expression, ast.Name) or expression.id in locals_:
            return None
        name = expression.id
        if name in imports:
            return imports[name]
        if name in cells:
            try:
                return cells[name].cell_contents
            except ValueError:  # not given a value yet
                return None
        return function.__globals__.get(name, getattr(builtins, name, None))

    return resolve


def _variables(code: CodeType) -> Iterator[str]:
    """The names that a function, and the functions within it, give a value themselves."""
    yield from code.co_varnames
    yield from code.co_cellvars
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _variables(each)


def _imports(node: ast.AST) -> dict[str, Any]:
    """What a function imports itself from the modules of the list, by the names it has there."""
    found: dict[str, Any] = {}
    for each in ast.walk(node):
        if isinstance(each, ast.Import):
            for name in each.names:
                top = name.name.partition(".")[0]
                module = _module(name.name)
                found[name.asname or top] = module if name.asname or module is None else sys.modules[top]
        elif isinstance(each, ast.ImportFrom):
            module = _module(each.module or "")
            found |= {name.asname or name.name: getattr(module, name.name, None) for name in each.names}
    return found


def _module(name: str) -> ModuleType | None:
    """A module of the list; None for any other, and for one that is not installed."""
    if name not in IMPORTED and name.partition(".")[0] not in CLIENTS:
        return None
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _node_of(code: CodeType) -> ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | None:
    """The syntax of a function; None where its file cannot be read."""
    for node in _tree(code.co_filename):
        if node.lineno == code.co_firstlineno and isinstance(node, ast.Lambda) and code.co_name == "<lambda>":
            return node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == code.co_name:
            first = min((each.lineno for each in node.decorator_list), default=node.lineno)
            if first == code.co_firstlineno:
                return node
    return None


@cache
def _tree(file: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda]:
    """All functions of a file."""
    try:
        whole = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return []
    return [each for each in ast.walk(whole) if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))]

"""Which fields of a state a handler reads in order to write which others, as its source says: `self.opened += 1` and
`self.last = event.time` in one handler do not depend on each other. What was read and written is left to tracing.

A forward data-flow analysis with control dependences (Ferrante, Ottenstein, Warren, 1987: The Program Dependence Graph
and Its Use in Optimization). Where the source is not plain enough it says nothing, and all that was read counts."""

from __future__ import annotations

import ast
import builtins
import copy
import dataclasses
import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, partial
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

import msgspec

Fields = frozenset[str]
Dependences = Mapping[str, Fields]
"""For each field that a handler may write, the fields that its new value may depend on."""

NOTHING: Fields = frozenset()


class _Alone(dict[str, Fields]):
    """Names no field, and says of each that it depends on itself."""

    def get(self, field: str, default: Any = None) -> Fields:
        return frozenset({field})


ALONE: Dependences = _Alone()
"""Where no field depends on another, nor does it depend on the state whether one is written."""

CALLS_DEEP_MAX = 10
_UNSEEN: tuple[Any, ...] = (super, vars, locals, eval, exec)
"""What may read the state without naming it."""

REPLACING: tuple[Any, ...] = (
    dataclasses.replace, msgspec.structs.replace, *filter(None, [getattr(copy, "replace", None)]),
)  # fmt: skip
_READING_METHODS = frozenset(
    name
    for cls in (str, bytes, int, float, Decimal, datetime, date, timedelta, tuple, frozenset)
    for name in dir(cls)
    if not name.startswith("_")
) | {"get", "items", "keys", "values", "most_common", "total", "elements"}


class _Unclear(Exception):
    """The source does not say which fields depend on which."""


class _Value(NamedTuple):
    """What an expression depends on; or, with `state`, a state of which these fields were given anew."""

    fields: Fields = NOTHING
    state: Mapping[str, Fields] | None = None
    is_own: bool = False  # the very state that the handler was given, which it may change in place
    event: str | None = None  # the event that it was given, of this type


@cache
def dependences(
    function: Callable[..., Any], owner: type | None, type: str, *, returns_state: bool
) -> Dependences | None:
    """The fields that a handler, or with `returns_state` a pure function, may write on events of a type, each with
    those it depends on.

    `owner` is the class of the state. None where the source cannot be had or does not say.
    """
    try:
        writes: dict[str, set[str]] = {}
        given = [_Value(state={}, is_own=True), _Value(event=type)]
        returned = _Function(function, given, {}, owner, writes, ()).returned()
        if returns_state:
            for field, fields in _state_of(returned).items():
                writes.setdefault(field, set()).update(fields)
        return {field: frozenset(fields) for field, fields in writes.items()}
    except (_Unclear, RecursionError):
        return None


def fields_read(function: Any, owner: type) -> tuple[str, ...] | None:
    """The fields of a state, of class `owner`, that a function of it may read; None where its source does not say.

    The function is only looked at, so that whoever calls it hands it the very state.
    """
    given = [_Value(state={}, is_own=True)]
    if isinstance(function, partial):
        function, given = function.func, [*map(_nothing, function.args), *given]
    if isinstance(function, MethodType):
        function, given = function.__func__, [_Value(), *given]
    try:
        inner = _Function(function, given, {}, owner, {}, ())
        inner.returned()
    except (_Unclear, RecursionError):
        return None
    return tuple(sorted(inner.mentioned))


def _nothing(_: object) -> _Value:
    return _Value()


def _state_of(value: _Value) -> Mapping[str, Fields]:
    if value.state is None:
        raise _Unclear
    return value.state


@cache
def _definition(code: CodeType) -> ast.FunctionDef | None:
    """What defines a function, a lambda as if it returned its expression; None where that cannot be found."""
    try:
        if code.co_name == "<lambda>":
            found = _lambda(code, ast.parse("".join(inspect.findsource(code)[0])))
        else:
            (found,) = ast.parse(textwrap.dedent(inspect.getsource(code))).body  # type: ignore[assignment]
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    fits = isinstance(found, ast.FunctionDef) and found.name == code.co_name and _is_said(code, found)
    return found if fits else None


def _is_said(code: CodeType, definition: ast.AST) -> bool:
    """Whether all that the code may read stands there too: a file may be another than the one that was imported."""
    nodes = list(ast.walk(definition))
    names = {getattr(node, part, None) for node in nodes for part in ("id", "attr", "name", "module")}
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    codes = [code]
    for each in codes:
        codes += [inner for inner in each.co_consts if isinstance(inner, CodeType)]
    private = tuple(name for name in names if name and name.startswith("__"))
    read = {name for each in codes for name in each.co_names if not (private and name.endswith(private))}
    said = {text for each in codes for text in each.co_consts if isinstance(text, str) and text.isidentifier()}
    return read <= names and all(any(text in other for other in texts) for text in said)


def _lambda(code: CodeType, tree: ast.Module) -> ast.FunctionDef | None:
    """The only lambda on a line that has all of the code in it, or the innermost of them."""
    places = [(line, column) for line, _, column, _ in code.co_positions() if line is not None and column]
    arguments = list(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Lambda) and node.lineno == code.co_firstlineno and _names_of(node.args) == arguments
        if all((node.lineno, node.col_offset) <= place <= _end(node) for place in places)
    ]
    if len(found) != 1 and not places:
        return None
    chosen = min(found, key=lambda node: (_end(node), -node.col_offset), default=None)
    if chosen is None:
        return None
    return ast.FunctionDef(name=code.co_name, args=chosen.args, body=[ast.Return(chosen.body)], decorator_list=[])


def _end(node: ast.expr) -> tuple[int, int]:
    return node.end_lineno or node.lineno, node.end_col_offset or node.col_offset


class _Function:
    """One function on its way through its statements, with what each of its names depends on."""

    def __init__(
        self,
        function: Any,
        positional: list[_Value],
        named: Mapping[str, _Value],
        owner: type | None,
        writes: dict[str, set[str]],
        calls: tuple[Any, ...],
        control: Fields = NOTHING,
        own: dict[str, Fields] | None = None,
    ) -> None:
        if not isinstance(function, FunctionType) or function in calls or len(calls) > CALLS_DEEP_MAX:
            raise _Unclear
        self._function = function
        self._owner = owner
        self._writes = writes
        self._calls = (*calls, function)
        self._control: Fields = control
        self._own: dict[str, Fields] = {} if own is None else own  # fields of the given state written so far
        self.mentioned: set[str] = set()  # every field that was read so far
        self._results: list[_Value] = []
        definition = None if hasattr(function, "__wrapped__") else _definition(function.__code__)
        if definition is None:
            raise _Unclear
        self._definition = definition
        self._names = self._bound(self._definition.args, positional, named)

    def _bound(self, args: ast.arguments, positional: list[_Value], named: Mapping[str, _Value]) -> dict[str, _Value]:
        names = [each.arg for each in (*args.posonlyargs, *args.args)]
        bound = dict(zip(names, positional, strict=False))
        rest = frozenset[str]().union(*(self._plain(value) for value in positional[len(names) :]))
        for star in filter(None, (args.vararg, args.kwarg)):
            bound[star.arg] = _Value(rest.union(*(self._plain(value) for value in named.values())))
        return bound | {name: value for name, value in named.items() if name in {*names, *_kwonly(args)}}

    def returned(self) -> _Value:
        """What the function gives back, after all its statements."""
        self._block(self._definition.body)
        if not self._results:
            return _Value()
        result = self._results[0]
        for other in self._results[1:]:
            result = self._either(result, other, NOTHING)
        return result

    # Statements.

    def _block(self, statements: Iterable[ast.stmt]) -> bool:
        """Go through statements; say whether the function is left in them, whichever way it goes."""
        return any(map(self._statement, statements))

    def _statement(self, node: ast.stmt) -> bool:
        match node:
            case ast.Expr(value):
                self._value(value)
            case ast.Assign(targets, value):
                found = self._value(value)
                for target in targets:
                    self._assign(target, found)
            case ast.AnnAssign(target, _, value):
                if value is not None:
                    self._assign(target, self._value(value))
            case ast.AugAssign(target, _, value):
                before = self._plain(self._value(target))
                self._assign(target, _Value(before | self._plain(self._value(value))))
            case ast.Return(value):
                found = _Value() if value is None else self._value(value)
                self._results.append(self._under_control(found))
                return True
            case ast.If(test, body, orelse):
                if (known := self._decided(test)) is not None:
                    return self._block(body if known else orelse)
                return self._branches(self._plain(self._value(test)), [body, orelse])
            case ast.For(target, iterated, body, orelse):
                fields = self._plain(self._value(iterated))
                for _ in range(2):  # what one round leaves behind, the next one reads
                    self._assign(target, _Value(fields))
                    self._branches(fields, [body, []])
                self._block(orelse)
            case ast.While(test, body, orelse):
                for _ in range(2):
                    self._branches(self._plain(self._value(test)), [body, []])
                self._block(orelse)
            case ast.With(items, body):
                for item in items:
                    found = self._value(item.context_expr)
                    if item.optional_vars is not None:
                        self._assign(item.optional_vars, found)
                self._block(body)
            case ast.Try(body, handlers, orelse, finalbody):
                earlier, self.mentioned = self.mentioned, set()
                self._block(body)
                self._control |= frozenset(self.mentioned)  # whether one failed, and which, depends on them
                self.mentioned |= earlier
                self._branches(NOTHING, [[*orelse], *(handler.body for handler in handlers)])
                self._block(finalbody)
            case ast.Match(subject, cases) if (chosen := self._chosen(subject, cases)) is not None:
                return self._block(chosen)
            case ast.Match(subject, cases):
                fields = self._plain(self._value(subject))
                for name in (part for case in cases for part in _captured(case.pattern)):
                    self._names[name] = _Value(fields | self._plain(self._names.get(name, _Value())))
                tests = [case.guard for case in cases if case.guard is not None]
                parts = [part for case in cases for part in ast.walk(case.pattern)]
                tests += [part.value for part in parts if isinstance(part, ast.MatchValue)]
                return self._branches(
                    fields.union(*(self._plain(self._value(test)) for test in tests)),
                    [case.body for case in cases] + [[]],
                )
            case ast.Delete(targets):
                for target in targets:
                    self._assign(target, _Value())
            case ast.Assert(test):
                self._control |= self._plain(self._value(test))
            case ast.Raise(exc, _):
                if exc is not None:
                    self._value(exc)
                return True
            case ast.Pass() | ast.Break() | ast.Continue() | ast.Import() | ast.ImportFrom():
                pass
            case _:
                raise _Unclear
        return False

    def _decided(self, test: ast.expr) -> bool | None:
        """How a test of the event's type comes out, or None for any other."""
        match test:
            case ast.Compare(ast.Attribute(base, "type"), [operator], [other]) if event := self._event(base):
                try:
                    said = ast.literal_eval(other)
                except ValueError:
                    return None
                match operator:
                    case ast.Eq() | ast.NotEq():
                        return (event == said) is isinstance(operator, ast.Eq)
                    case ast.In() | ast.NotIn():
                        return (event in said) is isinstance(operator, ast.In)
            case ast.UnaryOp(ast.Not(), inner):
                known = self._decided(inner)
                return None if known is None else not known
            case ast.BoolOp(operator, tests):
                known_all = [self._decided(each) for each in tests]
                decisive = isinstance(operator, ast.Or)
                if decisive in known_all:
                    return decisive
                return None if None in known_all else not decisive
        return None

    def _chosen(self, subject: ast.expr, cases: list[ast.match_case]) -> list[ast.stmt] | None:
        """What is done for the event's type, or None where that is not what is matched."""
        match subject:
            case ast.Attribute(base, "type") if event := self._event(base):
                for case in cases:
                    types = _types_in(case.pattern)
                    if types is None or (case.guard is not None and (not types or event in types)):
                        return None
                    if not types or event in types:
                        return case.body
                return []
        return None

    def _event(self, node: ast.expr) -> str | None:
        return self._names.get(node.id, _Value()).event if isinstance(node, ast.Name) else None

    def _branches(self, test: Fields, bodies: list[list[ast.stmt]]) -> bool:
        """Go each way from here, then go on with what those left behind that do not leave the function."""
        control, names, own = self._control, self._names, self._own
        ends = []
        for body in bodies:
            self._control, self._names, self._own = control | test, dict(names), dict(own)
            if not self._block(body):
                ends.append((self._names, self._own))
        self._control, self._names, self._own = control, names, own
        if not ends:
            return True
        if any(map(_leaves, bodies)):
            self._control |= test  # what follows is reached on one way only
        self._names = {}
        for name in dict.fromkeys(name for known, _ in ends for name in known):
            found = [known.get(name, _Value()) for known, _ in ends]
            value = found[0]
            for other in found[1:]:
                value = self._either(value, other, test)
            self._names[name] = value
        merged = {
            field: frozenset[str]().union(*(mine.get(field, {field}) for _, mine in ends))
            for field in dict.fromkeys(field for _, mine in ends for field in mine)
        }
        own.clear()
        own.update(merged)
        return False

    def _either(self, one: _Value, other: _Value, test: Fields) -> _Value:
        if one == other:
            return one
        if one.state is None and other.state is None:
            return _Value(one.fields | other.fields)
        if one.state is None or other.state is None:
            raise _Unclear
        fields = dict.fromkeys((*one.state, *other.state))
        state = {f: one.state.get(f, frozenset({f})) | other.state.get(f, frozenset({f})) | test for f in fields}
        return _Value(state=state, is_own=one.is_own and other.is_own)

    def _under_control(self, value: _Value) -> _Value:
        if value.state is None:
            return _Value(value.fields | self._control)
        return value._replace(state={field: fields | self._control for field, fields in value.state.items()})

    # Writing.

    def _assign(self, target: ast.expr, value: _Value) -> None:
        match target:
            case ast.Name(name):
                known = self._names.get(name)
                if value.state is not None or (known is not None and known.state is not None):
                    self._names[name] = value
                else:
                    before = NOTHING if known is None else known.fields
                    self._names[name] = _Value(before | value.fields | self._control)
            case ast.Attribute(base, name):
                self._assign_part(self._value(base), name, self._plain(value))
            case ast.Subscript(base, index):
                key = index.value if isinstance(index, ast.Constant) else None
                self._assign_part(self._value(base), key, self._plain(value) | self._plain(self._value(index)))
            case ast.Tuple(targets) | ast.List(targets):
                for each in targets:
                    self._assign(each, _Value(self._plain(value)))
            case ast.Starred(inner):
                self._assign(inner, value)
            case _:
                raise _Unclear

    def _assign_part(self, base: _Value, name: Any, fields: Fields) -> None:
        if base.state is None:
            self._change(base.fields, fields)
        elif base.is_own and isinstance(name, str):
            self._own[name] = fields | self._control
            self._writes.setdefault(name, set()).update(fields | self._control)
        else:
            raise _Unclear

    def _change(self, changed: Fields, fields: Fields) -> None:
        """Something within these fields may be changed in place."""
        for field in changed:
            found = fields | changed | self._control
            self._own[field] = self._own.get(field, frozenset({field})) | found
            self._writes.setdefault(field, set()).update(found)

    # Expressions.

    def _plain(self, value: _Value) -> Fields:
        """What a value depends on that is not the state as a whole."""
        if value.state is not None:
            raise _Unclear
        return value.fields

    def _value(self, node: ast.expr) -> _Value:
        match node:
            case ast.Constant():
                return _Value()
            case ast.Name(name):
                return self._names.get(name, _Value())
            case ast.Attribute(base, name):
                found = self._value(base)
                return found if found.state is None else _Value(self._field(found, name))
            case ast.Subscript(base, index):
                found = self._value(base)
                if found.state is None:
                    return _Value(found.fields | self._plain(self._value(index)))
                if isinstance(index, ast.Constant) and isinstance(index.value, str):
                    return _Value(self._field(found, index.value))
                raise _Unclear
            case ast.Call():
                return self._call(node)
            case ast.NamedExpr(name, value):
                found = self._value(value)
                self._assign(name, found)
                return found
            case ast.IfExp(test, body, orelse):
                if (known := self._decided(test)) is not None:
                    return self._value(body if known else orelse)
                fields = self._plain(self._value(test))
                one, other = self._value(body), self._value(orelse)
                found = self._either(one, other, fields)
                return found if found.state is not None else _Value(found.fields | fields)
            case ast.Dict(keys, values) if None in keys:
                return self._merged(keys, values)
            case ast.BinOp(left, ast.BitOr(), right):
                one = self._value(left)
                if one.state is None:
                    return _Value(one.fields | self._plain(self._value(right)))
                match right:
                    case ast.Dict(keys, values):
                        return self._merged([None, *keys], [left, *values])
                raise _Unclear
            case ast.Lambda(args, body):
                for default in (*args.defaults, *args.kw_defaults):
                    if default is not None:
                        self._plain(self._value(default))
                return self._inner(_names_of(args), lambda: self._value(body))
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._comprehension(node)
            case ast.Yield(None):
                return _Value()
            case ast.Yield(ast.expr() as value) | ast.YieldFrom(value):
                found = _Value(self._plain(self._value(value)))
                self._results.append(self._under_control(found))
                return found
            case ast.Await():
                raise _Unclear
        parts = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        return _Value(NOTHING.union(*(self._plain(self._value(part)) for part in parts)))

    def _inner(self, names: Iterable[str], value: Callable[[], _Value]) -> _Value:
        outer = self._names
        self._names = {**outer, **dict.fromkeys(names, _Value())}
        try:
            return value()
        finally:
            self._names = outer

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> _Value:
        def value() -> _Value:
            fields: Fields = NOTHING
            for part in node.generators:
                iterated = self._plain(self._value(part.iter))
                self._assign(part.target, _Value(iterated))
                fields = fields.union(iterated, *(self._plain(self._value(test)) for test in part.ifs))
            made = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
            return _Value(fields.union(*(self._plain(self._value(each)) for each in made)))

        return self._inner((), value)

    def _merged(self, keys: list[ast.expr | None], values: list[ast.expr]) -> _Value:
        """`{**state, "score": 80}`: the state with some fields given anew; or an ordinary dict with another in it."""
        given: _Value | None = None
        fields: Fields = NOTHING
        for number, (key, value) in enumerate(zip(keys, values, strict=True)):
            found = self._value(value)
            if key is None and found.state is not None:
                if number:
                    raise _Unclear
                given = found
            elif given is None or given.state is None:
                fields |= self._plain(found) | (NOTHING if key is None else self._plain(self._value(key)))
            elif isinstance(key, ast.Constant) and isinstance(key.value, str):
                given = _Value(state={**given.state, key.value: self._plain(found) | self._control})
            else:
                raise _Unclear
        return given or _Value(fields)

    def _field(self, state: _Value, name: str) -> Fields:
        """What a field of a state depends on: a property on the fields that it reads."""
        written = {**_state_of(state), **(self._own if state.is_own else {})}
        if name in written:
            self.mentioned |= written[name]
            return written[name]
        found = None if self._owner is None else inspect.getattr_static(self._owner, name, None)
        if isinstance(found, property) and found.fget is not None:
            return self._plain(self._called(found.fget, [state], {}))
        if isinstance(found, FunctionType | classmethod | staticmethod):
            raise _Unclear
        self.mentioned.add(name)
        return frozenset({name})

    # Calls.

    def _call(self, node: ast.Call) -> _Value:
        positional = [self._value(each) for each in node.args]
        named = {each.arg or f"**{i}": self._value(each.value) for i, each in enumerate(node.keywords)}
        spread = any(isinstance(each, ast.Starred) for each in node.args) or any(
            each.arg is None for each in node.keywords
        )
        if spread and any(value.state is not None for value in (*positional, *named.values())):
            raise _Unclear
        if isinstance(node.func, ast.Attribute):
            base = self._value(node.func.value)
            if base.state is not None and spread:
                raise _Unclear
            if base.state is not None:
                return self._method(base, node, positional, named)
            callee = self._known(node.func)
            if callee is None:
                fields = base.fields.union(*map(self._plain, (*positional, *named.values())))
                if node.func.attr not in _READING_METHODS:
                    self._change(base.fields, fields)
                return _Value(fields)
            fields = NOTHING
        else:
            callee = self._known(node.func)
            fields = self._plain(self._value(node.func))
        found = self._plain_call(callee, node, positional, named)
        return found if found.state is not None else _Value(found.fields | fields)

    def _method(self, base: _Value, node: ast.Call, positional: list[_Value], named: Mapping[str, _Value]) -> _Value:
        """`self.method(…)`, and what states without methods of their own have."""
        assert isinstance(node.func, ast.Attribute)
        name = node.func.attr
        found = None if self._owner is None else inspect.getattr_static(self._owner, name, None)
        if name == "_replace":
            return self._replaced(base, named)
        if name == "get" and not isinstance(found, FunctionType):
            key = node.args[0] if node.args else None
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                return _Value(self._field(base, key.value).union(*map(self._plain, positional[1:])))
        if isinstance(found, FunctionType):
            return self._called(found, [base, *positional], named)
        if isinstance(found, staticmethod):
            return self._called(found.__func__, positional, named)
        raise _Unclear

    def _plain_call(self, callee: Any, node: ast.Call, positional: list[_Value], named: Mapping[str, _Value]) -> _Value:
        if any(callee is each for each in _UNSEEN):
            raise _Unclear
        values = [*positional, *named.values()]
        if not any(value.state is not None for value in values):
            fields = frozenset[str]().union(*(value.fields for value in values))
            if callee is self._owner and callee is not None:
                return self._made(callee, positional, named)
            if not isinstance(callee, type | BuiltinFunctionType):
                self._change(fields, fields)
            return _Value(fields)
        if callee in REPLACING and positional and positional[0].state is not None:
            return self._replaced(positional[0], named)
        match callee, node.args:
            case builtins.getattr, [_, ast.Constant(str() as name), *_]:
                return _Value(self._field(positional[0], name).union(*map(self._plain, positional[2:])))
            case builtins.setattr, [_, ast.Constant(str() as name), _]:
                self._assign_part(positional[0], name, self._plain(positional[2]))
                return _Value()
            case builtins.isinstance, _:
                return _Value()
        return self._called(callee, positional, named)

    def _called(self, function: Any, positional: list[_Value], named: Mapping[str, _Value]) -> _Value:
        """What another function of the program gives back and changes."""
        owner, writes = self._owner, self._writes
        inner = _Function(function, positional, named, owner, writes, self._calls, self._control, self._own)
        found = inner.returned()
        self.mentioned |= inner.mentioned
        return found

    def _replaced(self, state: _Value, named: Mapping[str, _Value]) -> _Value:
        if any(name.startswith("**") for name in named):
            raise _Unclear
        before = {**_state_of(state), **(self._own if state.is_own else {})}
        return _Value(state=before | {name: self._plain(value) | self._control for name, value in named.items()})

    def _made(self, cls: type, positional: list[_Value], named: Mapping[str, _Value]) -> _Value:
        """A state made anew: a field that is not given depends on nothing."""
        try:
            names = list(inspect.signature(cls).parameters)
        except (ValueError, TypeError):
            raise _Unclear from None
        if len(positional) > len(names) or not named.keys() <= set(names):
            raise _Unclear
        given = dict(zip(names, positional, strict=False)) | dict(named)
        return _Value(state={name: self._plain(given.get(name, _Value())) | self._control for name in names})

    def _known(self, node: ast.expr) -> Any:
        """The object that a name, or a name in a module or class, stands for; None when that is not certain."""
        match node:
            case ast.Name(name) if name not in self._names:
                closure = inspect.getclosurevars(self._function).nonlocals
                for known in (closure, self._function.__globals__, vars(builtins)):
                    if name in known:
                        return known[name]
            case ast.Attribute(base, name):
                found = self._known(base)
                if isinstance(found, ModuleType | type):
                    return getattr(found, name, None)
        return None


def _kwonly(args: ast.arguments) -> list[str]:
    return [each.arg for each in args.kwonlyargs]


def _names_of(args: ast.arguments) -> list[str]:
    return [each.arg for each in (*args.posonlyargs, *args.args, *args.kwonlyargs)]


def _captured(pattern: ast.pattern) -> list[str]:
    """The names that a pattern binds."""
    nodes = ast.walk(pattern)
    return [name for node in nodes for name in (getattr(node, "name", None), getattr(node, "rest", None)) if name]


def _types_in(pattern: ast.pattern) -> list[str] | None:
    """The texts that a pattern matches; none for one that matches everything, None for another pattern."""
    match pattern:
        case ast.MatchValue(ast.Constant(str() as said)):
            return [said]
        case ast.MatchOr(patterns):
            parts = [_types_in(each) for each in patterns]
            return None if None in parts else [said for part in parts for said in part or ()]
        case ast.MatchAs(None, None):
            return []
    return None


def _leaves(body: list[ast.stmt]) -> bool:
    """Whether a statement in here may leave the block early."""
    exits = (ast.Return, ast.Raise, ast.Break, ast.Continue)
    return any(isinstance(node, exits) for statement in body for node in ast.walk(statement))

"""What a function says of itself: its name, its help with the examples in it, and what it is told, each parameter with
its type, choices, bounds, and how it is written. Commands are made of it in the edge.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, Literal

import msgspec

from whence.errors import InvalidInput, InvalidModel

OWN_PARAMETERS = {
    "by": "who decides",
    "time": "when it happened",
    "cause": "the event that led to it",
    "correlation": "what groups it with others",
    "key": "makes a retry safe",
    "at": "the moment asked about",
    "clock": "the clock of that moment",
    "store": "the store",
    "zone": "the time zone",
    "entity": "which entity it is about",
    "json": "the answer as JSON",
    "csv": "the answer as CSV",
    "as_json": "the answer as JSON",
    "as_csv": "the answer as CSV",
    "help": "what a command does",
}
"""Names that every command of a pack has already, so that no decision and no table uses one for its own."""

VALUES = (str, int, float, bool, Decimal, date, datetime)
"""What a parameter may be: one of these, or a Literal of texts; a list of them; or None, or something else, too. Of a
whole number `msgspec.Meta(ge=1, le=9)` may say the least and the most: for decisions and tables also from Python, for a
pack's own commands on the command line."""


_TAKEN: dict[type, tuple[type, ...]] = {
    int: (int, float, Decimal),
    float: (int, float, Decimal),
    Decimal: (Decimal, int),
    date: (date,),
    datetime: (datetime,),
}
"""What is taken from Python for a parameter of a type; for the others whatever is given."""
_EXAMPLES = {int: "5", float: "12.5", Decimal: 'Decimal("12.50")', date: "date(2026, 4, 1)"} | {
    datetime: "datetime(2026, 4, 1, 9, tzinfo=UTC)"
}

Share = Annotated[float, "a share of a whole"]
"""The type of a row's field that is shown in per cent."""


class Written(msgspec.Struct, frozen=True):
    """How a parameter is written on the command line where its name and type do not say it, as a mark of its type: the
    option, and the word for its value. `Annotated[list[str], Written("--touch", "STEP"), "what may have helped"]`."""

    option: str = ""
    value: str = ""


class Parameter(msgspec.Struct, frozen=True):
    """What a decision or table is told beside the entity: its type, and its default where it need not be told."""

    name: str
    type: Any
    choices: tuple[str, ...] = ()
    is_many: bool = False
    is_positional: bool = False
    is_required: bool = True
    default: Any = None
    meaning: str = ""
    written: Written = Written()
    least: int | None = None
    most: int | None = None
    taken: tuple[type, ...] = (object,)

    def check(self, of: str, told: Any) -> None:
        """Raises InvalidInput for another type, such as the text of a day, and for a number beyond the bounds."""
        bounds = {"least": self.least, "most": self.most}
        for value in told if self.is_many and told is not None else (told,):
            if value is None:
                continue
            if not isinstance(value, self.taken):
                told_of = {"of": of, "parameter": self.name, "value": repr(value)[:80], "type": type(value).__name__}
                remedy = f"Give a {self.type.__name__}: {_EXAMPLES[self.type]}."
                raise InvalidInput("An argument is of another type", **told_of, remedy=remedy)
            if (self.least is not None and value < self.least) or (self.most is not None and value > self.most):
                facts = {"of": of, "parameter": self.name, "value": value, **bounds}
                said = {name: fact for name, fact in facts.items() if fact is not None}
                raise InvalidInput("A number is beyond its bounds", **said, remedy="Give one within them.")


def name_of(function: Callable[..., Any]) -> str:
    return function.__name__.strip("_").replace("_", "-")


def help_of(function: Callable[..., Any]) -> tuple[str, tuple[str, ...]]:
    """What a docstring says, and the examples among it: the lines that begin with `$ `."""
    lines = (inspect.getdoc(function) or "").splitlines()
    examples = tuple(line.strip()[2:] for line in lines if line.strip().startswith("$ "))
    return "\n".join(line for line in lines if not line.strip().startswith("$ ")).strip(), examples


def hints_of(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function, include_extras=True)
    except NameError as problem:
        remedy = "Import it where the function stands, not under TYPE_CHECKING."
        raise InvalidModel("A type is not known", function=function.__name__, problem=problem, remedy=remedy) from None


def parameters_of(function: Callable[..., Any]) -> list[inspect.Parameter]:
    found = list(inspect.signature(function).parameters.values())
    if not found:
        raise InvalidModel("A decision or table is told something", function=function.__name__)
    return found


def told_by(name: str, parameters: Iterable[inspect.Parameter], hints: Mapping[str, Any]) -> tuple[Parameter, ...]:
    return tuple(_parameter(name, each, hints.get(each.name, str)) for each in parameters)


def _parameter(of: str, parameter: inspect.Parameter, hint: Any) -> Parameter:
    name = parameter.name
    if name in OWN_PARAMETERS:
        raise InvalidModel(
            "This name has a meaning already",
            function=of,
            parameter=name,
            meaning=OWN_PARAMETERS[name],
            remedy="Use another.",
        )
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        raise InvalidModel("Each parameter has a name", function=of, parameter=name, remedy="Write them one by one.")
    marks: list[Any] = []
    if typing.get_origin(hint) is Annotated:
        hint, *marks = typing.get_args(hint)
    (hint, *others) = _types_of(hint)
    is_many = typing.get_origin(hint) in (list, tuple, Sequence)
    if is_many:
        (hint, *more) = _types_of(next(iter(typing.get_args(hint)), str))
        others += more
    choices = tuple(typing.get_args(hint)) if typing.get_origin(hint) is Literal else ()
    base = str if choices else hint
    if base not in VALUES or not all(isinstance(each, str) for each in choices):
        remedy = "Use str, int, float, bool, Decimal, date, datetime, a Literal of texts, or a list of one."
        raise InvalidModel("A parameter cannot be typed", function=of, parameter=name, type=hint, remedy=remedy)
    is_required = parameter.default is parameter.empty
    bounds = next((mark for mark in marks if isinstance(mark, msgspec.Meta)), msgspec.Meta())
    if bounds != (msgspec.Meta(ge=bounds.ge, le=bounds.le) if base is int else msgspec.Meta()):
        remedy = "Say only ge and le, and only of an int; check anything else in the function."
        raise InvalidModel("This bound is not checked", function=of, parameter=name, bound=bounds, remedy=remedy)
    return Parameter(
        name,
        base,
        choices,
        is_many,
        is_positional=parameter.kind is not parameter.KEYWORD_ONLY,
        is_required=is_required,
        default=None if is_required else parameter.default,
        meaning=next((mark for mark in marks if isinstance(mark, str)), ""),
        written=next((mark for mark in marks if isinstance(mark, Written)), Written()),
        least=None if bounds.ge is None else int(bounds.ge),
        most=None if bounds.le is None else int(bounds.le),
        taken=(object,) if others else _TAKEN.get(base, (object,)),
    )


def _types_of(hint: Any) -> list[Any]:
    """The types of a hint, None aside; the first is what is typed on the command line."""
    if typing.get_origin(hint) not in (typing.Union, UnionType):
        return [hint]
    return [each for each in typing.get_args(hint) if each is not NoneType] or [str]

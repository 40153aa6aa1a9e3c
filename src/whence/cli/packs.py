"""`whence packs`, and the commands of each pack that is installed: its decisions and tables as `whence NAME COMMAND`,
made from what they are told, and the further commands that it brings itself."""

from __future__ import annotations

import importlib
import inspect
import math
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from traceback import walk_tb
from types import UnionType
from typing import TYPE_CHECKING, Any

import msgspec
import rich_click as click
from click.exceptions import Exit

from whence import duration
from whence.cell import told_apart
from whence.cli import exits, screen
from whence.cli.command import (
    Option,
    as_form,
    at_moment,
    at_store,
    by_actor,
    command,
    form_of,
    grouped,
    happened_at,
    in_zone,
    opened,
    option,
    times_in,
    under_key,
)
from whence.cli.screen import Column
from whence.errors import InvalidConfig, InvalidModel, WhenceError

if TYPE_CHECKING:
    from whence.decide import Decided
    from whence.pack import Act, Decision, Pack, Table
    from whence.signature import Parameter

recorded_by = grouped(
    by_actor(help="Who decides."),
    happened_at,
    under_key,
    option("--cause", metavar="ID|@POSITION", help="The event that led to it: its id, or @120."),
    option("--correlation", metavar="TEXT", help="What groups it with others."),
)
NUMBERS = (int, float, Decimal)
DECIMALS, LARGE = 3, 1000
DIGITS_MAX = 40
"""So many digits before the point, and as many behind it, has a number that is not a mistake."""


@cache
def names() -> tuple[str, ...]:
    """The names of the packs that are installed."""
    from whence.pack import installed

    return tuple(installed())


class PackGroup(click.RichGroup):
    """The commands of a pack: imported when they are asked for."""

    def __init__(self, name: str) -> None:
        from whence.pack import load

        try:
            self.pack: Pack | None = load(name)
            self.problem: WhenceError | None = None
        except (InvalidConfig, InvalidModel) as problem:  # one that is broken spoils no other command
            self.pack, self.problem = None, problem
        title = self.pack.title if self.pack else f"cannot be loaded: {self.problem}"
        super().__init__(name=name, short_help=title.split(":")[0] if self.pack else title, help=title)
        if self.pack is not None:
            for each in _commands(self.pack):
                self.add_command(each)

    def invoke(self, ctx: click.Context) -> Any:
        if self.problem is not None:
            raise self.problem
        return super().invoke(ctx)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if self.problem is not None:
            raise self.problem
        return super().parse_args(ctx, args)


@cache
def group(name: str) -> PackGroup:
    """The commands of a pack."""
    return PackGroup(name)


def _commands(pack: Pack) -> Iterator[click.Command]:
    for decision in pack.decisions:
        yield _decision_command(pack, decision)
    for table in pack.tables:
        yield _table_command(pack, table)
    for each in (pack, *pack.extensions):
        if each.commands:
            module, _, attribute = each.commands.partition(":")
            yield from getattr(importlib.import_module(module), attribute or "COMMANDS")


def act_command(
    pack: str, act: Act, run: Callable[..., int], *options: Any, refuse: Callable[..., None] | None = None
) -> click.Command:
    """A command of a pack's own: what the function is told becomes its arguments and options, before the `options` that
    it has besides. `run` is given the open store, the form of the answer, and all of them by name; before a store is
    opened `refuse` is told them, as they were typed, and raises for what does not go together."""

    def opening(store: str | None, zone: str | None, as_json: bool = False, as_csv: bool = False, **told: Any) -> int:
        form = form_of(as_json, as_csv)
        if refuse is not None:
            refuse(**told)
        with opened(store, zone=zone) as db:
            given = _given(act.parameters, told, db.config.zone)
            with _blamed(pack, act.name, run):
                return run(db, form, **{**told, **given})

    parameters = [_click(each) for each in sorted(act.parameters, key=lambda each: not each.is_positional)]
    made = click.RichCommand(name=act.name, params=parameters, callback=opening)
    return _finished(made, pack, act, grouped(*options, at_store, in_zone))


def pack_command(pack: str, *options: Any) -> Callable[[Callable[..., int]], click.Command]:
    """Make a function that is told the open store and the form of the answer a command of a pack, as `act_command`
    does."""
    from whence.pack import Act

    return lambda function: act_command(pack, Act(function, first=2), function, *options)


# A decision as a command.


def _decision_command(pack: Pack, decision: Decision) -> click.Command:
    def run(
        entity: str,
        by: str | None,
        time: str | None,
        key: str | None,
        cause: str | None,
        correlation: str | None,
        store: str | None,
        zone: str | None,
        as_json: bool,
        as_csv: bool,
        **told: Any,
    ) -> int:
        from whence.moments import span_of

        form = form_of(as_json, as_csv)
        with opened(store, zone=zone) as db:
            given = _given(decision.parameters, told, db.config.zone)
            positional = [given.pop(each.name) for each in decision.parameters if each.is_positional]
            when = None if time is None else span_of(time, zone=db.config.zone).first_us
            if cause is not None and cause.startswith("@"):
                cause = db.event(cause).id
            given |= {"by": by, "time": when, "cause": cause, "correlation": correlation, "key": key}
            with _blamed(pack.name, decision.name, decision.function):
                done = db.decide(decision, entity, *positional, **given)
            show_decided(done, form)
        return exits.OK

    entity = click.Argument(["entity"], metavar=decision.kind.upper())
    parameters = [entity, *map(_click, sorted(decision.parameters, key=lambda each: not each.is_positional))]
    made = click.RichCommand(name=decision.name, params=parameters, callback=run)
    return _finished(made, pack.name, decision, grouped(recorded_by, at_store, in_zone, as_form))


def show_decided(done: Decided, form: screen.Form) -> None:
    if form != "screen":
        columns = [Column(name) for name in ("position", "type", "tags", "data")]
        rows = zip(done.positions, done.events, strict=True)
        screen.table(columns, [(position, each.type, each.tags, each.data) for position, each in rows], form)
        return
    if not done.events:
        screen.note("Nothing is to happen: no event was appended.")
    for position, event in zip(done.positions, done.events, strict=True):
        data = event.data if isinstance(event.data, dict) else {"data": event.data}
        said = "  ".join(screen.pair(key, value) for key, value in data.items() if value is not None)
        screen.styled(f"@{position}  {event.type}  {said}", "yellow")
    if done.events and not done.attempts:
        screen.note("It was there already, under this key.")


# A table as a command.


def _table_command(pack: Pack, table: Table) -> click.Command:
    def run(
        at: str | None, clock: str, store: str | None, zone: str | None, as_json: bool, as_csv: bool, **told: Any
    ) -> int:
        form = form_of(as_json, as_csv)
        with opened(store, zone=zone) as db:
            given = _given(table.parameters, told, db.config.zone)
            with _blamed(pack.name, table.name, table.function):
                rows = db.table(table, at=at, clock=clock, **given)
            count = show_rows(table.row, rows, form, db.config.zone, caption=times_in(db.config.zone, clock))
            if not count and form == "screen":
                screen.note("Nothing is in it.")
        return exits.OK

    made = click.RichCommand(name=table.name, params=[_click(each) for each in table.parameters], callback=run)
    return _finished(made, pack.name, table, grouped(at_moment, at_store, in_zone, as_form))


def show_rows(
    row: type[msgspec.Struct], rows: Iterable[Any], form: screen.Form, zone: tzinfo, *, caption: str = ""
) -> int:
    """Print rows that are structs of one class, a field a column, and say how many there are."""
    return screen.table(columns_of(row, form), map(cells_of(row, form, zone), rows), form, caption=caption)


def columns_of(row: type[msgspec.Struct], form: screen.Form) -> list[Column]:
    """The columns of structs of a class, named as their fields; numbers stand to the right, moments are not broken."""
    return [
        Column(
            each.name.removesuffix("_s") if form == "screen" and each.name.endswith("_s") else each.encode_name,
            "cyan" if number == 0 else "blue" if each.name.endswith("_us") else "",
            right=any(part in NUMBERS for part in _types(each.type)) and not each.name.endswith("_us"),
            least=19 if each.name.endswith("_us") else 8,
        )
        for number, each in enumerate(msgspec.structs.fields(row))
    ]


def cells_of(row: type[msgspec.Struct], form: screen.Form, zone: tzinfo) -> Callable[[Any], list[Any]]:
    """What stands in the columns for a struct. The end of a field's name says its unit, `_us` a moment in microseconds
    and `_s` a span of seconds; its type may say that it is a Share."""
    from whence.pack import Share

    fields = [(each.name, Share in _types(each.type), each.type is Any) for each in msgspec.structs.fields(row)]
    return lambda one: [
        _given_value(getattr(one, name), form)
        if is_given and name != "data"
        else _shown(name, is_share, getattr(one, name), zone, form)
        for name, is_share, is_given in fields
    ]


def _given_value(value: Any, form: screen.Form) -> Any:
    """A value of any type, as somebody gave it: 1.0 is another than 1, and the text 1 is a third."""
    plain = msgspec.to_builtins(value, str_keys=True)
    return plain if form != "screen" or plain is None else told_apart(plain)


def _types(hint: Any) -> Sequence[Any]:
    """The type, or those of which it is one; the bare ones beside."""
    parts = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, UnionType) else (hint,)
    return [*parts, *(typing.get_args(part)[0] for part in parts if typing.get_origin(part) is typing.Annotated)]


def _shown(name: str, is_share: bool, value: Any, zone: tzinfo, form: screen.Form) -> Any:
    """A value of a row as it is printed: times in the zone, decimals as they are written."""
    from whence.clock import to_iso, to_us
    from whence.moments import second_of, text_of

    match value:
        case None:
            return None
        case int() if name.endswith("_us"):
            return second_of(value, zone) if form == "screen" else to_iso(value)
        case int() | float() if name.endswith("_s") and form == "screen":
            return duration.text_of(value * duration.SECOND_US)
        case float() if form == "screen" and is_share:
            return f"{value:.1%}"
        case datetime():
            return text_of(to_us(value), zone) if form == "screen" else to_iso(to_us(value))
        case Decimal():
            return f"{value:f}"
        case date():
            return str(value)
        case float() if form == "screen":
            return _number(value)
        case int() if form == "screen" and not isinstance(value, bool) and name not in ("position", "number"):
            return f"{value:,}"
        case dict() if form == "screen" and name == "data":
            return "  ".join(screen.pair(key, each) for key, each in value.items())
        case str() | int() | float():
            return value
    return msgspec.to_builtins(value, str_keys=True)


def _number(value: float) -> str:
    """A number to read: three decimals where they say it or it is large, else six figures. What is left of a sum of
    binary fractions is not shown, and nothing is -0."""
    rounded = round(value, DECIMALS) + 0.0
    if abs(value - rounded) < 1e-9 or abs(value) >= LARGE:
        return f"{rounded:,.{DECIMALS}f}".rstrip("0").rstrip(".")
    return f"{value:.6g}"


# What they share.


@contextmanager
def _blamed(pack: str, name: str, function: Callable[..., Any]) -> Iterator[None]:
    """Whatever the function of a pack's command raises is said with its place; what goes wrong elsewhere goes on as it
    is, as does what ends a command: a wrong use, and output that nobody reads any more."""
    try:
        yield
    except (WhenceError, click.ClickException, click.Abort, Exit):
        raise
    except Exception as problem:
        if screen.is_of_output(problem):
            raise
        code = function.__code__
        frames = list(walk_tb(problem.__traceback__))
        if not any(frame.f_code is code for frame, _ in frames):
            raise
        line = next(line for frame, line in reversed(frames) if frame.f_code.co_filename == code.co_filename)
        facts = {"command": f"whence {pack} {name}", "place": f"{Path(code.co_filename).name}:{line}"}
        said = f"{type(problem).__name__}: {problem}"
        raise InvalidModel("The pack fails", **facts, problem=said, remedy="Mend the pack there.") from problem


def _needed(made: click.Command) -> Iterator[str]:
    """What a command cannot do without, as it is written."""
    for each in made.params:
        if each.required and isinstance(each, click.Argument):
            yield each.metavar or str(each.name).upper()
        elif each.required:
            yield f"{each.opts[0]} {str(each.name).upper()}"


def _finished(
    made: click.Command, pack: str, of: Act | Decision | Table, options: Callable[[Any], Any]
) -> click.Command:
    """The command with the options that it shares with others, its help and its examples."""
    holder: Any = options(lambda: None)
    made.params += reversed(getattr(holder, "__click_params__", []))
    examples = of.examples or (" ".join(["whence", pack, of.name, *_needed(made)]),)
    shown = "\n".join(f"$ {example}" for example in examples)
    made.help = f"\b\n{shown}\n\n{of.help}"
    made.short_help = _first(of.help)
    made.examples = examples  # type: ignore[attr-defined]
    if made.callback is not None:
        made.callback.__doc__ = of.help
    return made


def _first(text: str) -> str:
    """The first paragraph, in one line."""
    return text.partition("\n\n")[0].replace("\n", " ")


def _click(parameter: Parameter) -> click.Parameter:
    kind: Any = click.Choice(parameter.choices) if parameter.choices else _TYPES.get(parameter.type, click.STRING)
    if (parameter.least, parameter.most) != (None, None):
        kind = click.IntRange(parameter.least, parameter.most)
    if _is_argument(parameter):
        name = _written(parameter) + ("..." if parameter.is_many else "")
        return click.Argument(
            [parameter.name],
            metavar=name if parameter.is_required else f"[{name}]",
            type=kind,
            nargs=-1 if parameter.is_many else 1,
            required=parameter.is_required,
            **_default(parameter),
        )
    flag = parameter.type is bool
    return Option(
        [_written(parameter), parameter.name],
        type=None if flag else kind,
        is_flag=flag or None,  # told False, click takes no value that begins with - where there is no default
        multiple=parameter.is_many,
        required=parameter.is_required and not flag,
        **_default(parameter),
        metavar=None if flag or parameter.choices else parameter.written.value or _METAVARS.get(parameter.type, "TEXT"),
        help=_sentence(parameter.meaning or parameter.name.replace("_", " ")),
        show_envvar=True,
        show_default=parameter.default not in (None, False, (), ""),
    )


def _written(parameter: Parameter) -> str:
    """A parameter as it is written on the command line."""
    if _is_argument(parameter):
        choices = "|".join(parameter.choices)
        return parameter.written.value or (f"{{{choices}}}" if choices else parameter.name.upper())
    return parameter.written.option or f"--{parameter.name.strip('_').replace('_', '-')}"


def _is_argument(parameter: Parameter) -> bool:
    return parameter.is_positional and not parameter.written.option


def _default(parameter: Parameter) -> dict[str, Any]:
    """The default, as click is told it. What is required has none: click takes even None for one, and then asks for
    nothing."""
    if parameter.type is bool:
        return {"default": bool(parameter.default)}
    if parameter.is_required:
        return {}
    return {"default": parameter.default or () if parameter.is_many else parameter.default}


_TYPES = {int: click.INT, float: click.FLOAT, str: click.STRING}
_METAVARS = {int: "NUMBER", float: "NUMBER", Decimal: "NUMBER", date: "DAY", datetime: "TIME"}


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?")) else ".")


def _given(parameters: Sequence[Parameter], told: Mapping[str, Any], zone: tzinfo) -> dict[str, Any]:
    """What the command line says, as the values that the function is told."""
    return {each.name: _value(each, told[each.name], zone) for each in parameters}


def _value(parameter: Parameter, said: Any, zone: tzinfo) -> Any:
    if said is None:
        return None
    if parameter.is_many:
        return [_one(parameter, each, zone) for each in said]
    return _one(parameter, said, zone)


def _one(parameter: Parameter, said: Any, zone: tzinfo) -> Any:
    from whence.clock import to_datetime
    from whence.moments import span_of

    if isinstance(said, float) and not math.isfinite(said):
        raise click.BadParameter(f"{said} is not a number; write 12.5.", param_hint=_written(parameter))
    if not isinstance(said, str):
        return said
    if parameter.type is Decimal:
        try:
            number = Decimal(said)
        except InvalidOperation:
            number = Decimal("nan")
        if not number.is_finite() or not -DIGITS_MAX <= number.as_tuple().exponent <= number.adjusted() <= DIGITS_MAX:  # type: ignore[operator]
            raise click.BadParameter(f"{said!r} is not a number; write 12.50.", param_hint=_written(parameter))
        return number
    if parameter.type in (date, datetime):
        span = span_of(said, zone=zone)
        moment = to_datetime(span.last_us if parameter.name == "until" else span.first_us).astimezone(zone)
        return moment if parameter.type is datetime else moment.date()
    return said


# The packs themselves.


@command("packs", "whence packs", brief="The ready domains that are installed.")
@click.argument("name", required=False)
@as_form
def packs(name: str | None, as_json: bool, as_csv: bool) -> int:
    """Lists the packs that are installed. With a NAME it shows what is in one: the events, the states, the decisions
    and tables with their commands, and the scenarios, each of them checked as it is shown. Ends with 1
    where a scenario does not hold."""
    from whence.pack import load

    form = form_of(as_json, as_csv)
    if name is None:
        found = [(each, group(each)) for each in names()]
        rows = [(each, made.pack.title if made.pack else f"cannot be loaded: {made.problem}") for each, made in found]
        screen.table([Column("pack", "cyan"), Column("what")], rows, form)
        return exits.OK
    pack = load(name)
    rows_of_one = [
        *(("event", each, "") for each in pack.events),
        *(("state", each.kind, _first(inspect.getdoc(each) or "")) for each in pack.states),  # type: ignore[attr-defined]
        *(("decision", f"whence {name} {each.name}", _first(each.help)) for each in pack.decisions),
        *(("table", f"whence {name} {each.name}", _first(each.help)) for each in pack.tables),
    ]
    problems = [(each.title, each.problem()) for each in pack.scenarios]
    rows_of_one += [("scenario", title, problem or "holds") for title, problem in problems]
    screen.table([Column("part", "cyan"), Column("name"), Column("what")], rows_of_one, form)
    return exits.NO if any(problem for _, problem in problems) else exits.OK


COMMANDS = (packs,)

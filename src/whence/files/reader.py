"""A mapping made ready for the rows of one file: from the cells of a line, or a JSON object, to the encoded event. What
a mapping says is left to mapping, reading rows to rows, appending to importer.

An import is as quick as this is: what cells become is kept for when they come again, and no `Event` is made in between.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from functools import lru_cache, partial
from itertools import islice
from operator import itemgetter
from typing import Any

import msgspec

from whence import jsonvalue
from whence.clock import EARLIEST_US, EPOCH, LATEST_US, MICROSECOND, is_finer, parse_iso
from whence.errors import InvalidConfig, InvalidEvent, InvalidTime, near
from whence.events import CERTAINLY_SMALL, Row, check_size, normal_text
from whence.files.mapping import Field, Mapping
from whence.grammar import id_to_raw, normal_tags, normal_type
from whence.jsonvalue import INTEGER_MAX, exact

_DATE = re.compile(r"\d{4}-|\d{8}([T ]|$)", re.ASCII)
_COMMONEST = re.compile(
    r"((?!0001|9999)\d{4}-\d\d-\d\d[T ](?!24)\d\d)(:\d\d:\d\d)((?:\.\d{1,3})?(?:Z|[+-]\d\d:\d\d))", re.ASCII
)
_COUNT = re.compile(r"\d{9,}(\.\d+)?", re.ASCII)
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?", re.ASCII)
_GROUPED = re.compile(r"(-?[1-9]\d{0,2})((?P<by>[. \u00a0\u2009\u202f'\u2019])\d{3}(?:(?P=by)\d{3})*)(?!\d)", re.ASCII)
_CURRENCY = (
    r"(?:[$£¥₩₪₫€₱₴₸₹₺₽]|AED|AUD|BGN|BRL|CAD|CHF|CLP|CNY|CZK|DKK|EUR|GBP|HKD|HUF|IDR|ILS|INR|ISK|JPY|KRW|MXN|MYR|NOK"
    r"|NZD|PHP|PLN|RON|RSD|RUB|SAR|SEK|SGD|THB|TRY|TWD|UAH|USD|VND|ZAR)"
)
"""Only these: 5 MIO is not 5, nor is 50 ¢ half a hundred."""
MONEY_CHARACTERS_MAX = 100  # a cell that is no amount may be long, and is not worth the search
_MONEY = re.compile(rf"(-?){_CURRENCY}\s*(.+)|(.+?)\s*{_CURRENCY}")
_DELIMITERS = {";": ";", "\t": "\\t", "|": "|", ",": ","}
"""What separates columns where a comma does not, and how it is written in TOML."""
_OTHER = re.compile(r"[\s-]+")

Getter = Callable[[Any], Any]
"""From a row (the cells of a line, or a JSON object) to one value of it."""
Pick = Callable[[Sequence[str]], Getter]
"""From the names of columns to what picks their cells: the text of one, or a tuple of those of several or none."""
Moment = tuple[int, dict[str, Any] | None]
"""A time in microseconds UTC, and what meta keeps of its text."""
KNOWN_MAX = 4096


class Known(dict[Any, Any]):
    """What a function makes of cells, by these; kept for some thousand of them, for the same ones come again and again.

    The cells are a text, or a tuple of several.
    """

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self._make = make

    def __missing__(self, cells: Any) -> Any:
        made = self._make(cells)
        if len(self) >= KNOWN_MAX:
            self.clear()
        self[cells] = made
        return made


class Moments(Known):
    """What texts mean as moments. One in the commonest form, 2026-01-05T09:30:00.125+01:00, is the sum of its hour, the
    minutes and seconds in it, and the rest: each comes again and again where whole times do not."""

    def __init__(self, make: Callable[[str], Moment]) -> None:
        super().__init__(make)
        self._hours: dict[str, int] = {}
        self._minutes: dict[str, int] = {}
        self._rests: dict[str, int] = {}

    def __missing__(self, text: str) -> Moment:
        rest = self._rests.get(text[19:])
        if rest is not None:
            hour, minute = self._hours.get(text[:13]), self._minutes.get(text[13:19])
            if hour is not None and minute is not None:
                return hour + minute + rest, None
        if parts := _COMMONEST.fullmatch(text):
            return self._sum(self._make(text), *parts.groups())
        return super().__missing__(text)  # type: ignore[no-any-return]

    def _sum(self, whole: Moment, hour: str, minute: str, rest: str) -> Moment:
        """The moment itself, its parts remembered. Once a text is one, so is any other made of such parts."""
        for parts in (self._hours, self._rests):
            if len(parts) >= KNOWN_MAX:
                parts.clear()
        self._hours[hour] = (datetime.fromisoformat(f"{hour}:00:00Z") - EPOCH) // MICROSECOND
        self._minutes[minute] = (60 * int(minute[1:3]) + int(minute[4:])) * 1_000_000
        self._rests[rest] = whole[0] - self._hours[hour] - self._minutes[minute]
        return whole


class Part(msgspec.Struct, frozen=True):
    """A part of an event: `cells` picks from a row what it is made of, and `made` has what that becomes."""

    cells: Getter
    made: Known

    @classmethod
    def of(cls, pick: Pick, make: Callable[..., Any], *fields: Field, known: type[Known] = Known) -> Part:
        """The part that `make` makes of the texts of some fields; `known` is of the texts of a column."""
        names = [name for field in fields for name in field.columns]

        def of_texts(cells: Any) -> Any:
            left = iter((cells,) if len(names) == 1 else cells)
            return make(*[field.text(list(islice(left, len(field.columns)))) for field in fields])

        is_bare = len(fields) == 1 and fields[0].texts == ("", "")
        return cls(pick(names), known(make) if is_bare else Known(of_texts))


class Reader(msgspec.Struct, frozen=True):
    """A mapping made ready for rows of one shape: `encoded` is what one row becomes, `meta` added to.

    Raises InvalidEvent and InvalidTime naming the column, for the row to be refused.
    """

    type: Part
    tags: Part
    data: Getter
    time: Part | None
    recorded: Part | None
    id: Part | None
    actor: Part | None
    cause: Part | None

    def encoded(self, row: Any, id: bytes | None, correlation: str | None, meta: dict[str, Any] | None = None) -> Row:
        type, kept, meta_text = self.type.made[self.type.cells(row)]
        time_us, note = (None, None) if self.time is None else self.time.made[self.time.cells(row)]
        if note is not None or meta is not None:
            meta_text = jsonvalue.encode({**(meta or {}), **(kept or {}), **(note or {})}).decode()
        raw_id: bytes | str | None = id if self.id is None else self.id.made[self.id.cells(row)]
        data = self.data(row)
        tags, tags_text = self.tags.made[self.tags.cells(row)]
        raw_cause = None if self.cause is None else self.cause.made[self.cause.cells(row)]
        actor = None if self.actor is None else self.actor.made[self.actor.cells(row)]
        raw_data = jsonvalue.encode(data).decode()
        if len(raw_data) + len(meta_text or "") > CERTAINLY_SMALL:
            check_size(raw_data, meta_text)
        return Row(raw_id, type, 1, None, tags_text, raw_data, time_us, actor, raw_cause, correlation, meta_text, tags)

    def when_recorded(self, row: Any) -> Moment:
        """When a row was recorded elsewhere, in microseconds, and what meta keeps of it."""
        assert self.recorded is not None
        return self.recorded.made[self.recorded.cells(row)]  # type: ignore[no-any-return]


def refuse_twice(header: Sequence[str], columns: Iterable[str], **about: str) -> None:
    """Raise InvalidConfig for columns whose name the header has twice."""
    twice = sorted({name for name in columns if list(header).count(name) > 1})
    if twice:
        remedy = "Give each column a name of its own, or name them all with columns = [...]."
        raise InvalidConfig("A column's name comes twice", **about, column=", ".join(map(repr, twice)), remedy=remedy)


def csv_reader(mapping: Mapping, header: Sequence[str]) -> Reader:
    """The reader of rows that are lists of cells under this header. Raises InvalidConfig for an absent column."""
    refuse_twice(header, header)
    place = {name: number for number, name in enumerate(header)}
    for name, key in mapping.named().items():
        if name not in place:
            fixed = "" if key in ("data", "numbers") else f'For fixed text write {{ value = "{name}" }}. '
            remedy = other_delimiter(header, mapping.delimiter) or near(
                name, header, 3, listed=f"{fixed}The columns are"
            )
            raise InvalidConfig("No such column", mapping=mapping.name, key=key, column=name, remedy=remedy)

    def pick(names: Sequence[str]) -> Getter:
        return itemgetter(*[place[name] for name in names]) if names else _no_cells

    decimal = mapping.decimal
    if isinstance(mapping.data, str):
        return _reader(mapping, pick, _value(mapping, mapping.data, pick([mapping.data])))
    used = mapping.used()
    chosen = mapping.data if mapping.data is not None else [name for name in header if name not in used]
    numbers = [name for name in chosen if name in mapping.numbers]
    names = [name for name in chosen if name not in mapping.numbers] + numbers
    cells_of = pick(names) if len(names) > 1 else lambda row: [row[place[name]] for name in names]

    def data(row: list[str]) -> dict[str, Any]:
        cells = cells_of(row)
        value: dict[str, Any] = dict(zip(names, cells))  # noqa: B905 - as many, and strict is slower
        if "" in cells:
            value = {name: cell for name, cell in value.items() if cell}
        for name in numbers:
            if name in value:
                value[name] = number(name, value[name], decimal)
        return value

    return _reader(mapping, pick, data)


def json_reader(mapping: Mapping) -> Reader:
    """The reader of rows that are JSON objects; a column that a row lacks is empty."""

    def pick(names: Sequence[str]) -> Getter:
        if len(names) == 1:
            (name,) = names
            return lambda row: _as_text(name, _inner(row, name))
        return lambda row: tuple([_as_text(name, _inner(row, name)) for name in names])

    used, chosen = mapping.used(), mapping.data

    def rest(row: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in row.items() if name not in used}

    def some(row: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name in chosen or () if (value := _inner(row, name)) is not None}

    def whole(row: dict[str, Any]) -> Any:
        return _inner(row, str(chosen))

    return _reader(mapping, pick, rest if chosen is None else whole if isinstance(chosen, str) else some)


def moment(mapping: Mapping, key: str, text: str) -> Moment:
    """The moment that a cell means. Raises InvalidTime naming the column."""
    try:
        time = _datetime_of(mapping, text)
        note = {key: text} if is_finer(text) else None
        if time.tzinfo is None:
            time, came_twice = _placed(mapping.zone, time)
            if came_twice:
                note = {**(note or {}), "ambiguous_time": text}
        us = (time - EPOCH) // MICROSECOND
        if EARLIEST_US <= us <= LATEST_US:
            return us, note
        problem = _no_year()
    except OverflowError:
        problem = _no_year()
    except InvalidTime as refused:
        problem = refused
    facts = {"column": _of(getattr(mapping, key)), "value": text, **problem.facts}
    raise InvalidTime(problem.fact, remedy=problem.remedy, **facts)


def _no_year() -> InvalidTime:
    return InvalidTime("Not between the years 1 and 9999 in UTC")


def _placed(zone: tzinfo | None, time: datetime) -> tuple[datetime, bool]:
    """A local time in its zone, and whether it came twice; then it is the first. Raises InvalidTime."""
    if zone is None:
        remedy = 'Name one in the mapping: zone = "Europe/Berlin", or zone = "UTC".'
        raise InvalidTime("A time needs a zone", remedy=remedy)
    local = time.replace(tzinfo=zone)
    if zone is UTC or local.utcoffset() == local.replace(fold=1).utcoffset():
        return local, False
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != time:
        raise InvalidTime("No such local time", zone=zone, remedy="The clock was put forward over it: correct it.")
    return local, True


def _datetime_of(mapping: Mapping, text: str) -> datetime:
    """The datetime that a text means, without a zone where it names none. Raises InvalidTime."""
    if not text:
        raise InvalidTime("An empty time", remedy="Fill it in, or take the row out.")
    if not mapping.time_format:
        if text[4:5] != "-" and not _DATE.match(text.strip()):
            raise _no_date(text)
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return parse_iso(text)
    for form in mapping.time_format:
        try:
            return datetime.strptime(text.strip(), form)
        except ValueError:
            continue
    remedy = "Correct it, or add its form to time_format."
    raise InvalidTime("Not a time", value=repr(text[:80]), time_format=", ".join(mapping.time_format), remedy=remedy)


def _no_date(text: str) -> InvalidTime:
    if _COUNT.fullmatch(text.strip()):
        remedy = "Seconds or milliseconds since 1970 are no date: write it as 2026-01-05T09:00:00Z, or say time_format."
    else:
        form = "%d.%m.%Y %H:%M" if ":" in text else "%d.%m.%Y"
        remedy = f'Say in the mapping how it is written: time_format = "{form}".'
    return InvalidTime("Not a time in ISO 8601", value=repr(text[:80]), remedy=remedy)


@lru_cache(4096)  # the same amounts come again and again
def number(column: str, text: str, decimal: str = ".") -> int | float:
    """The JSON number that a cell means exactly, a currency left out; with `decimal=","` the comma is its decimal sign
    and groups of three digits may stand apart. Raises InvalidEvent when it is none, or would lose digits."""
    said = _plain(text.strip(), decimal)
    found = None if said is None else _NUMBER.fullmatch(said)
    if said is None or not found:
        raise InvalidEvent("Not a number", column=column, value=repr(text[:80]), remedy=_REMEDIES[decimal])
    try:
        if found[2] or found[3]:
            return exact(said)
        if len(said) < 20 and abs(whole := int(said)) <= INTEGER_MAX:
            return whole
    except InvalidEvent:
        pass
    remedy = "Correct it, or take the column out of numbers: it then stays text."
    raise InvalidEvent("A number with more digits than JSON keeps", column=column, value=text[:80], remedy=remedy)


_REMEDIES = {
    ".": 'Correct it; for 1.250,50 write decimal = "," in the mapping; or take the column out of numbers: it then '
    "stays text.",
    ",": 'Correct it: with decimal = "," in the mapping it is written 1250,50 or 1.250,50. Take decimal '
    "out for 1250.50, or the column out of numbers: it then stays text.",
}


def _plain(text: str, decimal: str) -> str | None:
    """A number without its currency and groups, its decimal sign a dot; None when a dot is in the wrong place."""
    bare = text[:1].isdigit() and text[-1:].isdigit()
    if not bare and len(text) <= MONEY_CHARACTERS_MAX and (money := _MONEY.fullmatch(text)):
        text = money[3] or money[1] + money[2]
    if decimal == ".":
        return text
    if grouped := _GROUPED.match(text):
        text = grouped[1] + grouped[2].replace(grouped["by"], "") + text[grouped.end() :]
    return None if "." in text else text.replace(",", ".")


def _reader(mapping: Mapping, pick: Pick, data: Getter) -> Reader:
    def part(field: Field | None, make: Callable[[str], Any], known: type[Known] = Known) -> Part | None:
        return None if field is None else Part.of(pick, make, field, known=known)

    moments = Known if mapping.time_format else Moments

    assert mapping.type is not None, "from_table asks for a type"
    return Reader(
        type=Part.of(pick, partial(_type, mapping), mapping.type),
        tags=Part.of(pick, _tags_and_text, *mapping.tags),
        data=data,
        time=part(mapping.time, partial(moment, mapping, "time"), moments),
        recorded=part(mapping.recorded, partial(moment, mapping, "recorded"), moments),
        id=part(mapping.id, partial(_id, mapping)),
        actor=part(mapping.actor, lambda text: normal_text("actor", text) if text else None),
        cause=part(mapping.cause, lambda text: id_to_raw(text) if text else None),
    )


def _type(mapping: Mapping, said: str) -> tuple[str, dict[str, str] | None, str | None]:
    """The type that a text means, and where it is written otherwise what meta keeps of it, also as JSON."""
    if not said:
        remedy = 'Fill it in, or take the row out; for one type in all rows write type = { value = "EmailOpened" }.'
        raise InvalidEvent("An empty type", column=_of(mapping.type), remedy=remedy)
    name = mapping.types.get(said) or _OTHER.sub("_", said)
    try:
        normal_type(name)
    except InvalidEvent as problem:
        remedy = f'Name it in the mapping: types = {{ {json.dumps(said, ensure_ascii=False)} = "AnotherName" }}.'
        raise InvalidEvent(problem.fact, column=_of(mapping.type), remedy=remedy, type=repr(said)) from None
    kept = None if name == said else {"type": said}
    return name, kept, None if kept is None else jsonvalue.encode(kept).decode()


def _tags_and_text(*texts: str) -> tuple[tuple[str, ...], str]:
    tags = normal_tags(tuple(filter(None, texts)))
    return tags, "\n".join(tags)


def _id(mapping: Mapping, text: str) -> bytes | str:
    if not text:
        raise InvalidEvent("An empty id", column=_of(mapping.id), remedy="Fill it in.")
    return id_to_raw(text)


def _no_cells(row: Any) -> tuple[()]:
    return ()


def _value(mapping: Mapping, name: str, get: Getter) -> Getter:
    decimal = mapping.decimal
    return (lambda row: number(name, get(row), decimal)) if name in mapping.numbers else get


def _inner(row: Any, name: str) -> Any:
    if name in row:
        return row[name]
    for part in name.split("."):
        if not isinstance(row, dict) or part not in row:
            return None
        row = row[part]
    return row


def _as_text(column: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        raise InvalidEvent("Not one value", column=column, remedy=f"Name what is inside it: {column}.name.")
    return json.dumps(value)


def _of(field: Field | None) -> str:
    return ", ".join(field.columns) if field and field.columns else "a fixed value"


def other_delimiter(header: Sequence[str], delimiter: str) -> str | None:
    """What to do about a header that is one column only because something else separates the columns, or None."""
    if len(header) != 1:
        return None
    for sign, written in _DELIMITERS.items():
        if sign in header[0] and sign != delimiter:
            named, verb = "a tab" if sign == "\t" else sign, "add" if delimiter == "," else "write"
            return f'The header is one column with {named} in it: {verb} delimiter = "{written}" in the mapping.'
    return None

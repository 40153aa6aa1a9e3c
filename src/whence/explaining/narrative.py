"""An explanation told in sentences for a reader who knows no event sourcing: what the value is, who made it so and
when, the sum, what a decision looked at, and what is not proven. What made the value is left to why."""

from __future__ import annotations

import calendar
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, tzinfo
from decimal import Decimal
from typing import Any

from whence.cell import as_json
from whence.clock import to_datetime
from whence.events import Recorded
from whence.explaining.why import EXACT, Contribution, Explanation
from whence.history import At
from whence.moments import moment_text

TOLD_MAX = 12
"""So many events are told one by one; of more, the rest is told by what happened and how often."""
LATE_US = 1_000_000
"""As in the log, an event is late when it was recorded more than a second after it happened."""
MONTHS = calendar.month_name


def narrative(found: Explanation, *, zone: tzinfo = UTC, at: At | None = None) -> str:
    """The explanation as lines of text, without one that has no meaning to a business reader; what belongs to a line
    stands indented below it. Days are those of the zone; `at` is the moment that was asked for."""
    return "\n".join("  " * depth + line for depth, line in lines(found, zone=zone, at=at))


def lines(found: Explanation, *, zone: tzinfo = UTC, at: At | None = None) -> Iterator[tuple[int, str]]:
    """The same as lines, each with its depth from 0 on."""
    yield 0, _opening(found, zone, at)
    if not found.contributions:
        yield 0, "Nothing that happened has set it."
    told = found.contributions[-TOLD_MAX:]
    if earlier := found.contributions[: -len(told)]:
        yield 0, f"Before the last {len(told)}: {_summed(earlier)}."
    for each in told:
        yield 0, _sentence(each, found, zone)
        if each.looked_at is not None:
            yield from ((depth + 1, line) for depth, line in decision_lines(each, zone))
    if (came := found.came_by) is not None:
        by = f" (recorded by {_printable(came.actor)})" if came.actor else ""
        entry = f"{words_of(came.type)}, entry {came.position}{by}"
        yield 0, f"It was so already since {day_of(came.time_us, zone)}: {entry}."
    if total := sum_of(found):
        yield 0, f"Together: {total}."
    if late := _late(found.events, zone):
        yield 0, late
    if found.between:
        yield 0, "Nothing recorded says what this value was based on. What else happened since the one before:"
        yield from ((1, line) for line in _listed(found.between, zone))
    if found.precision != "fields":
        yield 0, "Perhaps not all of these were needed: the program does not let us see which of them it used."


def sum_of(found: Explanation) -> str | None:
    """`60 + 5 + 5 + 10 = 80`, where the value is a number that several parts add up to, else None."""
    parts = [each.added for each in found.contributions if each.added is not None]
    start = _number(found.start) or 0
    if _number(found.value) is None or len(parts) + bool(start) < 2:
        return None
    total = start
    for part in parts:
        total = EXACT.add(Decimal(total), Decimal(part))
    if total != _number(found.value):
        return None
    shown = ([start] if start else []) + parts
    first, rest = shown[0], shown[1:]
    if len(rest) > TOLD_MAX:
        middle = EXACT.subtract(Decimal(total), Decimal(first))
        return f"{_figure(first)} {_signed(middle)} (from {len(rest):,} changes) = {_figure(found.value)}"
    return f"{_figure(first)} {' '.join(map(_signed, rest))} = {_figure(found.value)}"


def name_of(entity: str) -> str:
    """`lead:42` as `lead 42`."""
    kind, _, value = entity.partition(":")
    return f"{kind.replace('_', ' ')} {value}"


def words_of(name: str) -> str:
    """A type or a field in words: `lead.EmailOpened` is `email opened`, `emails_opened` `emails opened`. One
    that is written neither way (`A_SUBMITTED`) is another system's code, and stays."""
    if "_" in name and not name.islower():
        return name
    last = name if name.islower() else name.rpartition(".")[2]
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", last).replace("_", " ").replace(".", " ").lower()


def day_of(us: int, zone: tzinfo) -> str:
    """`12 January 2026`."""
    try:
        moment = to_datetime(us).astimezone(zone)
    except OverflowError:
        moment = to_datetime(us)
    return f"{moment.day} {MONTHS[moment.month]} {moment.year}"


def value_text(value: Any) -> str:
    """A value in a sentence: text in quotes, yes and no, nothing as `nothing`."""
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "yes", False: "no"}[value]
    if isinstance(value, str):
        return f"“{_printable(value)}”"
    return _figure(value) if _number(value) is not None else _printable(as_json(value))


def _opening(found: Explanation, zone: tzinfo, at: At | None) -> str:
    us = None if at is None else at.occurred_us if at.occurred_us is not None else at.recorded_us
    then = "" if us is None else f" (as of {moment_text(us, zone)})"
    then = f" (as of entry {at.position})" if at is not None and at.position is not None else then
    whom, what = _printable(name_of(found.entity)), words_of(found.field)
    if _number(found.value) is not None and " " not in what and not what.endswith("s"):
        article = "an" if what[:1] in "aeiou" else "a"
        return f"{whom[:1].upper()}{whom[1:]} has {article} {what} of {_figure(found.value)}{then}."
    return f"For {whom}, “{what}” is {value_text(found.value)}{then}."


def _sentence(each: Contribution, found: Explanation, zone: tzinfo) -> str:
    event, what = each.recorded, words_of(found.field)
    who = f"{_printable(event.actor)}" if event.actor else None
    day, entry = day_of(event.time_us, zone), f"{words_of(event.type)}, entry {event.position}"
    if each.role == "set":
        again = found.came_by is not None and each is found.contributions[-1]
        by = f"{who} set it" if who else "It was set"
        before = "" if each.before is None or again else f" (from {value_text(each.before)})"
        to = f"to {value_text(each.after)}{' again' if again else ''}"
        return f"{by} {to} on {day}{before}: {entry}{_note(each)}."
    by = f" (recorded by {who})" if who else ""
    if each.role == "added" and each.added is not None:
        verb = "took away" if each.added < 0 else "added"
        return f"On {day}, {entry}{by}: {verb} {_figure(abs(each.added))}{_note(each)}."
    if each.role == "fed":
        parts = ", ".join(f"{words_of(one.field)} {value_text(one.after)}" for one in each.changes)
        used = f": {parts}; the {what} was worked out from it" if parts else f": the {what} was worked out from it"
        return f"On {day}, {entry}{by}{used}{_note(each)}."
    change = f"changed it from {value_text(each.before)} to {value_text(each.after)}"
    return f"On {day}, {entry}{by}: {change}{_note(each)}."


def _note(each: Contribution) -> str:
    """The rules that it was by."""
    rules = [re.sub(r"\[model\.(.*)\] rule", r"\1 rule", _printable(rule)) for rule in each.rules]
    return f" (by {_joined(rules)})" if rules else ""


def _late(events: Sequence[Recorded], zone: tzinfo) -> str | None:
    """Which of the events became known later than they happened."""
    late = [event for event in events if is_late(event)]
    if not late:
        return None
    if len(late) == len(events) > 1:
        days = list(dict.fromkeys(day_of(event.recorded_us, zone) for event in late))
        when = f"on {_joined(days)}" if len(days) < 4 else f"until {days[-1]}"
        return f"All of this was recorded later than it happened, {when}."
    named = (f"entry {event.position} (on {day_of(event.recorded_us, zone)})" for event in late[-TOLD_MAX:])
    return f"Recorded later than it happened: {_joined(named)}."


def is_late(event: Recorded) -> bool:
    """Whether the store learnt of it later than it happened."""
    return event.recorded_us - event.time_us >= LATE_US


def decision_lines(each: Contribution, zone: tzinfo) -> Iterator[tuple[int, str]]:
    """What a decision looked at, as lines: each field as it was then, or the events themselves."""
    looked, who = each.looked_at, _printable(each.recorded.actor or "Whoever decided this")
    if looked is None:
        return
    if looked.basis.settings:
        yield 0, f"The settings in force were {value_text(looked.basis.settings)}."
    if looked.fields:
        yield 0, f"{who} looked at {_joined(words_of(field.field) for field in looked.fields)}, as they were then:"
        for field in looked.fields:
            of = "" if field.entity in each.recorded.tags else f" of {_printable(name_of(field.entity))}"
            yield 1, f"“{words_of(field.field)}”{of} was {value_text(field.value)}."
            _, *rest = lines(field, zone=zone)
            yield from ((depth + 2, line) for depth, line in rest)
    elif looked.events:
        yield 0, f"{who} looked at what was recorded by then:"
        yield from ((1, line) for line in _listed(looked.events, zone))
    else:
        yield 0, f"{who} looked at what was recorded by then, which was nothing."


def _listed(events: Sequence[Recorded], zone: tzinfo) -> Iterator[str]:
    """The events, each in a line; of many the last ones, and the rest by type."""
    told = events[-TOLD_MAX:]
    if earlier := events[: -len(told)]:
        yield f"before that {_counted(earlier)};"
    for event in told:
        by = f", {_printable(event.actor)}" if event.actor else ""
        late = f", recorded only on {day_of(event.recorded_us, zone)}" if is_late(event) else ""
        yield f"{words_of(event.type)} on {day_of(event.time_us, zone)}{by} (entry {event.position}{late})"


def _summed(contributions: Sequence[Contribution]) -> str:
    """What many did, by what happened: `340 times email opened, which added 1,700`."""
    kinds: dict[str, list[Contribution]] = {}
    for each in contributions:
        kinds.setdefault(each.recorded.type, []).append(each)
    return _joined(
        f"{len(several):,} times {words_of(type)}"
        + (f", which came to {_figure(_total(several))}" if any(each.added is not None for each in several) else "")
        for type, several in kinds.items()
    )


def _total(contributions: Iterable[Contribution]) -> int | Decimal:
    total = Decimal(0)
    for each in contributions:
        total = EXACT.add(total, Decimal(each.added or 0))
    return total


def _counted(events: Iterable[Recorded]) -> str:
    return _joined(f"{count:,} times {words_of(type)}" for type, count in Counter(each.type for each in events).items())


def _joined(parts: Iterable[str]) -> str:
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last


def _number(value: Any) -> int | Decimal | None:
    if isinstance(value, bool):
        return None
    return Decimal(repr(value)) if isinstance(value, float) else value if isinstance(value, (int, Decimal)) else None


def _figure(value: Any) -> str:
    """A number as people write it, with every digit: `1,240,000`."""
    number = _number(value)
    return f"{number:,}" if number is not None and number == number else str(value)


def _signed(part: int | Decimal) -> str:
    return f"- {_figure(-part)}" if part < 0 else f"+ {_figure(part)}"


def _printable(text: str) -> str:
    """Control characters made visible."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)

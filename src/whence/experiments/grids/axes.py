"""The axes of a grid: which numbers of a scorecard are varied, and over which values. What a combination of them comes
to is left to grid.

| name | what is varied | in short |
|---|---|---|
| `thresholds.STAGE` | from how many points on the stage holds | `STAGE` |
| `rules.NAME.points` | what the rule gives | `NAME` |
| `rules.NAME.at_most`, `half_life`, `fade`, `expires` | how often it counts, and for how long | `NAME.half_life` … |
| `groups.NAME.floor`, `ceiling` | the bounds of a group | `NAME.ceiling` … |
| `scores.NAME.floor`, `ceiling`, `digits` | the bounds of a score, and its rounding | `NAME.ceiling` … |

As text, values are `60:90:5` (from 60 to 90 in steps of 5, both ends among them; without a step it is 1), or a list,
`10,20,none`, where `none` takes the bound or the decay away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import msgspec

from whence.errors import InvalidModel, InvalidQuery
from whence.scoring import Scorecard
from whence.scoring.points import number_of, plain

COMBINATIONS_MAX = 10_000
NAMED_MAX = 12
"""So many names are said to whom none of them is known."""
KEYS = {
    "rules": ("points", "at_most", "half_life", "fade", "expires"),
    "groups": ("floor", "ceiling"),
    "scores": ("floor", "ceiling", "digits"),
    "thresholds": ("at",),
}
"""What may be varied of the parts of a card: nothing that says which events a rule is about."""


class Axis(msgspec.Struct, frozen=True):
    """A number of the card that is varied: its name (`rules.webinar.points`), the values, each once in the order given,
    and the one that the card has."""

    name: str
    values: tuple[Any, ...]
    present: Any


class Place(msgspec.Struct, frozen=True):
    """Where in a card a number stands: `rules`, the second, `points`."""

    part: str
    number: int
    key: str

    def of(self, card: Scorecard) -> Any:
        return getattr(getattr(card, self.part)[self.number], self.key)


def axes_of(card: Scorecard, vary: Mapping[str, Iterable[Any]]) -> list[tuple[Axis, Place]]:
    """The axes that are asked for, with their places in the card. Raises InvalidQuery for a name that the card does not
    have, for values that are none, and for more than 10,000 combinations, and InvalidModel for a value that the card
    cannot have."""
    if not vary:
        remedy = 'Write vary={"thresholds.qualified": range(60, 91, 5)}.'
        raise InvalidQuery("Nothing is varied", remedy=remedy)
    places = places_of(card)
    given = {name: (_place(name, card, places), _listed(name, values)) for name, values in vary.items()}
    count = 1
    for _, values in given.values():
        count *= len(values)
    refuse_many(count)
    found: list[tuple[Axis, Place]] = []
    for name, (full, values) in given.items():
        if any(axis.name == full for axis, _ in found):
            raise InvalidQuery("Varied twice", name=name, remedy="Give all values of it at once.")
        place = places[full]
        kept = dict.fromkeys(_as_kept(card, place, value) for value in values)
        found.append((Axis(full, tuple(kept), place.of(card)), place))
    return found


def refuse_many(count: int) -> None:
    """Raise InvalidQuery for more combinations than are tried."""
    if count > COMBINATIONS_MAX:
        remedy = "Take larger steps, or vary fewer things at once."
        raise InvalidQuery(
            "Too many combinations", combinations=f"{count:,}", most=f"{COMBINATIONS_MAX:,}", remedy=remedy
        )


def places_of(card: Scorecard) -> dict[str, Place]:
    """Every number of a card that can be varied, by its name."""
    found = {}
    for part, keys in KEYS.items():
        for number, each in enumerate(getattr(card, part)):
            for key in keys:
                if part == "rules" and _is_for_events_alone(each, key):
                    continue
                name = f"thresholds.{each.stage}" if part == "thresholds" else f"{part}.{each.name}.{key}"
                found[name] = Place(part, number, key)
    return found


def with_values(card: Scorecard, changes: Sequence[tuple[Place, Any]]) -> Scorecard:
    """The card with other numbers at some places, its thresholds apart, which are checked beside each other. Raises
    InvalidModel for numbers that do not go together."""
    parts: dict[str, list[Any]] = {}
    for part in ("rules", "groups", "scores"):
        own: dict[int, dict[str, Any]] = {}
        for place, value in changes:
            if place.part == part:
                own.setdefault(place.number, {})[place.key] = value
        if own:
            parts[part] = [
                msgspec.structs.replace(each, **own[number]) if number in own else each
                for number, each in enumerate(getattr(card, part))
            ]
    return msgspec.structs.replace(card, **parts) if parts else card


def values_of(text: str) -> list[Any]:
    """The values that a text says: `60:90:5`, `10,20,30`, `7 days,none`. Raises InvalidQuery."""
    if ":" in text:
        return _steps(text)
    found = []
    for each in text.split(","):
        word = each.strip()
        number = number_of(word)
        if not word:
            raise InvalidQuery("A value is missing", values=text, remedy="Write 10,20,30 or 60:90:5.")
        found.append(plain(number) if number is not None else None if word == "none" else word)
    return found


def shown(value: Any) -> str:
    """A value as people write it."""
    return "none" if value is None else str(value)


def _steps(text: str) -> list[Any]:
    numbers = [number_of(part.strip()) for part in text.split(":")]
    first, last, step = [*numbers, *[None] * 3][:3] if len(numbers) == 3 else [*numbers, number_of(1)][:3]
    if len(numbers) > 3 or first is None or last is None or step is None or step <= 0 or last < first:
        remedy = "Write 60:90:5: the first, the last, and the step between."
        raise InvalidQuery("Not a range of values", values=text, remedy=remedy)
    count = int((last - first) / step) + 1
    refuse_many(count)
    return [plain(first + step * number) for number in range(count)]


def _place(name: str, card: Scorecard, places: Mapping[str, Place]) -> str:
    """The full name of a number. Raises InvalidQuery for none and for several."""
    if name in places:
        return name
    found = [full for full in places if name in _short(full)]
    if len(found) == 1:
        return found[0]
    facts = {"scorecard": card.name, "name": name}
    if found:
        raise InvalidQuery("Not clear what to vary", **facts, remedy=f"Write {' or '.join(found)}.")
    shorts = [each for full in places for each in _short(full)]
    near = get_close_matches(name, [*places, *shorts], 1)
    stages_first = sorted(places, key=lambda full: not full.startswith("thresholds."))
    shortest = list(dict.fromkeys(_short(full)[-1] for full in stages_first))
    more = f" and {len(shortest) - NAMED_MAX} more" if len(shortest) > NAMED_MAX else ""
    remedy = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(shortest[:NAMED_MAX])}{more}."
    raise InvalidQuery("The scorecard has nothing of this name to vary", **facts, remedy=remedy)


def _short(full: str) -> tuple[str, ...]:
    part, _, rest = full.partition(".")
    return (rest, rest.removesuffix(".points")) if part == "rules" and rest.endswith(".points") else (rest,)


def _listed(name: str, values: Iterable[Any]) -> list[Any]:
    if isinstance(values, str):
        return values_of(values)
    found: list[Any] = []
    for value in values:
        found.append(value)
        if len(found) > COMBINATIONS_MAX:
            refuse_many(len(found))
    if not found:
        raise InvalidQuery("No values to try", name=name, remedy="Give at least one.")
    return found


def _as_kept(card: Scorecard, place: Place, value: Any) -> Any:
    """A value as the card keeps it. Raises InvalidModel for one that it cannot have."""
    part = getattr(card, place.part)[place.number]
    made = getattr(msgspec.structs.replace(part, **{place.key: value}), place.key)
    if place.key == "points" and isinstance(made, str) != isinstance(part.points, str):
        remedy = "Vary rules whose points are a number, by numbers."
        raise InvalidModel("Points that a field says are not varied", rule=part.name, value=value, remedy=remedy)
    return made


def _is_for_events_alone(rule: Any, key: str) -> bool:
    """Whether a rule cannot have it: one about a fact has points alone, and points of a field are no number."""
    return isinstance(rule.points, str) if key == "points" else rule.on is None

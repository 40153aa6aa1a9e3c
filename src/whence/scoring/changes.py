"""What differs between two scorecards, part by part: rules, groups, scores, grades and thresholds, by their names.
There is no change exactly when the two have one version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Literal

import msgspec

from whence.jsonvalue import canonical
from whence.scoring.card import Scorecard

PARTS = ("rule", "group", "score", "grade", "threshold")
Table = Mapping[str, Any]
_Key = tuple[str, str, int]


class CardChange(msgspec.Struct, frozen=True):
    """A part that is new or gone (`key` is None, and one side the whole part), or a key of it that says something else.

    `part` is "card", or what a table of whence.toml is called: "rule", "group", "score", "grade", "threshold". A key
    "order" of a part without a name is that the parts stand in another order. Values are those of `Scorecard.to_table`,
    None where there is none.
    """

    part: str
    name: str
    key: str | None
    before: Any
    after: Any

    @property
    def what(self) -> Literal["added", "removed", "changed"]:
        if self.key is not None:
            return "changed"
        return "added" if self.before is None else "removed"

    def __str__(self) -> str:
        """`rule opened: points 10 → 15`, `threshold sales (total) added: at 70`, `rule 6 removed`."""
        of = self.name if self.name.startswith(f"{self.part} ") else f"{self.part} {self.name}".rstrip()
        if self.key is not None:
            return f"{of}: {self.key} {text_of(self.before)} → {text_of(self.after)}"
        return f"{of} {self.what}" + (f": {text_of(self.after)}" if self.after else "")


def text_of(value: Any) -> str:
    """A value of a card for the eye: `15`, `EmailOpened, FormSent`, `on EmailOpened, points 5`, `—`."""
    if value is None:
        return "—"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {text_of(each)}" for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(text_of, value))
    return value if isinstance(value, str) else canonical(value).decode()


def changes(before: Scorecard, after: Scorecard) -> list[CardChange]:
    """What turns one card into the other: the card's own keys, then its parts in the order of the first, the new ones
    last. Their names apart they say the same exactly when there is none."""
    old, new = before.to_table(), after.to_table()
    found = [CardChange("card", "", key, old[key], new[key]) for key in ("kind", "order") if old[key] != new[key]]
    for part in PARTS:
        found += _in_parts(part, _by_name(part, old[part]), _by_name(part, new[part]))
    return found


def _in_parts(part: str, old: Mapping[_Key, Table], new: Mapping[_Key, Table]) -> Iterator[CardChange]:
    for key in {**old, **new}:
        name = _label(key)
        if key not in new:
            yield CardChange(part, name, None, old[key], None)
        elif key not in old:
            yield CardChange(part, name, None, None, new[key])
        else:
            one, other = _flat(old[key]), _flat(new[key])
            for field in {**one, **other}:
                if canonical([one.get(field)]) != canonical([other.get(field)]):
                    yield CardChange(part, name, field, one.get(field), other.get(field))
    kept, now = [key for key in old if key in new], [key for key in new if key in old]
    if kept != now:
        yield CardChange(part, "", "order", [*map(_label, kept)], [*map(_label, now)])


def _by_name(part: str, tables: Sequence[Table]) -> dict[_Key, Table]:
    """The parts by what they are called, without that: a threshold by its stage and score; and by how many before are
    called the same, which only grades and thresholds can be."""
    found: dict[_Key, Table] = {}
    for table in tables:
        said = dict(table)
        names = (said.pop("stage"), said.pop("score")) if part == "threshold" else (said.pop("name"), "")
        number = next(number for number in count() if (*names, number) not in found)
        found[*names, number] = said
    return found


def _label(key: _Key) -> str:
    name, score, number = key
    return name + (f" ({score})" if score else "") + (f" {number + 1}" if number else "")


def _flat(table: Table) -> dict[str, Any]:
    """A part's keys, with a key for each field that it asks about: `when.form`, `while.seats.at_least`."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        name = f'"{key}"' if "." in key else key  # so that a path is not taken for a field and its test
        if isinstance(value, dict):
            found.update({f"{name}.{inner}": each for inner, each in _flat(value).items()})
        else:
            found[name] = value
    return found

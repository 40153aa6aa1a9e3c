"""What a reconciliation leaves behind: that it was made, and each difference until it is settled or gone."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

import msgspec

from whence.codec import Codec, Tag
from whence.money import decimal_of

Settlement = Literal["accepted", "corrected", "source-error", "carried"]
"""What is done about a difference: it is left as it is, mended here, or theirs to mend; or it is open still."""


class Reconciled(msgspec.Struct, frozen=True):
    """Two sides were compared: by which passes, how many lines they matched, and the digests of the files."""

    event_type: ClassVar[str] = "ledger.Reconciled"
    reconciliation: Annotated[str, Tag]
    here: str
    there: str
    since: str | None
    until: str | None
    passes: tuple[str, ...]
    matched: dict[str, int]
    kinds: dict[str, int]
    sha256: dict[str, str]
    at_position: int


class DifferenceFound(msgspec.Struct, frozen=True, omit_defaults=True):
    """`effect_minor` is by how much the other side has more, by currency: {"EUR": -150} where it has a fee of 1.50 that
    this side lacks. `here` and `there` are what the lines are called. `difference` stays the same when the sides are
    compared again."""

    event_type: ClassVar[str] = "ledger.DifferenceFound"
    difference: Annotated[str, Tag]
    reconciliation: Annotated[str, Tag]
    what: str
    day: str | None
    effect_minor: dict[str, int]
    here: str = ""
    there: str = ""
    line: int | None = None
    note: str = ""


class DifferenceGone(msgspec.Struct, frozen=True):
    """Compared again, the sides do not differ in this any more."""

    event_type: ClassVar[str] = "ledger.DifferenceGone"
    difference: Annotated[str, Tag]
    reconciliation: Annotated[str, Tag]


class DifferenceSettled(msgspec.Struct, frozen=True):
    """What a person decided about a difference, and why."""

    event_type: ClassVar[str] = "ledger.DifferenceSettled"
    difference: Annotated[str, Tag]
    decision: Settlement
    reason: str


CODEC = Codec(Reconciled, DifferenceFound, DifferenceGone, DifferenceSettled)


def amounts(effect_minor: Mapping[str, int]) -> list[tuple[str, Decimal | None]]:
    """An effect in major units, by currency; one without a currency where there is none."""
    return [(currency, decimal_of(minor, currency)) for currency, minor in effect_minor.items()] or [("", None)]

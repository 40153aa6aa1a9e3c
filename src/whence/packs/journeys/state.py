"""The state of a name: which others it was joined with directly. Who is joined through others is left to people. The
kinds of names that whence.toml names are an attribute of its class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from whence.codec import Codec
from whence.errors import InvalidConfig, InvalidEvent
from whence.grammar import normal_kind
from whence.model import on
from whence.packs.journeys.events import Identified, Separated

if TYPE_CHECKING:
    from whence.app import Whence


class Naming(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What [pack.journeys] says: the kinds of tags that name customers, the one that a customer is called by first, and
    the event types that join all names they are tagged with. Tags of other kinds are no names; without kinds all
    tags of those events are."""

    kinds: tuple[str, ...] = ()
    joined_by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "kinds", tuple(map(normal_kind, self.kinds)))

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Naming:
        """What a table says. Raises InvalidConfig."""
        try:
            return msgspec.convert(table, cls, strict=True)
        except (msgspec.ValidationError, InvalidEvent) as problem:
            remedy = 'Write kinds = ["customer", "lead", "visitor"] and joined_by = ["FormSent"].'
            raise InvalidConfig("Not what names customers", problem=problem, remedy=remedy) from None


class Identity:
    """A name of a customer, `identity:visitor:abc`, and the pairs in which it stands."""

    kind = "identity"
    order = "occurred"
    codec = Codec(Identified, Separated)
    _naming = Naming()

    def __init__(self) -> None:
        self.pairs: list[list[str]] = []

    @on(Identified)
    def identified(self, event: Identified) -> None:
        pair = sorted((event.name, event.same_as))
        if pair not in self.pairs:
            self.pairs.append(pair)

    @on(Separated)
    def separated(self, event: Separated) -> None:
        pair = sorted((event.name, event.other))
        self.pairs = [each for each in self.pairs if each != pair]

    @classmethod
    def naming(cls) -> Naming:
        """What whence.toml says of names."""
        return cls._naming


def named_by(naming: Naming) -> type[Identity]:
    """The state where whence.toml says so."""
    return type(
        Identity.__name__, (Identity,), {"_naming": naming, "__module__": __name__, "__doc__": Identity.__doc__}
    )


def naming_of(db: Whence, kinds: Sequence[str] = (), joined_by: Sequence[str] | None = None) -> Naming:
    """What the whence.toml of a store says of names, unless it is said here."""
    said = next(each for each in db.config.pack("journeys").states if issubclass(each, Identity)).naming()
    return Naming(tuple(kinds or said.kinds), said.joined_by if joined_by is None else tuple(joined_by))

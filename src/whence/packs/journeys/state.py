"""The state of a name: which others it was joined with directly. Who is joined through others is left to people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from whence.codec import Codec
from whence.model import on
from whence.packs.journeys.events import Identified, Separated
from whence.packs.journeys.naming import Naming

if TYPE_CHECKING:
    from whence.app import Whence


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


def as_configured(table: Mapping[str, Any]) -> tuple[type[Identity]]:
    """The state where [pack.journeys] in whence.toml says this. Raises InvalidConfig."""
    about = {"_naming": Naming.from_table(table), "__module__": __name__, "__doc__": Identity.__doc__}
    return (type(Identity.__name__, (Identity,), about),)


def naming_of(db: Whence, kinds: Sequence[str] = (), joined_by: Sequence[str] | None = None) -> Naming:
    """What the whence.toml of a store says of names, unless it is said here."""
    configured = next(each for each in db.config.pack("journeys").states if issubclass(each, Identity)).naming()
    return Naming(tuple(kinds or configured.kinds), configured.joined_by if joined_by is None else tuple(joined_by))

"""Things that are joined by twos, and the groups that come of it: of a with b, and b with c, one group of three. What
they are, and why they are joined, is left to whoever asks."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

Thing = TypeVar("Thing", bound=Hashable)


class Groups(Generic[Thing]):
    """The groups so far; iterating gives each once, of those alone that were joined."""

    def __init__(self) -> None:
        self._together: dict[Thing, list[Thing]] = {}

    def join(self, one: Thing, other: Thing) -> None:
        """All who are together share one list; of two such lists the shorter one goes into the longer."""
        few, many = sorted((self._together.setdefault(each, [each]) for each in (one, other)), key=len)
        if few is not many:
            many += few
            self._together.update(dict.fromkeys(few, many))

    def of(self, thing: Thing) -> list[Thing]:
        """All that are in the group of a thing, itself among them, in no order that counts."""
        return self._together.get(thing, [thing])

    def __iter__(self) -> Iterator[list[Thing]]:
        yield from {id(group): group for group in self._together.values()}.values()

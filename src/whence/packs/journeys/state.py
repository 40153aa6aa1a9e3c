"""The state of a name: which others it was joined with directly. Who is joined through others is left to people."""

from __future__ import annotations

from whence.codec import Codec
from whence.model import on
from whence.packs.journeys.events import Identified, Separated


class Identity:
    """A name of a customer, `identity:visitor:abc`, and the pairs in which it stands."""

    kind = "identity"
    order = "occurred"
    codec = Codec(Identified, Separated)

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

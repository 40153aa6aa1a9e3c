"""What is recorded about who is who: that two names are of one customer, and that they are not after all.

A *name* is an entity as events are tagged with it (`visitor:abc`, `lead:42`); here it stands behind `identity:`. Its
*kind* is what stands before the first colon, the *main kind* the one that customers are called by. A *pair* are two
names that one event joined; a customer is all names that pairs connect.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from whence.codec import Tag

OWN = "journey."
"""What the types of these events begin with."""


class Identified(msgspec.Struct, frozen=True):
    """Two names are of the same customer."""

    event_type: ClassVar[str] = "journey.Identified"
    name: Annotated[str, Tag("identity")]
    same_as: Annotated[str, Tag("identity")]
    reason: str | None = None


class Separated(msgspec.Struct, frozen=True):
    """Two names that were joined are not of the same customer."""

    event_type: ClassVar[str] = "journey.Separated"
    name: Annotated[str, Tag("identity")]
    other: Annotated[str, Tag("identity")]
    reason: str | None = None

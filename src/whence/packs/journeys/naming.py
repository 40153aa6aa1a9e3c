"""Which tags are names of customers, and which events join them, as whence.toml says:

    [pack.journeys]
    kinds = ["customer", "lead", "visitor"]   # the tags that name customers; the first is what one is called by
    joined_by = ["FormSent"]                  # event types that join the names they are tagged with

Tags of other kinds, say `campaign:spring`, are no names. Without `kinds` a customer is called by the main kind of the
store, and all tags of an event that joins are names: where some are not, say `kinds`, or all who share a campaign are
one customer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from whence.errors import InvalidConfig, InvalidEvent
from whence.grammar import normal_kind


class Naming(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What [pack.journeys] says, as above."""

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

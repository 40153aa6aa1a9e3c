"""What [pack.ledger] may say in whence.toml, checked when it is read, before anything is posted."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from whence.errors import InvalidConfig
from whence.packs.ledger.reconciliation.items import Reader
from whence.packs.ledger.sources import PostingSource

KEYS = ("closed", "source", "side")
POLICIES = ("refuse", "redate")


def checked(table: Mapping[str, Any]) -> list[type]:
    """Nothing, since no state of the ledger is configured. Raises InvalidConfig naming the key."""
    for key in table:
        if key not in KEYS:
            near = get_close_matches(key, KEYS, 1)
            remedy = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(KEYS)}."
            raise InvalidConfig("No such key", key=key, remedy=remedy)
    policy_of(table)
    for name, each in table.get("source", {}).items():
        PostingSource(name, each)
    for name, each in table.get("side", {}).items():
        Reader(name, each)
    return []


def policy_of(table: Mapping[str, Any]) -> str:
    """What happens to what is dated into a closed period. Raises InvalidConfig."""
    said = str(table.get("closed", "refuse"))
    if said not in POLICIES:
        remedy = 'Write closed = "refuse" or "redate".'
        raise InvalidConfig("No such way to treat a closed period", closed=repr(said), remedy=remedy)
    return said

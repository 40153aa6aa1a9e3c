"""What [pack.ledger] may say of the book in whence.toml, checked when it is read, before anything is posted. What its
tables [pack.ledger.source.NAME] and [pack.ledger.side.NAME] say is left to `sources` and `reconciliation`.

    [pack.ledger]
    closed = "refuse"              # what is dated into a closed period; or "redate": into the open one, its day is kept
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from whence.moneyfiles.layout import check


def checked(table: Mapping[str, Any]) -> list[type]:
    """Nothing, since no state of the ledger is configured. Raises InvalidConfig naming the key."""
    check("pack.ledger", table, {"closed": (Literal["refuse", "redate"], 'closed = "refuse" or "redate"')})
    return []

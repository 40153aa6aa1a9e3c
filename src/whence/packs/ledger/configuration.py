"""What [pack.ledger] may say in whence.toml, checked when it is read, before anything is posted. What its tables
[pack.ledger.source.NAME] and [pack.ledger.side.NAME] say is left to `posting` and `reconciliation`, which extend it.

    [pack.ledger]
    closed = "refuse"              # what is dated into a closed period; or "redate": into the open one, its day is kept
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from whence.app import Whence
from whence.errors import InvalidConfig
from whence.moneyfiles.layout import check


def checked(table: Mapping[str, Any]) -> list[type]:
    """Nothing, since no state of the ledger is configured. Raises InvalidConfig naming the key."""
    check("pack.ledger", table, {"closed": (Literal["refuse", "redate"], 'closed = "refuse" or "redate"')})
    return []


def table_of(db: Whence, kind: str, name: str) -> Mapping[str, Any]:
    """The table [pack.ledger.KIND.NAME] of whence.toml. Raises InvalidConfig."""
    db.config.pack("ledger")  # so that what is wrong in whence.toml is said with its file
    tables: Mapping[str, Mapping[str, Any]] = db.config.packs.get("ledger", {}).get(kind, {})
    if name not in tables:
        remedy = f"There are: {', '.join(tables)}." if tables else f"Describe it under [pack.ledger.{kind}.{name}]."
        raise InvalidConfig(f"No such {kind}", name=name, remedy=remedy)
    return tables[name]

"""What [pack.ledger] may say in whence.toml, checked when it is read, before anything is posted:

```text
[pack.ledger]
closed = "refuse"              # what is dated into a closed period; or "redate": into the open one, its day is kept

[pack.ledger.source.NAME]      # how the lines of a file are posted
[pack.ledger.side.NAME]        # how a file is read that an account is compared with
```

What a source and a side may say is listed in docs/packs/ledger.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from whence.packs.ledger.files.layout import check
from whence.packs.ledger.files.sources import PostingSource
from whence.packs.ledger.reconciling.sides import Reader

SHAPES: dict[str, tuple[Any, str]] = {
    "closed": (Literal["refuse", "redate"], 'closed = "refuse" or "redate"'),
    "source": (dict[str, dict[str, Any]], "[pack.ledger.source.NAME]"),
    "side": (dict[str, dict[str, Any]], "[pack.ledger.side.NAME]"),
}


def checked(table: Mapping[str, Any]) -> list[type]:
    """Nothing, since no state of the ledger is configured. Raises InvalidConfig naming the key."""
    check("pack.ledger", table, SHAPES)
    for name, each in table.get("source", {}).items():
        PostingSource(name, each)
    for name, each in table.get("side", {}).items():
        Reader(name, each)
    return []

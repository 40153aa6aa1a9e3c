"""Files that stand under their names when they are whole, and not at all when something fails before. What is written,
and how a failure is told, is left to whoever writes."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file to write into, which takes the place of `path` when the block ends, and is gone where that raises.

    Until then it lies beside it under a name of this thread alone, so that of several who write the same file each
    writes all of it, and the last one's stays. Raises OSError.
    """
    target = Path(path)
    part = target.parent / f".{target.name}.{os.getpid()}-{threading.get_ident()}.part"
    try:
        with part.open("wb") as out:
            yield out
        part.replace(target)
    finally:
        with suppress(OSError):
            part.unlink()

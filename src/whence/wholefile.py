"""Files, and folders of them, that stand under their names when they are whole, and not at all when something fails
before. What is written, and how a failure is told, is left to whoever writes."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator, Mapping
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


def whole_folder(path: str | os.PathLike[str], files: Mapping[str, bytes]) -> None:
    """Put a folder of these files, and no others, in the place of `path`; what is there stays until the new one is
    whole. They are written beside it, under names that begin with a dot: what a killed run left there is taken away by
    the next, and two at once are not meant. Raises OSError."""
    target = Path(path).resolve()
    part, before = (target.with_name(f".{what}.{target.name}") for what in ("part", "before"))
    for left in (part, before):
        shutil.rmtree(left, ignore_errors=True)
    part.mkdir(parents=True)
    for name, content in files.items():
        (part / name).write_bytes(content)
    if target.exists():
        target.rename(before)
    part.rename(target)
    shutil.rmtree(before, ignore_errors=True)

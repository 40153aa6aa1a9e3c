"""What posting a file leaves behind beside its transactions."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from whence.codec import Codec, Tag


class FilePosted(msgspec.Struct, frozen=True):
    """A file was posted by the rules of a source: its digest, and what became of its lines."""

    event_type: ClassVar[str] = "ledger.FilePosted"
    file: str
    source: Annotated[str, Tag("source")]
    sha256: str
    lines: int
    posted: int
    already: int
    refused: int


CODEC = Codec(FilePosted)

"""The limit of the disk: a line written and synced, nothing else."""

from __future__ import annotations

import os

from benchmarks.workload import Parts, encode


class Fsync:
    settings = "write and fdatasync"

    def __init__(self, folder: str) -> None:
        self.fd = os.open(os.path.join(folder, "events.log"), os.O_CREAT | os.O_WRONLY)

    def append(self, batch: list[Parts]) -> None:
        lines = [encode((str(parts.id), parts.type, parts.tags, parts.data)) for parts in batch]
        os.write(self.fd, b"\n".join(lines) + b"\n")
        os.fdatasync(self.fd)

    def close(self) -> None:
        os.close(self.fd)

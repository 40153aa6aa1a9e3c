"""A connection with the settings that the promises need, and the errors of SQLite in words. Who uses a connection, and
for how long, is left to the store."""

from __future__ import annotations

import os

import apsw

from whence.errors import CannotWrite, CorruptStore, NotAStore, StoreBusy, StoreError

BUSY_TIMEOUT_MS = 10_000
CACHE_KIB = 64 * 1024
MAPPED_BYTES = 1024 * 1024 * 1024


def connect(path: str) -> apsw.Connection:
    """A connection with the settings that the promises need: WAL, and a sync at every commit."""
    db = apsw.Connection(path, apsw.SQLITE_OPEN_READWRITE)
    db.set_busy_timeout(BUSY_TIMEOUT_MS)
    db.execute(f"PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA cache_size = -{CACHE_KIB}")
    return db


def connect_to_read(path: str) -> apsw.Connection:
    """A connection that reads the file through the memory map, which saves copying each page."""
    db = connect(path)
    db.execute(f"PRAGMA query_only = ON; PRAGMA mmap_size = {MAPPED_BYTES}")
    return db


def in_words(problem: apsw.Error, path: str) -> StoreError:
    """SQLite's error as one of Whence's, which names the file and what to do."""
    match problem:
        case apsw.NotADBError():
            return NotAStore(path=path, remedy="Name a store that whence init, import or copy made.")
        case apsw.BusyError():
            remedy = "Wait for it to end, or look for a program that keeps a transaction open."
            return StoreBusy(path=path, waited_s=BUSY_TIMEOUT_MS // 1000, remedy=remedy)
        case apsw.CorruptError():
            remedy = "Stop writing, keep the file, and copy what can be read: whence copy."
            return CorruptStore("SQLite finds the file damaged", path=path, problem=problem, remedy=remedy)
        case apsw.FullError():
            return CannotWrite("The disk is full", path=path, remedy="Free some space and append again.")
        case apsw.ReadOnlyError() | apsw.PermissionsError() | apsw.CantOpenError():
            remedy = "The file and its folder must be writable, for reading too: readers share a -shm file beside it."
            return CannotWrite(path=path, problem=problem, folder_writable=_folder_writable(path), remedy=remedy)
        case _:
            return StoreError("SQLite failed", path=path, problem=problem, remedy="Check the disk, then try again.")


def _folder_writable(path: str) -> str:
    return "yes" if os.access(os.path.dirname(os.path.abspath(path)), os.W_OK) else "no"

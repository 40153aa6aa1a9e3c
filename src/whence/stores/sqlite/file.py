"""The file of a SQLite store: making it, recognising it, and saying what it runs on."""

from __future__ import annotations

import contextlib
import fcntl
import os
import platform
import sys
import tempfile

import apsw

from whence.clock import Clock
from whence.errors import CannotWrite, NoSuchStore, NotAStore, UnknownFormat
from whence.grammar import raw_to_id
from whence.store import FORMAT, Identity
from whence.stores.sqlite.sql import statement

APPLICATION_ID = 0x57484E43
"""`WHNC`, in the header of every file that is a Whence store."""


def make_ready(path: str, clock: Clock, create: bool, origin: str | None) -> None:
    """Make sure that a store is in the file, making it when that is asked for and the file is missing or empty.

    Raises NoSuchStore, NotAStore, UnknownFormat, CannotWrite.
    """
    if os.path.isdir(path):
        raise NotAStore("This is a folder", path=path, remedy="Name a file, such as leads.db.")
    exists = os.path.exists(path)
    if not exists and not create:
        raise NoSuchStore(path=path, remedy="Check the path, or make a store with whence init.")
    if not exists or (create and os.path.getsize(path) == 0):
        _create(path, clock, origin)
    _check(path)


def identity(db: apsw.Connection) -> Identity:
    store_id, epoch, origin = db.execute("SELECT store_id, epoch, origin FROM store").fetchone()  # type: ignore[misc]
    return Identity(store_id, epoch, db.pragma("user_version"), origin)


def settings(db: apsw.Connection) -> dict[str, str]:
    synchronous = {0: "off", 1: "normal", 2: "full", 3: "extra"}
    return {
        "store": "sqlite",
        "file": db.filename,
        "sqlite": apsw.sqlite_lib_version(),
        "apsw": apsw.apsw_version(),
        "python": platform.python_version(),
        "journal mode": str(db.pragma("journal_mode")),
        "synchronous": synchronous[db.pragma("synchronous")],
        "page size": f"{db.pragma('page_size')} bytes",
        "byte order": sys.byteorder,
    }


def _create(path: str, clock: Clock, origin: str | None) -> None:
    """Make the whole store under another name and link it to its own, so that nobody ever sees half of it."""
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise CannotWrite("There is no such folder", folder=folder, remedy="Make the folder first.")
    try:
        made, begun = tempfile.mkstemp(prefix=os.path.basename(path) + ".", suffix=".new", dir=folder)
    except OSError as problem:
        raise CannotWrite(path=path, problem=problem.strerror, remedy="Make the folder writable.") from None
    try:
        _fill(begun, clock, origin)
        os.fchmod(made, 0o666 & ~_umask())
        os.fsync(made)
        try:
            os.link(begun, path)
        except FileExistsError:  # an empty file, to be filled; or, of two who make it at once, the other was first
            _replace_empty(path, begun)
        except OSError:  # a file system without links
            with contextlib.suppress(FileExistsError):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL))
            _replace_empty(path, begun)
        _sync_folder(folder)
    finally:
        os.close(made)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(begun)


def _replace_empty(path: str, made: str) -> None:
    """Put a whole store in the place of an empty file, unless somebody else did just now."""
    with open(path, "rb") as empty:
        fcntl.flock(empty, fcntl.LOCK_EX)
        if os.path.getsize(path) == 0 and os.path.samestat(os.fstat(empty.fileno()), os.stat(path)):
            os.replace(made, path)


def _fill(path: str, clock: Clock, origin: str | None) -> None:
    db = apsw.Connection(path, apsw.SQLITE_OPEN_READWRITE)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        with db:
            db.execute(statement("create_store"))
            db.execute("INSERT INTO store VALUES (?, 1, ?)", (raw_to_id(clock.new_id()), origin))
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT}")
    finally:
        db.close()  # which moves everything from the WAL into the file


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _check(path: str) -> None:
    remedy = "Name a store that whence init, import or copy made."
    if os.path.getsize(path) == 0:
        raise NotAStore("The file is empty", path=path, remedy="Make a store in it with whence init.")
    db = apsw.Connection(path, apsw.SQLITE_OPEN_READWRITE)
    try:
        db.set_busy_timeout(10_000)
        if db.pragma("application_id") != APPLICATION_ID:
            raise NotAStore("This is a SQLite database of something else", path=path, remedy=remedy)
        if (found := db.pragma("user_version")) != FORMAT:
            raise UnknownFormat(path=path, format=found, known=FORMAT, remedy="Upgrade Whence.")
    finally:
        db.close()

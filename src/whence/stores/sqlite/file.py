"""The file of a SQLite store: making it, recognising it, and saying what it runs on."""

from __future__ import annotations

import os
import platform
import sys

import apsw
import apsw.ext

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
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise CannotWrite("There is no such folder", folder=folder, remedy="Make the folder first.")
    db = apsw.Connection(path, apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE)
    try:
        db.set_busy_timeout(10_000)
        db.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = EXTRA")
        db.execute("BEGIN IMMEDIATE")  # of two who make it at once, the second finds it made
        if db.pragma("application_id") == 0:
            db.execute(statement("create_store"))
            db.execute("INSERT INTO store VALUES (?, 1, ?)", (raw_to_id(clock.new_id()), origin))
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT}")
        db.execute("COMMIT")
    finally:
        db.close()


def _check(path: str) -> None:
    remedy = "Name a store that whence init, import or copy made."
    if os.path.getsize(path) == 0:
        raise NotAStore("The file is empty", path=path, remedy=remedy)
    with open(path, "rb") as header:
        if not header.read(16).startswith(b"SQLite format 3"):
            raise NotAStore(path=path, remedy=remedy)
    db = apsw.Connection(path, apsw.SQLITE_OPEN_READWRITE)
    try:
        db.set_busy_timeout(10_000)
        if db.pragma("application_id") != APPLICATION_ID:
            raise NotAStore("This is a SQLite database of something else", path=path, remedy=remedy)
        if (found := db.pragma("user_version")) != FORMAT:
            raise UnknownFormat(path=path, format=found, known=FORMAT, remedy="Upgrade Whence.")
    finally:
        db.close()

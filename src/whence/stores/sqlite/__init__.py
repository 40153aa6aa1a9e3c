"""The SQLite store: `store` holds the class, `sql` its statements, the other files the index and the group commit."""

from whence.stores.sqlite.store import SQLiteStore

__all__ = ["SQLiteStore"]

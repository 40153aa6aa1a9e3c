"""Segments: a store's history in columns, as Parquet files beside it; derived from it, and built again when lost.

They need the packages of the extra `columns`, which are asked for with `require`."""

from importlib.util import find_spec

from whence.errors import MissingExtra

_PACKAGES = ("duckdb", "pyarrow")


def is_installed() -> bool:
    """Whether the packages that read and write columns are there."""
    return all(find_spec(name) is not None for name in _PACKAGES)


def require() -> None:
    """Raise MissingExtra where the packages that read and write columns are not installed."""
    for name in _PACKAGES:
        if find_spec(name) is None:
            remedy = 'pip install "whence[columns]".'
            raise MissingExtra("Columns need duckdb and pyarrow", package=name, remedy=remedy)

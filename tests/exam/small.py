"""Sizes of the SQLite store's index so small that the few events of a test are written as runs and merged, again and
again. What is kept does not depend on them: stores of any sizes may share a file."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from whence.stores.sqlite import lookup, merging, reading, runs, store

FOR_KILLS = {
    "FLUSH_EVENTS": 200,
    "EVENTS_PER_SLICE": 50,
    "EARNED_MAX": 400,
    "SLICE_CHUNKS": 2,
    "CHUNK_KEYS": 20,
}
"""A run every 200 events, and a merge of 20 slices every 1,200: of any moment a merge is likely to be under way."""

FOR_HISTORIES = {
    "FLUSH_EVENTS": 2,
    "EVENTS_PER_SLICE": 1,
    "EARNED_MAX": 4,
    "SLICE_CHUNKS": 1,
    "CHUNK_KEYS": 3,
    "MERGED_RUNS": 2,
    "MERGED_LARGE_RUNS": 3,
    "RUNS_MAX": 5,
    "FILTER_MIN_IDS": 2,
    "LOOKUPS_BEFORE_FILTERS": 3,
    "FINDS_BEFORE_FILTERS": 2,
    "PAGE_EVENTS": 3,
    "ALWAYS_INDEXED": 4,
    "SCAN_EVENTS": 5,
}
"""A history of a dozen events has merged runs, runs being merged, a tail, filters, scans and pages."""


def shrink(sizes: dict[str, int], put: Callable[[ModuleType, str, int], object] = setattr) -> None:
    """Set each size in every module that knows it, by `put`, which may remember what was there."""
    for name, size in sizes.items():
        knowing = [module for module in (lookup, merging, reading, runs, store) if hasattr(module, name)]
        assert knowing, f"no module has {name}"
        for module in knowing:
            put(module, name, size)

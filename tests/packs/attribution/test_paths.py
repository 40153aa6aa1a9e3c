"""Paths are what each customer did next."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("duckdb")

from tests.exam import counts
from tests.packs.touchpoints.histories import TOGETHER, Histories, by_customer, histories, side_by_side, store, visit
from whence.errors import InvalidQuery
from whence.packs import attribution
from whence.packs.attribution.paths import _counted as counted_paths
from whence.packs.touchpoints import touchpoints


@settings(max_examples=counts.JOURNEYS // TOGETHER)
@given(histories, st.sampled_from(["A", None]), st.sampled_from(["B", None]), st.booleans())
def test_paths_are_what_each_customer_did_next(
    histories: Histories, start: str | None, end: str | None, repeats: bool
) -> None:
    rows = side_by_side(histories)
    types = {type for _, type, _ in rows}
    if (start and start not in types) or (end and end not in types) or (start and end):
        return
    expected = Counter[tuple[int, str, str]]()
    for events in by_customer(rows).values():
        names = [type for _, type in events]
        if end is not None:
            if end not in names:
                continue
            names = names[::-1][names[::-1].index(end) :]
        elif start is not None:
            if start not in names:
                continue
            names = names[names.index(start) :]
        if not repeats:
            names = [name for n, name in enumerate(names) if n == 0 or names[n - 1] != name]
        names = [*names, "(end)" if end is None else "(beginning)"]
        for at, pair in enumerate(pairwise(names)):
            if at < 3:
                expected[(at, *pair) if end is None else (2 - at, *pair[::-1])] += 1
    with store(visit(*row) for row in rows) as db, touchpoints(db, kinds=["lead"]) as asked:
        found = attribution.paths(asked, start=start, end=end, depth=3, repeats=repeats)
        assert {(each.depth, each.source, each.target): each.customers for each in found} == dict(expected)
        short = attribution.paths(asked, start=start, end=end, depth=3, repeats=repeats, top=1)
        assert sum(each.customers for each in short) == sum(expected.values())


def test_a_path_is_followed_from_one_event() -> None:
    with (
        store([visit(1, "Seen", 0)]) as db,
        touchpoints(db) as asked,
        pytest.raises(InvalidQuery, match="from one event"),
    ):
        attribution.paths(asked, start="Seen", end="Seen")


def test_paths_of_many_types_take_little_memory() -> None:
    many = 2_000
    who, type = np.arange(many), np.arange(many)
    names = [*(f"T{number}" for number in range(many)), "(end)"]
    tracemalloc.start()
    found = counted_paths(who, type, names, 12, repeats=False)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10_000_000
    assert found == Counter({(0, f"T{number}", "(end)"): 1 for number in range(many)})

"""Numbers handed between Arrow and numpy are those that pyarrow's own ways give, without importing pandas."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.replay.leads import many
from whence.segments.arrays import arrow, integers, is_there, numbers
from whence.segments.building import build
from whence.stores.opening import open_store

Cells = tuple[pa.DataType, list[Any]]
CELLS = st.one_of(
    st.tuples(st.just(pa.int32()), st.lists(st.none() | st.integers(-(2**31), 2**31 - 1))),
    st.tuples(st.just(pa.timestamp("us", "UTC")), st.lists(st.none() | st.integers(-(2**60), 2**60))),
    st.tuples(st.just(pa.float64()), st.lists(st.none() | st.floats(allow_nan=False))),
    st.tuples(st.just(pa.bool_()), st.lists(st.none() | st.booleans())),
)


@given(CELLS, st.integers(0, 9), st.integers(0, 3))
def test_a_column_gives_the_numbers_that_it_holds(
    given_cells: tuple[pa.DataType, list[object]], cut: int, parts: int
) -> None:
    kind, cells = given_cells
    array = pa.array(cells, kind)
    chunked = pa.chunked_array([array.slice(cut), *[array] * parts], kind)
    expected = [*cells[cut:], *cells * parts]
    assert is_there(chunked).tolist() == [cell is not None for cell in expected]
    assert numbers(chunked).tolist() == [0 if cell is None else cell for cell in expected]
    assert numbers(array.slice(cut), absent=1).tolist() == [1 if cell is None else cell for cell in cells[cut:]]


@given(CELLS)
def test_numbers_become_the_array_that_pyarrow_makes(given_cells: Cells) -> None:
    kind, cells = given_cells
    there = [cell for cell in cells if cell is not None]
    if kind in (pa.int32(), pa.timestamp("us", "UTC")):
        assert integers(cells, kind).equals(pa.array(cells, kind))
        assert integers(there, kind).equals(pa.array(there, kind))
    else:
        values = np.array(there, {pa.float64(): np.float64, pa.bool_(): np.bool_}[kind])
        assert arrow(values).equals(pa.array(values))
        assert arrow(values[::2]).equals(pa.array(values[::2]))


REPLAYED = """
import sys
from pathlib import Path
from tests.replay.leads import Lead
from whence.model import Model
from whence.replay import replay
from whence.segments.reading import Segments
from whence.stores.opening import open_store
with Segments.open(open_store(sys.argv[1]), "lead", sys.argv[2]) as segments:
    assert 0 < segments.built < segments.head
    assert len(replay(segments, Model.of(Lead)).states) > 30
print("pandas" in sys.modules)
"""


def test_a_replay_does_not_import_pandas(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    store, folder = str(tmp_path / "leads.db"), tmp_path / "segments"
    with closing(open_store(store, create=True)) as filled:
        filled.append(many(100))
        build(filled, "lead", folder, segment_events=30)
    line = [sys.executable, "-c", REPLAYED, store, str(folder)]
    assert subprocess.run(line, capture_output=True, text=True, check=True).stdout == "False\n"

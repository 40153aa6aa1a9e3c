"""The folder in which a grid is kept: `result.json`, `combinations.parquet` with a row for each, and a page. As of an
experiment, all three are the same bytes whenever it is run again, and `run.json` says when it was.
"""

from __future__ import annotations

import io
import os
from datetime import UTC, tzinfo
from typing import Any

import msgspec

from whence.experiments.folder import FORMAT, REPORT, RESULT, RUN, Run, lines, require, said_of, write
from whence.experiments.grids.grid import HALVES, MEASURES, Grid
from whence.experiments.grids.page import page
from whence.experiments.grids.sentences import sentences

COMBINATIONS = "combinations.parquet"


def save(found: Grid, folder: str | os.PathLike[str], run: Run, *, zone: tzinfo = UTC) -> None:
    """Write the four files, each whole or not at all, as an experiment's are; raises as that does."""
    require()
    files = {
        RESULT: lines(summary(found)),
        COMBINATIONS: table_bytes(found),
        REPORT: page(found, zone=zone).encode(),
        RUN: lines(said_of(run)),
    }
    write(folder, files)


def summary(found: Grid) -> dict[str, Any]:
    """All but the combinations that are not on the frontier, as JSON has it: the sentences first."""
    whole: dict[str, Any] = msgspec.to_builtins(found)
    every = whole.pop("combinations")
    whole["frontier"] = [
        {"combination": number, **every[number], "better": better}
        for number, better in zip(found.frontier, whole.pop("better"), strict=True)
    ]
    said = {"format": FORMAT, "sort": "grid", "sentences": sentences(found)}
    return said | {"tried": len(every)} | whole


def table_bytes(found: Grid) -> bytes:
    """A Parquet file with a row for each combination in the order of the axes. Needs pyarrow."""
    import pyarrow as arrow
    from pyarrow import parquet

    columns: dict[str, Any] = {}
    for place, axis in enumerate(found.axes):
        values = [each.values[place] for each in found.combinations]
        is_text = any(isinstance(value, str) for value in values)
        kind = arrow.string() if is_text else arrow.float64()
        columns[axis.name] = arrow.array([None if v is None else v if is_text else float(v) for v in values], kind)
    columns["reached"] = arrow.array([each.reached for each in found.combinations], arrow.int64())
    for half in HALVES:
        told = [getattr(each, half) for each in found.combinations]
        for name in ("named", "hits"):
            columns[f"{half}_{name}"] = arrow.array([getattr(each, name) for each in told], arrow.int64())
        for name in MEASURES:
            columns[f"{half}_{name}"] = arrow.array([getattr(each, name).value for each in told], arrow.float64())
    on = frozenset(found.frontier)
    columns["on_frontier"] = arrow.array([number in on for number in range(len(found.combinations))])
    written = io.BytesIO()
    parquet.write_table(arrow.table(columns), written, compression="zstd")
    return written.getvalue()

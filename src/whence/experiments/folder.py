"""The folder in which an experiment is kept: `result.json`, `values.parquet` with a row for each entity, and a report
as a page. All three are the same bytes whenever it is run again with the same history, code, versions and seed; when it
was run, for how long and with which versions stands apart, in `run.json`.
"""

from __future__ import annotations

import io
import os
import platform
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, tzinfo
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from whence.clock import to_iso
from whence.errors import CannotWrite, MissingExtra
from whence.experiments.became import became_counts
from whence.experiments.experiment import Experiment
from whence.experiments.report import report
from whence.experiments.sentences import sentences
from whence.experiments.verdict import verdict
from whence.wholefile import whole_file

RESULT, VALUES, REPORT, RUN = "result.json", "values.parquet", "report.html", "run.json"
FORMAT = 1
PACKAGES = ("whence", "numpy", "msgspec", "plotly", "pyarrow")
ROWS = ("values", "reached")
"""What an experiment has for each entity; it stands in `values.parquet` alone."""


class Run(msgspec.Struct, frozen=True):
    """One run: when it began (microseconds UTC), and how many seconds it took."""

    started_us: int
    seconds: float


def save(found: Experiment, folder: str | os.PathLike[str], run: Run, *, zone: tzinfo = UTC) -> None:
    """Write the four files, each whole or not at all; the folder is made where it is missing. What is there already is
    replaced. The report's days are those of `zone`. Raises MissingExtra, before anything is written, and CannotWrite.
    """
    require()
    files = {
        RESULT: lines(summary(found)),
        VALUES: table_bytes(found),
        REPORT: report(found, zone=zone).encode(),
        RUN: lines(said_of(run)),
    }
    write(folder, files)


def said_of(run: Run) -> dict[str, Any]:
    """What stands apart: when it was run, for how long, and with which versions."""
    return {
        "started": to_iso(run.started_us),
        "seconds": round(run.seconds, 3),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }


def write(folder: str | os.PathLike[str], files: Mapping[str, bytes]) -> None:
    """Write files into a folder, each whole or not at all, and none before all are written, the first last; the folder
    is made where it is missing. Raises CannotWrite."""
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with ExitStack() as all_of_them:
            for name, content in files.items():
                all_of_them.enter_context(whole_file(Path(folder) / name)).write(content)
    except OSError as problem:
        fact, remedy = "The experiment cannot be kept here", "Name another folder."
        raise CannotWrite(fact, folder=folder, problem=problem.strerror, remedy=remedy) from None


def require() -> None:
    """Raise MissingExtra where a package that a folder needs is not installed."""
    try:
        import plotly  # noqa: F401 - whether it is there is the question
        import pyarrow  # noqa: F401
    except ImportError as problem:
        remedy = 'pip install "whence[report]" (or: pip install plotly pyarrow), or leave --save out.'
        raise MissingExtra(
            "To keep an experiment needs plotly and pyarrow", package=problem.name, remedy=remedy
        ) from None


def summary(found: Experiment) -> dict[str, Any]:
    """All but the rows of each entity, as JSON has it: the sentences and the verdict first."""
    whole = msgspec.to_builtins(found)
    said = {"format": FORMAT, "sentences": sentences(found), "verdict": msgspec.to_builtins(verdict(found))}
    return said | {name: part for name, part in whole.items() if name not in ROWS} | {"became": became_counts(found)}


def table_bytes(found: Experiment) -> bytes:
    """A Parquet file with a row for each entity, in the order of their first events: what it comes to under each side,
    when it reaches the threshold, and when it had the outcome, in microseconds UTC. Needs pyarrow."""
    import pyarrow as arrow
    from pyarrow import parquet

    when, reached = arrow.timestamp("us", tz="UTC"), {row.entity: row for row in found.reached}
    rows = [reached.get(each.entity) for each in found.values]
    columns = {
        "entity": arrow.array([each.entity for each in found.values], arrow.string()),
        "baseline": arrow.array([each.baseline for each in found.values], arrow.float64()),
        "candidate": arrow.array([each.candidate for each in found.values], arrow.float64()),
        "baseline_reached": arrow.array([row and row.baseline_us for row in rows], when),
        "candidate_reached": arrow.array([row and row.candidate_us for row in rows], when),
        "outcome": arrow.array([row and row.outcome_us for row in rows], when),
    }
    written = io.BytesIO()
    parquet.write_table(arrow.table(columns), written, compression="zstd")
    return written.getvalue()


def lines(said: Any) -> bytes:
    """A value as JSON for people and programs."""
    return msgspec.json.format(msgspec.json.encode(said), indent=1) + b"\n"

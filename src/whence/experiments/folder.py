"""The folder in which an experiment is kept: `result.json`, the same bytes whenever it is run again with the same
history, code and seed, and `run.json`, which says when it was run, for how long and with which versions."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

import msgspec

from whence.clock import to_iso
from whence.errors import CannotWrite
from whence.experiments.experiment import Experiment

RESULT, RUN = "result.json", "run.json"
PACKAGES = ("whence", "numpy", "msgspec")


class Run(msgspec.Struct, frozen=True):
    """One run: when it began (microseconds UTC), and how many seconds it took."""

    started_us: int
    seconds: float


def save(found: Experiment, folder: str | os.PathLike[str], run: Run) -> None:
    """Write both files, each whole or not at all; the folder is made where it is missing. What is there already is
    replaced. Raises CannotWrite."""
    said = {
        "started": to_iso(run.started_us),
        "seconds": round(run.seconds, 3),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        _write(Path(folder) / RESULT, found.to_json())
        _write(Path(folder) / RUN, msgspec.json.format(msgspec.json.encode(said), indent=1) + b"\n")
    except OSError as problem:
        fact, remedy = "The experiment cannot be kept here", "Name another folder."
        raise CannotWrite(fact, folder=folder, problem=problem.strerror, remedy=remedy) from None


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f".part.{path.name}")
    part.write_bytes(content)
    part.replace(path)

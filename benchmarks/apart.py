"""A single measurement in a process of its own, which ends when this one is told to end. Being told to end is an
exception like any other, so that a store is closed, and a server with it, whatever happens."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

ENDING_SECONDS = 30


def end_orderly() -> None:
    """Let SIGTERM raise SystemExit, as SIGINT raises KeyboardInterrupt."""
    signal.signal(signal.SIGTERM, _leave)


def apart(measure: str, name: str, events: int, folder: Path) -> Any:
    """What `--one` prints for a measure. Exits with its errors when it fails."""
    line = [sys.executable, "-m", "benchmarks", "--one", measure, name, str(events), str(folder)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            out, errors = child.communicate()
        except BaseException:
            child.terminate()
            child.wait(ENDING_SECONDS)
            raise
    if child.returncode:
        raise SystemExit(f"{measure} on {name} failed:\n{errors}")
    return json.loads(out.splitlines()[-1])


def _leave(number: int, _: object) -> None:
    raise SystemExit(128 + number)

"""The command: every implementation once in each round, in turn, each in a process and a folder of its own.

python -m benchmarks                      everything, about an hour
python -m benchmarks --quick              small, to see that it runs
python -m benchmarks --only batches load  some measures; the others keep their figures
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import growth, measures, report
from benchmarks.implementations import NAMES, opened

WORK = Path(__file__).parent / "work"
WRITERS = {
    "single": NAMES,
    "batches": ("whence", "apsw", "recorder", "application", "umadb"),
    "threads8": ("whence", "recorder", "umadb"),
    "threads64": ("whence", "umadb"),
    "threads256": ("whence", "umadb"),
}
READERS = ("whence", "recorder", "application", "umadb")
ALL = (*WRITERS, *measures.READING, "size", "growth")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=ALL, default=ALL)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true", help="20,000 events, 2 rounds; keeps nothing")
    parser.add_argument("--one", nargs=4, metavar=("MEASURE", "NAME", "EVENTS", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(*options.one)))
        return
    if options.quick:
        options.events, options.rounds = 20_000, 2
    shutil.rmtree(WORK, ignore_errors=True)
    try:
        run(options.only, options.rounds, options.events, kept=not options.quick)
    finally:
        shutil.rmtree(WORK, ignore_errors=True)


def run(chosen: list[str], rounds: int, events: int, *, kept: bool) -> None:
    """Measure in rounds and keep the figures."""
    for measure, names in WRITERS.items():
        if measure in chosen:
            found: dict[str, list[float]] = {name: [] for name in names}
            for number in range(rounds):
                for name in rotated(names, number):
                    found[name].append(apart(measure, name, events, fresh(f"{measure}-{name}")))
                    say(measure, number, rounds, name, found[name][-1])
            conclude(measure, found, events, rounds, kept)
    reading = [measure for measure in (*measures.READING, "size") if measure in chosen]
    if reading:
        folders = {name: fresh(f"read-{name}") for name in READERS}
        for name, folder in folders.items():
            say("prepare", 0, 1, name, apart("prepare", name, events, folder))
        for measure in reading:
            found = {name: [] for name in READERS}
            for number in range(1 if measure == "size" else rounds):
                for name in rotated(READERS, number):
                    found[name].append(apart(measure, name, events, folders[name]))
                    say(measure, number, rounds, name, found[name][-1])
            conclude(measure, found, events, rounds, kept)
    if "growth" in chosen:
        for variant in growth.VARIANTS:
            values = apart("growth", variant, events, fresh("growth"))
            conclude(f"growth {variant}", values, 10 * events, 1, kept)
    if kept:
        print(report.render())


def one(measure: str, name: str, events: str, folder: str) -> object:
    """A single measurement, in this process."""
    count = int(events)
    if measure == "growth":
        return growth.growth(folder, 10, count, name)
    if measure == "prepare":
        began = time.perf_counter()
        measures.prepare(name, folder, count)
        return count / (time.perf_counter() - began)
    if measure == "size":
        return measures.size(folder, count)
    store = opened(name, folder)
    try:
        return (measures.WRITING | measures.READING)[measure](store, count)
    finally:
        store.close()


def apart(measure: str, name: str, events: int, folder: Path) -> object:
    """A single measurement in a process of its own."""
    line = [sys.executable, "-m", "benchmarks", "--one", measure, name, str(events), str(folder)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{measure} on {name} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def fresh(name: str) -> Path:
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def rotated(names: tuple[str, ...], by: int) -> tuple[str, ...]:
    return names[by % len(names) :] + names[: by % len(names)]


def say(measure: str, number: int, rounds: int, name: str, value: object) -> None:
    print(f"{time.strftime('%H:%M:%S')} {measure} {number + 1}/{rounds} {name}: {value:,.0f}", flush=True)


def conclude(measure: str, found: object, events: int, rounds: int, kept: bool) -> None:
    print(f"{measure}: {json.dumps(found)}", flush=True)
    if kept:
        report.keep(measure, found, events, rounds)


if __name__ == "__main__":
    main()

"""The command: every implementation once in each round, in turn, each in a process and a folder of its own.

python -m benchmarks                      everything, about an hour
python -m benchmarks --quick              small, to see that it runs, within two minutes; keeps nothing
python -m benchmarks --only batches load  some measures; the others keep their figures
python -m benchmarks --list               the measures and who takes part
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks import explaining, growth, journeys, ledger, measures, replaying, report, searching
from benchmarks.apart import apart, end_orderly
from benchmarks.implementations import NAMES, opened
from benchmarks.progress import Progress

WORK = Path(__file__).parent / "work"
WRITERS = {
    "single": NAMES,
    "batches": ("whence", "apsw", "recorder", "application", "umadb"),
    "threads8": ("whence", "recorder", "umadb"),
    "threads64": ("whence", "umadb"),
    "threads256": ("whence", "umadb"),
}
READERS = ("whence", "recorder", "application", "umadb")
TAKING_PART = WRITERS | dict.fromkeys((*measures.READING, "size"), READERS) | {"growth": tuple(growth.VARIANTS)}
TAKING_PART |= {"replay_all": ("whence", "umadb")}
ON_ONE_STORE = {
    "why": (explaining.fill, explaining.explain),
    "bisect": (searching.fill, searching.search),
    "scorecard": (replaying.fill, replaying.compare),
    "journeys": (journeys.fill, journeys.compare),
    "ledger": (ledger.fill, ledger.compare),
}
TAKING_PART |= dict.fromkeys(ON_ONE_STORE, ("whence",))
LEAST_ROUNDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=TAKING_PART, default=list(TAKING_PART), metavar="NAME")
    parser.add_argument("--rounds", type=int, default=LEAST_ROUNDS, help="figures of fewer than five are not kept")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true", help="20,000 events, 2 rounds")
    parser.add_argument("--list", action="store_true", help="the measures and who takes part")
    parser.add_argument("--one", nargs=4, metavar=("MEASURE", "NAME", "EVENTS", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    end_orderly()
    if options.list:
        for measure, names in TAKING_PART.items():
            print(f"{measure}: {', '.join(names)}")
    elif options.one:
        print(json.dumps(one(*options.one)))
    else:
        if options.quick:
            options.events, options.rounds = 20_000, 2
        shutil.rmtree(WORK, ignore_errors=True)
        try:
            Run(options.only, options.rounds, options.events, kept=options.rounds >= LEAST_ROUNDS).run()
        finally:
            shutil.rmtree(WORK, ignore_errors=True)


class Run:
    """One interleaved run of some measures."""

    def __init__(self, chosen: Sequence[str], rounds: int, events: int, *, kept: bool) -> None:
        self.chosen = [measure for measure in TAKING_PART if measure in chosen]
        self.reading = [measure for measure in self.chosen if measure in (*measures.READING, "size")]
        self.readers = [name for name in READERS if any(name in TAKING_PART[measure] for measure in self.reading)]
        self.events, self.rounds, self.kept = events, rounds, kept
        runs = {measure: len(TAKING_PART[measure]) * self.rounds_of(measure) for measure in self.chosen}
        prepared = {"prepare": len(self.readers)} if self.reading else {}
        prepared |= {f"fill-{measure}": 1 for measure in ON_ONE_STORE if measure in self.chosen}
        self.progress = Progress(runs | prepared, report.expected(events))

    def run(self) -> None:
        for measure in self.chosen:
            if measure in WRITERS:
                self.measure(measure)
        if self.reading:
            folders = {name: fresh(f"read-{name}") for name in self.readers}
            for name, folder in folders.items():
                self.once("prepare", name, folder)
            for measure in self.reading:
                self.measure(measure, folders)
            for folder in folders.values():
                shutil.rmtree(folder)
        if "growth" in self.chosen:
            for variant in growth.VARIANTS:
                self.conclude(f"growth {variant}", self.once("growth", variant, fresh("growth")), "growth")
        for measure in ON_ONE_STORE:
            if measure in self.chosen:
                self.on_one_store(measure)
        if self.kept:
            print(report.render())

    def measure(self, measure: str, folders: dict[str, Path] | None = None) -> None:
        """Every implementation once in each round, in turn; without `folders` each on a fresh one."""
        names = TAKING_PART[measure]
        found: dict[str, list[float]] = {name: [] for name in names}
        for number in range(self.rounds_of(measure)):
            for name in rotated(names, number):
                folder = folders[name] if folders else fresh("written")
                found[name].append(self.once(measure, name, folder))
        self.conclude(measure, found, measure)

    def on_one_store(self, measure: str) -> None:
        """The same store in every round."""
        folder = fresh(measure)
        self.once(f"fill-{measure}", "whence", folder)
        rounds: list[Any] = [self.once(measure, "whence", folder) for _ in range(self.rounds)]
        self.conclude(measure, {what: [each[what] for each in rounds] for what in rounds[0]}, measure)

    def once(self, measure: str, name: str, folder: Path) -> object:
        began = time.monotonic()
        value = apart(measure, name, self.events, folder)
        number = value if isinstance(value, float) else None
        self.progress.done(measure, name, number, time.monotonic() - began)
        return value

    def conclude(self, title: str, found: object, measure: str) -> None:
        print(f"{title}: {json.dumps(found)}", flush=True)
        if self.kept:
            times = {"growth": growth.MILLIONS, "why": explaining.MILLIONS, "scorecard": replaying.MILLIONS}
            times["journeys"] = journeys.MILLIONS
            events = times.get(measure, 1) * self.events
            report.keep(title, found, events, self.rounds_of(measure), self.progress.seconds(measure))

    def rounds_of(self, measure: str) -> int:
        return 1 if measure in ("size", "growth") else self.rounds


def one(measure: str, name: str, events: str, folder: str) -> object:
    """A single measurement, in this process."""
    count = int(events)
    if measure == "size":
        return measures.size(folder, count)
    if measure == "growth":
        return growth.growth(folder, count, name)
    if (alone := measure.removeprefix("fill-")) in ON_ONE_STORE:
        fill, run = ON_ONE_STORE[alone]
        return (run if alone == measure else fill)(folder, count)
    with closing(opened(name, folder)) as store:
        return ({"prepare": measures.prepare} | measures.WRITING | measures.READING)[measure](store, count)


def fresh(name: str) -> Path:
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def rotated(names: tuple[str, ...], by: int) -> tuple[str, ...]:
    return names[by % len(names) :] + names[: by % len(names)]


if __name__ == "__main__":
    main()

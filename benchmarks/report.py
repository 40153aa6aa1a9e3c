"""The table in benchmarks/README.md, from the results kept beside it. A partial run replaces only what it measured."""

from __future__ import annotations

import datetime
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import explaining, growth, implementations, journeys, replaying
from benchmarks.implementations import settings

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results.json"
README = FOLDER / "README.md"
BEGIN, END = "<!-- results -->", "<!-- end of results -->"
NAMES = {
    "single": "single durable appends, one writer",
    "batches": "durable appends of 1,000",
    "threads8": "single appends, 8 threads",
    "threads64": "single appends, 64 threads",
    "threads256": "single appends, 256 threads",
    "load": "an entity of 20 events, loaded and folded",
    "read_all": "all events read as typed objects",
    "fold_all": "all events folded into 50,000 states",
    "replay_all": "the same, replayed from segments in one thread",
    "size": "bytes an event beyond its payload",
}
GOALS = {
    "single": {"apsw": 0.8, "recorder": 1, "application": 1, "umadb": 1},
    "batches": {"recorder": 4, "application": 4, "umadb": 2},
    "threads8": {"umadb": 1.7},
    "threads64": {"umadb": 1.3},
    "threads256": {"umadb": 1.3},
    "load": {"recorder": 1.5, "application": 5},
    "read_all": {"umadb": 1.1},
    "fold_all": {"umadb": 1.2, "application": 8},
    "replay_all": {"umadb": 2},
}
EXPLAINING = {
    "seconds": ("`why` on an entity of 10,000 events, seconds", 1),
    "traced": ("a fold, traced / untraced", 8),
    "untraced": ("the same fold, untraced after tracing / before", None),
}
SEARCHING = {
    "one type, scan": ("a rule on a field that a third of the events write: scan, seconds", None),
    "one type, ratio": ("halving / scan, where no snapshots were made", None),
    "one type, with snapshots": ("halving from snapshots, the newest a hundredth before the end / scan", 0.2),
    "every type, scan": ("a rule on fields that all events write: scan, seconds", None),
    "every type, ratio": ("halving / scan, where no snapshots were made", None),
    "every type, with snapshots": ("halving from snapshots, the newest a hundredth before the end / scan", 0.2),
    "replays": ("partial replays of halving", 40),
    "making": ("making those snapshots, of 50,000 states at eight positions, seconds", None),
}
SCORING = {
    "cold": ("a scorecard of 12 rules in a new process: scores, every crossing; million events a second", None),
    "beside a loop": ("the same, beside the loop by hand over msgspec structs", -8),
    "beside eventsourcing": ("beside eventsourcing's application, the same loop in its aggregates", -150),
    "again": ("a second run with other weights, as quick as the first", -4),
    "sums": ("sums per entity, seconds / SQL by hand on the same files", 1.5),
    "processes": ("a model replayed by two processes, beside one", -1.6),
    "memory": ("memory of the new process, MB", 1500),
    "building": ("segments built from SQLite, thousand events a second", -300),
}
"""What is below zero is to be reached, not to be stayed under."""
JOURNEYS = {
    "seconds": ("a funnel of six steps in order, seconds", None),
    "by hand": ("the same / SQL by hand on the same files", 2),
    "within by hand": ("within 30 days / SQL by hand on the same files", 2),
    "retention": ("retention over 12 weeks, seconds", None),
    "paths": ("paths of four links, seconds", None),
    "attribution": ("attribution by five models, seconds", None),
}
LEDGER = {
    "balances": ("balances of all accounts, seconds", None),
    "balances by hand": ("the same / SQL by hand on the same files", 2),
    "rate, one by one": ("transactions under an overdraft rule a second", None),
    "of bare appends, one by one": ("the same / appends of the same events without a rule", -0.5),
    "rate, a thousand at once": ("the same a thousand at once", None),
    "of bare appends, a thousand at once": ("the same / appends of a thousand without a rule", None),
    "reconcile": ("an account of a tenth as many lines against its file, seconds", 20),
}
GROWTH_GOAL, P99_GOAL_MS, SIZE_GOAL = 0.85, 20, 140


def keep(measure: str, found: object, events: int, rounds: int, seconds: float) -> None:
    """Keep what was measured, with when, on how many events and what one run lasted."""
    results = _kept()
    today = datetime.date.today().isoformat()
    results[measure] = {"events": events, "rounds": rounds, "date": today, "seconds": round(seconds, 1), "found": found}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")


def expected(events: int) -> dict[str, float]:
    """The seconds of one run of each measure that was kept with the same number of events."""
    return {
        measure.partition(" ")[0]: kept["seconds"]
        for measure, kept in _kept().items()
        if "seconds" in kept
        and kept["events"]
        in (
            events,
            growth.MILLIONS * events,
            explaining.MILLIONS * events,
            replaying.MILLIONS * events,
            journeys.MILLIONS * events,
        )
    }


def render() -> str:
    """Write the tables into the README and return them."""
    results = _kept()
    text = "\n".join(
        [
            _facts(),
            "",
            *_rates(results),
            "",
            *_growth(results),
            "",
            *_explaining(results),
            "",
            *_searching(results),
            "",
            *_alone("another scorecard over all history", results.get("scorecard"), SCORING),
            "",
            *_alone("journeys over segments", results.get("journeys"), JOURNEYS),
            "",
            *_alone("a ledger", results.get("ledger"), LEDGER),
        ]
    )
    before, _, rest = README.read_text().partition(BEGIN)
    README.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.partition(END)[2]}")
    return text


def _kept() -> dict[str, Any]:
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {}


def _facts() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("apsw", "msgspec", "numpy", "eventsourcing", "umadb"))
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()}"
    return f"{packages}; {machine}. " + "; ".join(f"{name}: {settings(name)}" for name in implementations.NAMES) + "."


def _rates(results: dict[str, Any]) -> list[str]:
    lines = ["| measure | Whence | beside | median there | ratio | goal | |", "|---|---:|---|---:|---:|---:|---|"]
    for measure, title in NAMES.items():
        if measure not in results:
            continue
        medians = {name: median(values) for name, values in results[measure]["found"].items()}
        own = medians.pop("whence")
        first = f"{title} ({_circumstances(results[measure])})"
        for name, value in medians.items():
            if measure == "size":
                ratio, goal, met = f"{own / value:.2f}", "< 1", own < value
            else:
                wanted = GOALS.get(measure, {}).get(name)
                ratio, goal = f"{own / value:.2f}", "" if wanted is None else f"≥ {wanted}"
                met = None if wanted is None else own / value >= wanted
            mark = "" if met is None else "met" if met else "**missed**"
            lines.append(f"| {first} | {own:,.0f} | {name} | {value:,.0f} | {ratio} | {goal} | {mark} |")
            first = ""
        if measure == "size":
            mark = "met" if own <= SIZE_GOAL else "**missed**"
            lines.append(f"|  | {own:,.0f} |  |  |  | ≤ {SIZE_GOAL} | {mark} |")
    return lines


def _circumstances(kept: dict[str, Any]) -> str:
    """On what it was measured; a remark stays with kept figures until they are measured again."""
    rounds = "one round" if kept["rounds"] == 1 else f"{kept['rounds']} rounds"
    facts = [f"{kept['events']:,} events", rounds, kept["date"]]
    return ", ".join([*facts, kept["remark"]] if "remark" in kept else facts)


def _growth(results: dict[str, Any]) -> list[str]:
    lines = ["| growth | variant | value | goal | |", "|---|---|---:|---:|---|"]
    for measure, kept in results.items():
        if measure.startswith("growth"):
            for what, value in kept["found"].items():
                limit = P99_GOAL_MS if "p99" in what else None if "slowest" in what else GROWTH_GOAL
                met = limit is None or (value < limit if "p99" in what else value >= limit)
                goal = "" if limit is None else f"< {limit}" if "p99" in what else f"≥ {limit}"
                mark = "" if limit is None else "met" if met else "**missed**"
                lines.append(f"| {what} ({_circumstances(kept)}) | {measure[7:]} | {value:.2f} | {goal} | {mark} |")
    return lines if len(lines) > 2 else []


def _explaining(results: dict[str, Any]) -> list[str]:
    return _alone("explaining", results.get("why"), EXPLAINING)


def _searching(results: dict[str, Any]) -> list[str]:
    return _alone("the event that broke a rule", results.get("bisect"), SEARCHING)


def _alone(title: str, kept: dict[str, Any] | None, rows: dict[str, tuple[str, float | None]]) -> list[str]:
    """A table of what is measured of Whence alone."""
    if kept is None:
        return []
    lines = [f"| {title} | median | from | to | goal | |", "|---|---:|---:|---:|---:|---|"]
    first = f" ({_circumstances(kept)})"
    for what, values in kept["found"].items():
        (title, limit), middle = rows[what], median(values)
        goal = "" if limit is None else f"< {limit}" if limit > 0 else f"≥ {-limit}"
        met = limit is not None and (middle < limit if limit > 0 else middle >= -limit)
        mark = "" if limit is None else "met" if met else "**missed**"
        span = f"{min(values):.2f} | {max(values):.2f}"
        lines.append(f"| {title}{first} | {middle:.2f} | {span} | {goal} | {mark} |")
        first = ""
    return lines

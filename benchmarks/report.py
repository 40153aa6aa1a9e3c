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
}
GROWTH_GOAL, P99_GOAL_MS, SIZE_GOAL = 0.85, 20, 140


def keep(measure: str, found: dict[str, Any], events: int, rounds: int) -> None:
    """Keep what was measured, with when and on how many events."""
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    today = datetime.date.today().isoformat()
    results[measure] = {"events": events, "rounds": rounds, "date": today, "found": found}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")


def render() -> str:
    """Write the tables into the README and return them."""
    results = json.loads(RESULTS.read_text())
    text = "\n".join([_facts(), "", *_rates(results), "", *_growth(results)])
    before, _, rest = README.read_text().partition(BEGIN)
    README.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.partition(END)[2]}")
    return text


def _facts() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("apsw", "msgspec", "numpy", "eventsourcing", "umadb"))
    return f"{packages}; Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()}."


def _rates(results: dict[str, Any]) -> list[str]:
    lines = ["| measure | Whence | beside | median there | ratio | goal | |", "|---|---:|---|---:|---:|---:|---|"]
    for measure, title in NAMES.items():
        if measure not in results:
            continue
        medians = {name: median(values) for name, values in results[measure]["found"].items()}
        own = medians.pop("whence")
        first = f"{title} ({results[measure]['events']:,} events, {results[measure]['rounds']} rounds)"
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
            lines.append(f"| | {own:,.0f} | | | | ≤ {SIZE_GOAL} | {mark} |")
    return lines


def _growth(results: dict[str, Any]) -> list[str]:
    lines = ["| growth | variant | value | goal | |", "|---|---|---:|---:|---|"]
    for measure, kept in results.items():
        if measure.startswith("growth"):
            for what, value in kept["found"].items():
                limit = P99_GOAL_MS if "p99" in what else None if "slowest" in what else GROWTH_GOAL
                met = limit is None or (value < limit if "p99" in what else value >= limit)
                goal = "" if limit is None else f"< {limit}" if "p99" in what else f"≥ {limit}"
                mark = "" if limit is None else "met" if met else "**missed**"
                lines.append(f"| {what} ({kept['events']:,}) | {measure[7:]} | {value:.2f} | {goal} | {mark} |")
    return lines if len(lines) > 2 else []

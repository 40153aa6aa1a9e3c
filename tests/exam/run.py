"""Every exam at full counts, part by part, and a table of what came out; run it with `make exam`.

A part that has passed is not run again for the same commit: its result is kept in the folder `exam`. Changes that are
not committed are warned of, since the results are kept under the commit all the same; delete the folder to start anew.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "exam" / "results.json"

STORES = {"memory": "memory", "sqlite": "SQLite", "logfile": "log file"}
CHANCE = ["racers", "log_proves", "reader_of_the_tail", "many_retrying", "share_one_id", "plain_list"]
JOURNEYS = "every_start or imported or pause or customer_did_next or credits or one_name"
SUITE = {
    "exactly one of 16 and of 64 racers wins, 1,000 rounds each": "racers",
    "the log proves every decision": "log_proves",
    "a tail reader beside 8 writers, 20,000 events": "reader_of_the_tail",
    "16 at once with the same ids, or one in common, 1,000 rounds each": "many_retrying or share_one_id",
    "2,000 histories answered as a plain list would": "plain_list",
    "every other promise of the protocol": f"not ({' or '.join(CHANCE)})",
}
PARTS = {
    f"{shown}: {line}": [f"tests/stores/test_{file}.py", "-k", chosen]
    for file, shown in STORES.items()
    for line, chosen in SUITE.items()
} | {
    f"{shown}: {line}": [f"tests/exam/{file}.py", "-k", ending]
    for ending, shown in {"db": "SQLite", "jsonl": "log file"}.items()
    for file, line in {
        "test_kill": "200 kills of a writer lose nothing acknowledged",
        "test_processes": "exactly one of 4 racing processes wins, 1,000 rounds",
    }.items()
}
PARTS["why: 20,000 values follow from the events that are named"] = ["tests/why/test_sufficiency.py"]
PARTS["settings: the guilty change first of 16, none without one, 100 mailers each"] = [
    "tests/packs/impact/test_impact.py",
    "-k",
    "guilty_change_is_first",
]
PARTS["segments: 100 kills of a builder leave no wrong answer"] = ["tests/segments/test_building.py", "-k", "killed"]

PARTS["journeys: 2,000 histories followed by hand, start by start"] = [
    *(f"tests/packs/{each}" for each in ("touchpoints", "funnels", "attribution")),
    "-k",
    JOURNEYS,
]
PARTS["ledger: 64 refund each of 100 charges, 32 transfer, holds race, books at random"] = [
    "tests/packs/book/test_book.py"
]
PARTS["ledger: of 100,000 lines 60 planted faults are found, none invented"] = [
    "tests/packs/reconciliation/test_reconciling.py",
    "tests/matching/test_matching.py",
]


def main() -> int:
    commit = commit_of_tree()
    results = kept(commit)
    for number, (part, arguments) in enumerate(PARTS.items(), 1):
        if results.get(part, {}).get("passed"):
            continue
        print(f"[{number}/{len(PARTS)}] {part}", flush=True)
        results[part] = run(arguments)
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(json.dumps({"commit": commit, "results": results}, indent=1))
    Console().print(table(results))
    return 0 if all(result["passed"] for result in results.values()) else 1


def commit_of_tree() -> str:
    """The commit; says so when the tree is not what was committed."""
    changed = git("status", "--porcelain", "src", "tests")
    if changed:
        print(f"The results are kept under the last commit, but not everything is committed:\n{changed}", flush=True)
    return git("rev-parse", "HEAD").strip()


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def kept(commit: str) -> dict[str, dict[str, Any]]:
    """The results of this commit that an earlier run left."""
    if not KEPT.exists():
        return {}
    found = json.loads(KEPT.read_text())
    return found["results"] if found["commit"] == commit else {}


def run(arguments: list[str], amount: str = "full") -> dict[str, Any]:
    """Run some tests at full counts, or at those of `make test` for another amount."""
    started = time.monotonic()
    with tempfile.NamedTemporaryFile(suffix=".xml") as report:
        options = [
            "-q",
            "-p",
            "no:cacheprovider",
            "-o",
            "timeout=0",
            "-o",
            "junit_family=xunit1",
            f"--junitxml={report.name}",
        ]
        command = [sys.executable, "-m", "pytest", *options, *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ | {"WHENCE_EXAM": amount}, capture_output=True, text=True
        )
        figures = figures_of(report.read())
    if done.returncode:
        print(done.stdout, done.stderr, flush=True)
    seconds = round(time.monotonic() - started)
    return {"passed": done.returncode == 0, "figures": figures, "seconds": seconds}


def figures_of(report: bytes) -> dict[str, int]:
    """What the tests counted, added up; how many tests there were, for those that count nothing."""
    if not report:
        return {}
    cases = list(ElementTree.fromstring(report).iter("testcase"))
    figures: Counter[str] = Counter()
    for case in cases:
        for counted in case.iter("property"):
            figures[counted.attrib["name"]] += int(counted.attrib["value"])
    return dict(figures) or {"tests": len(cases)}


def table(results: dict[str, dict[str, Any]]) -> Table:
    shown = Table("exam", "outcome", "measured", "seconds", title="make exam", show_lines=True)
    for part in PARTS:
        result = results[part]
        measured = "\n".join(f"{number:,} {figure}" for figure, number in result["figures"].items())
        shown.add_row(part, "passed" if result["passed"] else "FAILED", measured, str(result["seconds"]))
    return shown


if __name__ == "__main__":
    sys.exit(main())

"""Every exam at full counts, part by part, and a table of what came out; run it with `make exam`.

A part that has passed is not run again for the same commit: its result is kept in the folder `exam`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "exam" / "results.json"

STORES = {"memory": "memory", "sqlite": "SQLite", "logfile": "log file"}
CHANCE = ["racers", "log_proves", "reader_of_the_tail", "many_retrying", "plain_list"]
SUITE = {
    "exactly one of 16 and of 64 racers wins, 1,000 rounds each": "racers",
    "the log proves every decision": "log_proves",
    "a tail reader beside 8 writers, 20,000 events": "reader_of_the_tail",
    "16 retrying the same ids at once, 1,000 rounds": "many_retrying",
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
    """The commit, or a name of its own for a tree with changes, which is never resumed."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    changed = subprocess.run(
        ["git", "status", "--porcelain", "src", "tests"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return commit.strip() + (f" changed {time.time_ns()}" if changed else "")


def kept(commit: str) -> dict[str, dict[str, object]]:
    """The results of this commit that an earlier run left."""
    if not KEPT.exists():
        return {}
    found = json.loads(KEPT.read_text())
    return found["results"] if found["commit"] == commit else {}


def run(arguments: list[str]) -> dict[str, object]:
    started = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "timeout=0", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {"WHENCE_EXAM": "full"}, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout, done.stderr, flush=True)
    last = (done.stdout.strip().splitlines() or ["nothing was printed"])[-1]
    return {"passed": done.returncode == 0, "figure": last, "seconds": round(time.monotonic() - started)}


def table(results: dict[str, dict[str, object]]) -> Table:
    shown = Table("exam", "outcome", "tests", "seconds", title="make exam")
    for part in PARTS:
        result = results[part]
        shown.add_row(part, "passed" if result["passed"] else "FAILED", str(result["figure"]), str(result["seconds"]))
    return shown


if __name__ == "__main__":
    sys.exit(main())

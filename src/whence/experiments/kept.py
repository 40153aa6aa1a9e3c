"""Runs of experiments that were kept in folders, read again: what each came to, and which of them can be compared.
Writing them is left to folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from whence.errors import InvalidFile, NotKnown
from whence.experiments.folder import FORMAT, RESULT, RUN

MEASURES = ("named", "hits", "precision", "recall", "lift", "auc", "lead_days")


SETTINGS = (
    "kind",
    "head",
    "observed",
    "changed past",
    "baseline",
    "stage",
    "points needed by the baseline",
    "outcome",
    "within days",
    "age days",
    "samples",
    "seed",
    "measured on",
)
"""What has to be the same in runs for their numbers to be comparable."""


class Kept(msgspec.Struct, frozen=True):
    """A run that was kept: its folder's name, when it was run (ISO 8601; None where run.json is gone), and what
    result.json says."""

    name: str
    started: str | None
    result: dict[str, Any]

    def side(self, role: str) -> str:
        """What the baseline or the candidate is called."""
        return str(self.result[role]["name"])

    def crossed(self, which: str) -> int | None:
        """How many are gained or lost; None without a threshold."""
        crossings = self.result["crossings"]
        return None if crossings is None else len(crossings[which])

    def measure(self, role: str, name: str) -> Any:
        """A measure of the baseline, the candidate or the difference; None without an outcome, or where undefined."""
        prediction = self.result["prediction"]
        if prediction is None:
            return None
        found = prediction[role][name]
        return found["value"] if isinstance(found, dict) else found

    def _changed(self) -> Any:
        """What was changed in the past; how many events there are in it where that is not said."""
        changes = self.result.get("changes") or ()
        return "; ".join(f"{each['how']} {each['said']}" for each in changes) or self.result["past_events"]

    def settings(self) -> dict[str, Any]:
        """What has to be the same in runs for their numbers to be comparable."""
        prediction, crossings = self.result["prediction"] or {}, self.result["crossings"] or {}
        return {
            "kind": self.result["kind"],
            "head": self.result["head"],
            "observed": self.result["observed"],
            "changed past": self._changed(),
            "baseline": f"{self.side('baseline')} {self.result['baseline']['version'][:12]}",
            "stage": crossings.get("stage"),
            "points needed by the baseline": crossings.get("baseline_at"),
            "outcome": ", ".join(prediction["outcome"]) if prediction else None,
            "within days": prediction.get("within_days"),
            "age days": prediction.get("age_days"),
            "samples": self.result["samples"],
            "seed": self.result["seed"],
            "measured on": None,
        }


class KeptGrid(Kept, frozen=True):
    """A grid that was kept. Its baseline is the present card, its candidate the best of the combinations; measures are
    those on the half that had no part in choosing it."""

    def side(self, role: str) -> str:
        return str(self.result["card"]["name"]) if role == "baseline" else f"best of {self.result['tried']:,}"

    def crossed(self, which: str) -> int | None:
        return None

    def measure(self, role: str, name: str) -> Any:
        if role == "baseline":
            told = self.result["present"]["held_out"]
        else:
            best = self.result["best"]
            one = next((each for each in self.result["frontier"] if each["combination"] == best), None)
            told = {} if one is None else one["better" if role == "difference" else "held_out"]
        found = told.get(name)
        return found["value"] if isinstance(found, dict) else found

    def settings(self) -> dict[str, Any]:
        said = {name: self.result[name] for name in ("kind", "head", "observed", "stage", "samples", "seed")}
        return {
            **dict.fromkeys(SETTINGS),
            **said,
            "baseline": f"{self.side('baseline')} {self.result['card']['version'][:12]}",
            "outcome": ", ".join(self.result["outcome"]),
            "within days": self.result["within_days"],
            "measured on": "the half that had no part in the choice",
        }


def kept(paths: Sequence[str | os.PathLike[str]]) -> list[Kept]:
    """The runs in these folders, each a run or a folder of runs, by name within each. Raises NotKnown for a folder that
    has none, and InvalidFile for a result that cannot be read."""
    found: list[Kept] = []
    for path in map(Path, paths):
        folders = [path] if (path / RESULT).is_file() else sorted(each.parent for each in path.glob(f"*/{RESULT}"))
        if not folders:
            remedy = "Keep one: whence experiment lead --candidate v2 --save experiments/v2."
            raise NotKnown("No experiment is kept here", folder=path, remedy=remedy)
        found += map(_read, folders)
    return found


def differing(runs: Sequence[Kept]) -> dict[str, list[Any]]:
    """The settings in which runs differ, with the value of each run: where there are any, their numbers say something
    about different things."""
    every = [run.settings() for run in runs]
    found = {name: [each[name] for each in every] for name in (every[0] if every else ())}
    return {name: values for name, values in found.items() if any(value != values[0] for value in values)}


def side_by_side(runs: Sequence[Kept]) -> Iterator[tuple[str, list[Any]]]:
    """Rows of a comparison: a name, and the value of each run. Measures are those of the candidates."""
    yield "candidate", [run.side("candidate") for run in runs]
    yield from ((name, [run.settings()[name] for run in runs]) for name in ("baseline", "head", "stage", "outcome"))
    yield from ((name, [run.crossed(name) for run in runs]) for name in ("gained", "lost"))
    for name in MEASURES:
        yield name, [run.measure("candidate", name) for run in runs]
        yield f"{name}, difference", [run.measure("difference", name) for run in runs]


def _read(folder: Path) -> Kept:
    path = folder / RESULT
    try:
        result = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError) as problem:
        remedy = "Run the experiment again with --save."
        raise InvalidFile("A kept result cannot be read", file=path, problem=str(problem), remedy=remedy) from None
    if result.get("format") != FORMAT:
        remedy = "It was kept by another version of Whence: run the experiment again with --save."
        raise InvalidFile("A kept result has another format", file=path, format=result.get("format"), remedy=remedy)
    sort = KeptGrid if result.get("sort") == "grid" else Kept
    return sort(folder.resolve().name, _started(folder / RUN), result)


def _started(path: Path) -> str | None:
    """When it was run, as run.json says; it says nothing that a result depends on, so it may be gone."""
    try:
        return str(msgspec.json.decode(path.read_bytes(), type=dict[str, Any])["started"])
    except (OSError, KeyError, msgspec.DecodeError):
        return None

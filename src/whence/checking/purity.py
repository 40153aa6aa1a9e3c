"""Whether a model's fold is pure, as far as its code and a sample of real events show: it is read, it is run while its
calls are watched, and run again in another process with another hash seed. It is a check, not a sandbox: what it finds
is impure, and what it does not find may be impure still."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from whence import errors
from whence.checking.probe import Asked, Failed, Seen, look
from whence.config import name_of
from whence.errors import InvalidModel, WhenceError
from whence.events import Recorded
from whence.history import PROGRESS_EVENTS, History, Progress
from whence.impurity import Finding, read_in
from whence.model import Model, ModelLike
from whence.query import Query

ENTITIES_MAX = 50
"""So many of the first and of the last entities are folded, besides one for each event type."""
EVENTS_MAX = 500
"""So many events of each."""
TIMEOUT_S = 120
SEEDS = ("1", "2")
ORDER = "Unless a finding above explains it: sort what comes out of a set before its order is used, sorted(…)."

Sample = Sequence[tuple[str, Sequence[Recorded]]]


class Purity(msgspec.Struct, frozen=True):
    """What was found in a model, and what was looked at: so many entities and events, and types that no sample had.

    `in_processes` is False where the model has no name that another process could load it by; then its calls were
    watched here, and no two processes were compared.
    """

    model: str
    findings: tuple[Finding, ...]
    entities: int
    events: int
    unseen_types: tuple[str, ...] = ()
    in_processes: bool = True

    @property
    def is_pure(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def check_model(
    history: History,
    model: ModelLike,
    *,
    named: str | None = None,
    folder: str | os.PathLike[str] = ".",
    timeout_s: float = TIMEOUT_S,
    progress: Progress | None = None,
) -> Purity:
    """What makes a model's fold impure, on a sample of a history.

    The model is run in two processes of its own, which load it by `named` (`module:Class` or `file.py:Class`, from the
    folder), by default by the module it stands in. Raises FoldFailed when it fails on an event, and InvalidModel when a
    process cannot load it or takes longer than `timeout_s`.
    """
    model = Model.of(model)
    sample, unseen = _sample(history, model, progress)
    found = read_in(model)
    named = named or name_of(model)
    events = sum(len(each) for _, each in sample)
    if isinstance(model.made_of, dict):  # rules in TOML are Whence's own code
        return Purity(model.name, (), len(sample), events, unseen)
    if named is None:
        seen = look(model, sample)
        return Purity(model.name, _merged(found, seen.findings), len(sample), events, unseen, in_processes=False)
    asked = _asked(named, folder, sample)
    first, second = (_seen(asked, seed, timeout_s) for seed in SEEDS)
    unstable = _unstable(model, first, second)
    findings = _merged(found, first.findings, second.findings, unstable)
    return Purity(model.name, findings, len(sample), events, unseen)


def _sample(history: History, model: Model, progress: Progress | None) -> tuple[Sample, tuple[str, ...]]:
    """The first and last entities of the model's kind and one for each event type, with their events in the order of
    the fold; and the types that none of these has."""
    of_type: dict[str, str] = {}
    first: dict[str, None] = {}
    last: deque[str] = deque(maxlen=ENTITIES_MAX)
    prefix = f"{model.kind}:"
    for number, event in enumerate(history.events(), 1):
        if prefix in event.tags_text and (entity := event.entity(model.kind)) is not None:
            of_type.setdefault(event.type, entity)
            if len(first) < ENTITIES_MAX:
                first[entity] = None
            elif entity not in first:
                last.append(entity)
        if progress and number % PROGRESS_EVENTS == 0:
            progress(number, history.head)
    chosen = dict.fromkeys((*first, *of_type.values(), *last))
    sample = [
        (entity, list(islice(history.events(Query.of(tags=[entity]), order=model.order), EVENTS_MAX)))
        for entity in chosen
    ]
    seen = {event.type for _, events in sample for event in events}
    handled = {type for type in of_type if model.step(type) is not None}
    return sample, tuple(sorted(handled - seen))


def _asked(named: str, folder: str | os.PathLike[str], sample: Sample) -> bytes:
    entities = [(entity, [event.to_json() for event in events]) for entity, events in sample]
    return msgspec.json.encode(
        Asked(named, str(Path(folder).absolute()), [os.path.abspath(p) for p in sys.path], entities)
    )


def _seen(asked: bytes, seed: str, timeout_s: float) -> Seen:
    """What a process of its own sees. Raises what it could not do."""
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    line = [sys.executable, "-c", "from whence.checking.probe import main; main()"]
    try:
        done = subprocess.run(line, input=asked, capture_output=True, env=environment, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired:
        remedy = "Does a handler wait for something?"
        raise InvalidModel("The model takes too long on a sample", waited_s=timeout_s, remedy=remedy) from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        problem = said[-1] if said else f"exit code {done.returncode}"
        raise InvalidModel("The process that runs the model ended", problem=problem, remedy="Run the module alone.")
    answer: Any = msgspec.json.decode(done.stdout)
    if "error" in answer:
        failed = msgspec.convert(answer, Failed)
        kind = getattr(errors, failed.error, WhenceError)
        raise kind(failed.fact, remedy=failed.remedy, **failed.facts)
    return msgspec.convert(answer, Seen)


def _unstable(model: Model, one: Seen, other: Seen) -> list[Finding]:
    """A finding for each field that two processes disagree about, on the first entity that shows it."""
    found: dict[str, Finding] = {}
    for entity, fields in one.states.items():
        for field in dict.fromkeys((*fields, *other.states[entity])):
            text, again = fields.get(field, "nothing"), other.states[entity].get(field, "nothing")
            if text != again:
                problem = f"{field} of {entity} is {_short(text)} in one process and {_short(again)} in another"
                found.setdefault(field, Finding("unstable", problem, model.name, ORDER, entity=entity, field=field))
    return list(found.values())


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


def _merged(*lists: Sequence[Finding]) -> tuple[Finding, ...]:
    """All findings, each once though several looked."""
    found: dict[Any, Finding] = {}
    for findings in lists:
        for each in findings:
            where = (each.file, each.line) if each.line is not None else (each.handler,)
            found.setdefault((each.kind, each.problem, *where), each)
    return tuple(found.values())

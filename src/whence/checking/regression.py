"""A failing history becomes a test: a pytest file with an entity's events, its model's import and a rule on its fields.
It fails as long as the code breaks the rule on these events, and passes once the code is right.

The events are written out, so that the file needs no store. The model is imported, not copied, for it is what is to be
mended: `file.py:Class` from where it lies as seen from the test, `module:Class` as Python finds it, and otherwise what
the whence.toml says, rules included, from where that lies; where there is none, the built-in model.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from pprint import pformat

import msgspec

from whence.config import Config
from whence.errors import FoldFailed, NotKnown
from whence.events import Recorded
from whence.expression import Expression
from whence.history import History
from whence.model import Model
from whence.query import Query

WIDTH = 110

TEMPLATE = '''\
"""{title}

Written by `whence test-for`; run it with pytest. The events are those of {entity} in the order of the fold. Give the
function a name that says what should be so, and keep it when the code is right.
"""

from pathlib import Path

from whence import Recorded
from whence.config import {imported}
from whence.expression import Expression

HERE = Path(__file__).parent
RULE = Expression.parse({rule!r})
EVENTS = {events}


def test_{name}():
    model = {model}
    fields = model.fields(model.fold(Recorded.from_json(event) for event in EVENTS))
    read = {{name: fields.get(name) for name in sorted(RULE.names)}}
    assert RULE.holds(fields), f"{{RULE.text}} does not hold: {{read}}"
'''


class Regression(msgspec.Struct, frozen=True):
    """A test that fails now: its text, the rule, how many events it has, and what it reports."""

    text: str
    rule: str
    events: int
    problem: str


def regression(
    history: History,
    model: Model,
    entity: str,
    rule: str,
    *,
    named: str | None,
    config: Config,
    folder: str | os.PathLike[str],
) -> Regression:
    """The test that an entity's events keep a rule, to be written into a folder.

    `named` is how the model was named (`file.py:Class`, as seen from the current folder, or `module:Class`), None for
    the configuration's. Raises NotKnown for an entity without events and for a rule that holds, InvalidModel for one
    that cannot be read or fails for want of a field.
    """
    expression = Expression.parse(rule)
    events = list(history.events(Query.of(tags=[entity]), order=model.order))
    if not events:
        raise NotKnown("Nothing is known of this entity", entity=entity, remedy="Check the tag, or the moment.")
    problem = _problem(model, events, expression)
    model_text, imported = _model_text(named, model.kind, config, Path(folder).absolute())
    text = TEMPLATE.format(
        title=f"{entity} breaks the rule {expression.text}".replace("\\", "\\\\").replace('"""', "'''"),
        entity=entity.replace("\\", "\\\\").replace('"""', "'''"),
        imported=imported,
        rule=expression.text,
        events=_events_text(events),
        name=_name(entity, expression.text),
        model=model_text,
    )
    return Regression(text, expression.text, len(events), problem)


def _problem(model: Model, events: Sequence[Recorded], rule: Expression) -> str:
    """What is wrong now. Raises NotKnown when nothing is."""
    try:
        fields = model.fields(model.fold(events))
    except FoldFailed as failed:
        return str(failed)
    rule.refuse_unknown(fields)
    if rule.holds(fields):
        remedy = "Name a moment at which it is broken (--at @120), or another rule."
        raise NotKnown("The rule holds, so there is no test that fails", rule=rule.text, remedy=remedy)
    return ", ".join(f"{name} = {fields.get(name)!r}"[:200] for name in sorted(rule.names))


def _model_text(named: str | None, kind: str, config: Config, folder: Path) -> tuple[str, str]:
    """The Python that gives the model in the test, and what it imports from whence.config."""
    if named is None:
        if config.path is None:
            return f"Config.nearest(HERE).model({kind!r})", "Config"
        return f"Config.load({_path_text(config.path, folder)}).model({kind!r})", "Config"
    place, _, attribute = named.rpartition(":")
    if not place.endswith(".py"):
        return f"load_model({named!r}, HERE)", "load_model"
    where = os.path.relpath(Path(place).absolute(), folder)
    return f"load_model({f'{Path(where).as_posix()}:{attribute}'!r}, HERE)", "load_model"


def _path_text(path: Path, folder: Path) -> str:
    return f"HERE / {Path(os.path.relpath(path, folder)).as_posix()!r}"


def _events_text(events: Sequence[Recorded]) -> str:
    """The envelopes as a Python list, an event after the other, readable and exact."""
    lines = (pformat(event.to_json(), width=WIDTH, sort_dicts=False).replace("\n", "\n    ") for event in events)
    return "[\n" + "".join(f"    {line},\n" for line in lines) + "]"


def _name(entity: str, rule: str) -> str:
    """The name of the test function, made of the entity and the rule: `lead_42_keeps_score_100`."""
    words = re.findall(r"[a-z0-9]+", f"{entity} keeps {rule}".lower().encode("ascii", "ignore").decode())
    return "_".join(words)[:80].rstrip("_")

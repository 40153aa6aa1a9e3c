"""What the settings' rules come to, as examples."""

from __future__ import annotations

from whence.pack import Scenario
from whence.packs.settings.decisions import set_, unset
from whence.packs.settings.events import Changed
from whence.tree import Edit, version_of


def _changed(values: object, *edits: Edit, **said: object) -> Changed:
    names = [each.key for each in edits]
    return Changed(settings="main", edits=list(edits), version=version_of(values), setting=names, **said)  # type: ignore[arg-type]


SEVENTY = {"scoring": {"threshold": 70}}
SET = _changed(SEVENTY, Edit("scoring.threshold", "add", 70))

SCENARIOS = (
    Scenario("a setting is set", set_.asked("main", "scoring.threshold", 70), then=[SET]),
    Scenario("the same value again is no change", set_.asked("main", "scoring.threshold", 70), [SET]),
    Scenario(
        "70.0 is another value than 70",
        set_.asked("main", "scoring.threshold", 70.0),
        [SET],
        [_changed({"scoring": {"threshold": 70.0}}, Edit("scoring.threshold", "replace", 70.0))],
    ),
    Scenario(
        "a value is not lost to a setting below it",
        set_.asked("main", "scoring.threshold.high", 90),
        [SET],
        refused="below one that is a value",
    ),
    Scenario(
        "what is unset leaves no empty object behind",
        unset.asked("main", "scoring.threshold", why="by scorecard now"),
        [SET],
        [_changed({}, Edit("scoring", "remove"), why="by scorecard now")],
    ),
    Scenario("only what is there is unset", unset.asked("main", "scoring.treshold"), [SET], refused="no such setting"),
)

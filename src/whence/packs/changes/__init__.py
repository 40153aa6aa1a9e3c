"""What was changed in the settings, what is in force since when and by whom, and how two moments differ. Extends
whence.packs.settings. From Python:

    from whence.packs import changes

    changes.compare(db, "2026-01-05")

Read `naming` (which settings are meant), `timeline` (all that was changed, whether somebody said so or not) and
`standing` (what is in force); until here it is said what a change is, and the rest is how it is shown: `wording`
(values and changes as people read them), `tables` and `commands`: `diff`, and `set` and `unset`, which take the place
of those that are made of the decisions.
"""

from whence.pack import Pack
from whence.packs.changes import tables
from whence.packs.changes.standing import compare
from whence.packs.changes.timeline import Change, Difference, changes

PACK = Pack(
    name="settings.changes",
    title="What was changed, and what is in force",
    states=(),
    tables=tables.TABLES,
    commands="whence.packs.changes.commands:COMMANDS",
)

__all__ = ["PACK", "Change", "Difference", "changes", "compare"]

"""What is in force, since when and by whom, and how two moments differ. Extends whence.packs.changes. From Python:

    from whence.packs import active

    active.compare(db, "2026-01-05")

    @1  anna   scoring.threshold = 60
    @2  ben    scoring.threshold = 70, calls.hours = 8

    get        scoring.threshold 70, calls.hours 8
    blame      both since @2, by ben
    diff @1    scoring.threshold: 60 → 70, calls.hours = 8

Read `standing` (each setting in force with the change that set it), `tables` and `commands`: `diff`, and `set` and
`unset`, which take the place of those that are made of the decisions, since they take a setting by its name.
"""

from whence.pack import Pack
from whence.packs.active import tables
from whence.packs.active.standing import compare

PACK = Pack(
    name="settings.active",
    title="What is in force, set by which change",
    states=(),
    tables=tables.TABLES,
    commands="whence.packs.active.commands:COMMANDS",
)

__all__ = ["PACK", "compare"]

"""The way back: to a moment, past the last changes, or on one change alone. Extends whence.packs.changes. From Python:

    from whence.packs import rollback

    rollback.rollback(db, last=1, by="anna", preview=True)

Read `way` (what goes back, and what was changed since and stays) and `commands`.
"""

from whence.pack import Pack
from whence.packs.rollback.way import Rollback, rollback

PACK = Pack(
    name="settings.rollback",
    title="The way back: to a moment, or on one change",
    states=(),
    commands="whence.packs.rollback.commands:COMMANDS",
)

__all__ = ["PACK", "Rollback", "rollback"]

"""Settings: every configuration value, threshold, flag and prompt as events with author, reason and time; what changed
before something went wrong, what a change did to an outcome, and the way back. From Python:

    from whence.packs import settings

    settings.rollback(db, last=1, by="anna", preview=True)
"""

from importlib.resources import files

from whence.pack import Pack
from whence.packs.settings import affected, decisions, suspects, tables
from whence.packs.settings.changefile import import_changes
from whence.packs.settings.comparing import compare
from whence.packs.settings.git import import_git
from whence.packs.settings.recording import Imported, Version, observe, record
from whence.packs.settings.scenarios import SCENARIOS
from whence.packs.settings.state import Document, as_configured
from whence.packs.settings.timeline import Change, Difference, changes
from whence.packs.settings.watching import Seen, scan, watch
from whence.packs.settings.wayback import Rollback, rollback, version_at

PACK = Pack(
    name="settings",
    title="Settings: what changed, who, when and why, what it did, and the way back",
    states=(Document,),
    decisions=decisions.DECISIONS,
    tables=(*tables.TABLES, suspects.suspects, affected.affected),
    scenarios=SCENARIOS,
    configuration=(files(__package__) / "whence.toml").read_text(encoding="utf-8"),
    commands="whence.packs.settings.commands:COMMANDS",
    settings=("settings.Changed",),
    configure=lambda table: [as_configured(table)],
)

__all__ = [
    "PACK",
    "Change",
    "Difference",
    "Document",
    "Imported",
    "Rollback",
    "Seen",
    "Version",
    "changes",
    "compare",
    "import_changes",
    "import_git",
    "observe",
    "record",
    "rollback",
    "scan",
    "version_at",
    "watch",
]

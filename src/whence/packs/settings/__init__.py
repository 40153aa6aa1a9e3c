"""Settings: every configuration value, threshold, flag and prompt as events with author, reason and time; what changed
before something went wrong, what a change did to an outcome, and the way back. From Python:

    from whence.packs import settings

    settings.rollback(db, last=1, by="anna", preview=True)

Read, in this order: `events`, `naming` (what settings are called; keys, and how two trees of values differ, are
whence.tree's), `schema`, `state` (a document as it stands), `decisions` and `scenarios`; then `changes` (all that was
changed), `standing` (what is in force), `tables`, `wording` (how both are said), `rollback` and `commands`. Three
subjects have a folder of their own: `files` that are watched or imported, `incidents` (what may it have been, what did
it touch), and `impact` (what each change did to an outcome).
"""

from importlib.resources import files as resources

from whence.pack import Pack
from whence.packs.settings import decisions, tables
from whence.packs.settings.changes import Change, Difference, changes
from whence.packs.settings.files.changefile import import_changes
from whence.packs.settings.files.git import import_git
from whence.packs.settings.files.recording import Imported, Version, observe, record
from whence.packs.settings.files.watching import Seen, scan, watch
from whence.packs.settings.incidents.affected import affected
from whence.packs.settings.incidents.claims import claims
from whence.packs.settings.incidents.suspects import suspects
from whence.packs.settings.rollback import Rollback, rollback
from whence.packs.settings.scenarios import SCENARIOS
from whence.packs.settings.standing import compare, version_at
from whence.packs.settings.state import Document, as_configured

PACK = Pack(
    name="settings",
    title="Settings: what changed, who, when and why, what it did, and the way back",
    states=(Document,),
    decisions=decisions.DECISIONS,
    tables=(*tables.TABLES, claims, suspects, affected),
    scenarios=SCENARIOS,
    configuration=(resources(__package__) / "whence.toml").read_text(encoding="utf-8"),
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

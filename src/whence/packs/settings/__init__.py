"""Settings: every configuration value, threshold, flag and prompt as events with author, reason and time; what is in
force, and what was changed. From Python:

    from whence.packs import settings

    settings.compare(db, "2026-01-05")

Read, in this order: `events`, `naming` (what settings are called; keys, and how two trees of values differ, are
whence.tree's), `state` (a document as it stands), `decisions` and `scenarios`; then `changes` (all that was
changed), `standing` (what is in force), `tables`, `wording` (how both are said) and `commands`.

Four packs extend this one: whence.packs.rollback (the way back), whence.packs.documents (files that are watched or
imported, and all versions), whence.packs.incidents (which change may it have been, what did it touch) and
whence.packs.impact (what each change did to an outcome).
"""

from importlib.resources import files

from whence.pack import Pack
from whence.packs.settings import decisions, tables
from whence.packs.settings.changes import Change, Difference, changes
from whence.packs.settings.scenarios import SCENARIOS
from whence.packs.settings.standing import compare, version_at
from whence.packs.settings.state import Configuration, Document, as_configured

PACK = Pack(
    name="settings",
    title="Settings: what changed, who, when and why, what it did, and the way back",
    states=(Document,),
    decisions=decisions.DECISIONS,
    tables=tables.TABLES,
    scenarios=SCENARIOS,
    configuration=(files(__package__) / "whence.toml").read_text(encoding="utf-8"),
    commands="whence.packs.settings.commands:COMMANDS",
    settings=("settings.Changed",),
    keys=Configuration.__struct_fields__,
    configure=as_configured,
)

__all__ = ["PACK", "Change", "Difference", "Document", "changes", "compare", "version_at"]

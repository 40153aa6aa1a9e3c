"""Settings: every configuration value, threshold, flag and prompt as events with author, reason and time. From Python:

    from whence.packs import settings

    db.decide("settings.set", "main", "scoring.threshold", 65, by="anna", why="too many calls")
    settings.version_at(db)

Read, in this order: `naming` (what settings are called; keys, and how two trees of values differ, are whence.tree's),
`events`, `state` (a document as it stands; what its values may be, is whence.schema's), `decisions` and `scenarios`.
That is all that is kept and decided; how it is answered is in the packs that extend this one.

The first is whence.packs.changes: what was changed. On it rest whence.packs.active (what is in force, and `set` and
`unset` as commands that show what they change), whence.packs.rollback (the way back), whence.packs.documents (files
that are imported, and all versions), whence.packs.watching (files that are followed), whence.packs.incidents (which
change may it have been, what did it touch) and whence.packs.impact (what each change did to an outcome).
"""

from importlib.resources import files

from whence.pack import Pack
from whence.packs.settings import decisions
from whence.packs.settings.scenarios import SCENARIOS
from whence.packs.settings.state import Configuration, Document, as_configured, version_at

PACK = Pack(
    name="settings",
    title="Settings: what changed, who, when and why, what it did, and the way back",
    states=(Document,),
    decisions=decisions.DECISIONS,
    scenarios=SCENARIOS,
    configuration=(files(__package__) / "whence.toml").read_text(encoding="utf-8"),
    settings=("settings.Changed",),
    keys=Configuration.__struct_fields__,
    configure=as_configured,
)

__all__ = ["PACK", "Document", "version_at"]

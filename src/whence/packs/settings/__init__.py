"""Settings: every configuration value, threshold, flag and prompt as events with author, reason and time. From Python:

    from whence.packs import settings

    db.decide("settings.set", "main", "scoring.threshold", 65, by="anna", why="too many calls")
    settings.version_at(db)

A document is a tree of values, `main` or a file; a setting is one of its values, and a change of some is one event.
Read, in this order: `naming` (what settings are called; keys, and how two trees of values differ, are whence.tree's),
`events`, `state` (a document as it stands; what its values may be, is whence.schema's), `decisions` and `scenarios`.

That is all that is kept and decided. How it is answered is in the packs that extend this one: whence.packs.changes
(what was changed), and on it active, rollback, documents, watching, incidents and impact.
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

"""What was changed in the settings, by whom, when and why, whether somebody said so or not. Extends
whence.packs.settings. From Python:

    from whence.packs import changes

    changes.changes(db.history())

Read `naming` (which settings are meant), `change` (what a change is), `sources` (where changes come from) and
`timeline` (all of them, in order); the rest is how they are shown: `wording` (values and changes as people read them),
`log` (the table) and `showing` (what differs, as the commands of other packs print it).
"""

from whence.pack import Pack
from whence.packs.changes.change import Change, Difference
from whence.packs.changes.log import log
from whence.packs.changes.timeline import changes

PACK = Pack(name="settings.changes", title="What was changed", states=(), tables=(log,))

__all__ = ["PACK", "Change", "Difference", "changes"]

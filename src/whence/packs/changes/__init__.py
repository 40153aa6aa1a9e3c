"""What was changed in the settings, by whom, when and why, whether somebody said so or not. Extends
whence.packs.settings. From Python:

    from whence.packs import changes

    changes.changes(db.history())

Read `change` (what a change is), `sources` (where changes come from), `timeline` (all of them, in order) and `log` (the
table). What differs is told by whence.valuediff, and which settings are meant by whence.packs.settings.naming.
"""

from whence.pack import Pack
from whence.packs.changes.change import Change
from whence.packs.changes.log import log
from whence.packs.changes.timeline import changes
from whence.valuediff import Difference

PACK = Pack(name="settings.changes", title="What was changed", states=(), tables=(log,))

__all__ = ["PACK", "Change", "Difference", "changes"]

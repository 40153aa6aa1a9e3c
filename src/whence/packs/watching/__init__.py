"""Files and folders that are followed: each change of one becomes a change of its document. Extends
whence.packs.documents, by which a file is read and its versions are recorded. From Python:

    from whence.packs import watching

    watching.watch(db, ["config", "prompts/email.txt"], by="deploy")

Read `following` (how the files stand now, and each time something is written) and `commands`.
"""

from whence.pack import Pack
from whence.packs.watching.following import Seen, scan, watch

PACK = Pack(
    name="settings.watching",
    title="Files and folders that are followed",
    states=(),
    commands="whence.packs.watching.commands:COMMANDS",
)

__all__ = ["PACK", "Seen", "scan", "watch"]

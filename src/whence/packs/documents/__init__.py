"""Settings that are kept in files: each version of one becomes a change of its document. Extends whence.packs.settings.
From Python:

    from whence.packs import documents

    documents.watch(db, ["config", "prompts/email.txt"], by="deploy")

Read `recording` (versions as changes, each once), `reading` (the values that a file says), and then the three from
which versions come: `watching` (files as they are written), `git` (a repository's history), `changefile` (a list of
changes); last `versions` (all there were, as a table) and `commands`.
"""

from whence.pack import Pack
from whence.packs.documents.changefile import import_changes
from whence.packs.documents.git import import_git
from whence.packs.documents.recording import Imported, Version, observe, record
from whence.packs.documents.versions import versions
from whence.packs.documents.watching import Seen, scan, watch

PACK = Pack(
    name="settings.documents",
    title="Settings that are kept in files",
    states=(),
    tables=(versions,),
    commands="whence.packs.documents.commands:COMMANDS",
)

__all__ = ["PACK", "Imported", "Seen", "Version", "import_changes", "import_git", "observe", "record", "scan", "watch"]

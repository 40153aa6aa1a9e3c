"""Settings that are kept in files: each version of one becomes a change of its document. Extends whence.packs.settings
and whence.packs.changes. From Python:

    from whence.packs import documents

    documents.import_git(db, "config/flags.json", document="flags")

Read `recording` first: versions as changes, each once. The rest brings versions and shows them: `importing` (histories
that git or another tool has kept), `versions` (all there were, as a table) and `commands`. Which values a file says is
left to whence.treefile, files as they are written to whence.packs.watching.
"""

from whence.pack import Pack
from whence.packs.documents.importing import import_changes, import_git
from whence.packs.documents.recording import Imported, Version, observe, record
from whence.packs.documents.versions import versions

PACK = Pack(
    name="settings.documents",
    title="Settings that are kept in files",
    states=(),
    tables=(versions,),
    commands="whence.packs.documents.commands:COMMANDS",
)

__all__ = ["PACK", "Imported", "Version", "import_changes", "import_git", "observe", "record"]

"""The command that writes the evidence of a period."""

from __future__ import annotations

from whence.app import Whence
from whence.cli import exits, screen
from whence.cli.packs import pack_command
from whence.cli.screen import Form
from whence.packs.evidence import folder as folders


@pack_command("ledger")
def evidence(db: Whence, form: Form, period: str, folder: str) -> int:
    """$ whence ledger evidence 2026-03 evidence/2026-03

    The evidence of a closed period, as one folder.

    It has a page to print, index.html, the tables behind it as CSV, and digests.json with the SHA-256 of each and of
    the files that were posted or compared. The same history gives the same bytes.
    """
    for path in folders.evidence(db, period, folder):
        screen.styled(str(path), "cyan")
    return exits.OK


COMMANDS = (evidence,)

"""Posting files: every line of a source as a balanced transaction, once, or why it is refused. What a line comes to is
left to whence.packs.sources, which this builds on.

Read first whence.packs.sources, and `writing` of whence.packs.book: how one transaction is appended. Read this in this
order: `events`; `batches`, many transactions in one append; `files`, a whole file; `commands`."""

from whence.pack import Pack
from whence.packs.posting.events import CODEC

PACK = Pack(
    name="ledger.posting",
    title="Ledger: files that are posted by rules",
    states=(),
    codec=CODEC,
    commands="whence.packs.posting.commands:COMMANDS",
)

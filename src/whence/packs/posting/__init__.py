"""Posting files: what a line of a source comes to as a balanced transaction, once, or why it is refused.

Read it in this order: `sources`, the rules by which a line is posted; `events`; `batches`, many transactions in one
append; `files`, a whole file; `commands`. How a file is read at all is whence.moneyfiles."""

from importlib import resources

from whence.moneyfiles.layout import checking
from whence.pack import Pack
from whence.packs.posting.events import CODEC
from whence.packs.posting.sources import PostingSource

PACK = Pack(
    name="ledger.posting",
    title="Ledger: files that are posted by rules",
    states=(),
    codec=CODEC,
    configuration=resources.files("whence.packs.posting").joinpath("whence.toml").read_text("utf-8"),
    commands="whence.packs.posting.commands:COMMANDS",
    keys=("source",),
    configure=checking("pack.ledger", "source", PostingSource),
)

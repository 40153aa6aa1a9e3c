"""The evidence of a closed period: one folder to hand over, with a page to print, the tables behind it and digests.

Read it in this order: `sheets`, the tables of a period; `page`, the same to be read and signed (`page.html` is what it
says, `page.css` how it looks); `folder`, all of it with its digests; and `commands`."""

from whence.pack import Pack

PACK = Pack(
    name="ledger.evidence",
    title="Ledger: the evidence of a closed period, as a folder",
    states=(),
    commands="whence.packs.evidence.commands:COMMANDS",
)

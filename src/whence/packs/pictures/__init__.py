"""Pictures of a ledger: a balance over time, and the waterfall of what happened to it, as a page that works offline or
as PNG.

Read `pictures`, then `commands`."""

from whence.pack import Pack

PACK = Pack(
    name="ledger.pictures",
    title="Ledger: balances as pictures",
    states=(),
    commands="whence.packs.pictures.commands:COMMANDS",
)

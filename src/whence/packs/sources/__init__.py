"""Sources of files, such as a bank or a payment processor, and the rules by which a line of a file is a balanced
transaction. Both are data, in whence.toml. Posting what a line comes to is left to whence.packs.posting, which builds
on this.

Read it in this order: `rules`, which line moves which accounts; `source`, the transaction that a line comes to. Both
read lines by whence.moneyfiles.layout. Of a line its `Cells`, texts by column, are

    {"id": "t1", "type": "charge", "amount": "1000", "fee": "30", "net": "970", "currency": "eur"}

and a `Layout` is the table of whence.toml that says how they are read: here that 970 are 9.70. A `Term` is a column of
a sum, with its sign: net is 970, -net is -970, and fee? would be 0 where the cell is empty. A `Text` is a function from
cells to a text: "assets:{type}" makes assets:charge."""

from importlib import resources

from whence.moneyfiles.layout import checking
from whence.pack import Pack
from whence.packs.sources.source import PostingSource

PACK = Pack(
    name="ledger.sources",
    title="Ledger: sources of files, and the rules by which a line is a transaction",
    states=(),
    configuration=resources.files("whence.packs.sources").joinpath("whence.toml").read_text("utf-8"),
    keys=("source",),
    configure=checking("pack.ledger", "source", PostingSource),
)

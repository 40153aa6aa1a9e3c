"""Whether the balances of a ledger agree: debits with credits, and what was posted with what its source states. It adds
`whence ledger trial-balance`, `ties` and `reported` to the pack ledger.

Read `trialbalance`, then `ties`."""

from whence.pack import Pack
from whence.packs.balancing.ties import reported, ties
from whence.packs.balancing.trialbalance import trial_balance

PACK = Pack(
    name="ledger.balancing",
    title="Ledger: a trial balance, and balances beside those that a source states",
    states=(),
    tables=(trial_balance, ties, reported),
)

"""The ledger: double entry in which every balance can be traced to its entries, as of any day, by either clock.

Read it in this order, as any pack: `events`, `money`, `state`, `decisions`, `scenarios`; then `entries`, of which
`tables`, `columns` and `pictures` are made; `configuration` and `commands` come last. Four subjects stand in folders of
their own and are read by themselves: `book`, which moves money; `files`, which are posted by rules; `reconciling`,
which compares two sides; and `closing`, which signs a period."""

from importlib import resources

from whence.pack import Pack
from whence.packs.ledger import decisions, tables
from whence.packs.ledger.closing import periods
from whence.packs.ledger.configuration import checked
from whence.packs.ledger.reconciling import keeping, ties
from whence.packs.ledger.reconciling.state import Difference, settle
from whence.packs.ledger.scenarios import SCENARIOS
from whence.packs.ledger.state import Account, Charge, Hold, Periods, Transaction

PACK = Pack(
    name="ledger",
    title="Ledger: balances with their entries, on any day, that tie to the bank's file",
    states=(Account, Charge, Hold, Transaction, Periods, Difference),
    decisions=(decisions.open_, decisions.limit, decisions.retire, settle),
    tables=(
        tables.accounts,
        tables.balance,
        tables.statement,
        tables.trial_balance,
        tables.holds,
        tables.charges,
        ties.ties,
        ties.reported,
        keeping.differences,
        keeping.ageing,
        keeping.reconciliations,
        periods.periods,
        periods.since_close,
    ),
    scenarios=SCENARIOS,
    configuration=resources.files("whence.packs.ledger").joinpath("whence.toml").read_text("utf-8"),
    commands="whence.packs.ledger.commands:COMMANDS",
    configure=checked,
)

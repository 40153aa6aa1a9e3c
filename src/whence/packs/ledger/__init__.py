"""The ledger: double entry in which every balance can be traced to its entries, as of any day, by either clock.

Read it in this order: `events` and `state`; `laws`, what is allowed; `verbs`, what a charge or a refund comes to;
`book`, under which condition it is appended; `entries` and `tables`, what is asked; `sources` and `posting`, files."""

from importlib.resources import files

from whence.pack import Pack
from whence.packs.ledger import closing, decisions, tables, ties
from whence.packs.ledger.configuration import checked
from whence.packs.ledger.reconciliation import keeping
from whence.packs.ledger.scenarios import SCENARIOS
from whence.packs.ledger.state import Account, Charge, Difference, Hold, Periods, Transaction

PACK = Pack(
    name="ledger",
    title="Ledger: balances with their entries, on any day, that tie to the bank's file",
    states=(Account, Charge, Hold, Transaction, Periods, Difference),
    decisions=(decisions.open_, decisions.limit, decisions.retire, decisions.settle),
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
        closing.periods,
        closing.since_close,
    ),
    scenarios=SCENARIOS,
    configuration=files("whence.packs.ledger").joinpath("whence.toml").read_text("utf-8"),
    commands="whence.packs.ledger.commands:COMMANDS",
    configure=checked,
)

"""Examples of the decisions about an account; each is true, and `whence packs ledger` checks it."""

from __future__ import annotations

from decimal import Decimal

from whence.pack import Scenario
from whence.packs.ledger.decisions import limit, open_, retire
from whence.packs.ledger.events import AccountClosed, AccountOpened, LimitChanged, Posted, Posting

WALLET = AccountOpened("wallets:ben", "liability", "EUR", 0)
PAID_IN = Posted("t-1", "deposit", (Posting("assets:bank", 500, "EUR"), Posting("wallets:ben", -500, "EUR")))
PAID_OUT = Posted("t-2", "payout", (Posting("wallets:ben", 500, "EUR"), Posting("assets:bank", -500, "EUR")))

SCENARIOS = (
    Scenario(
        "a wallet that may not be overdrawn",
        open_.asked("wallets:ben", type="liability", currency="EUR", floor=Decimal(0)),
        then=[WALLET],
    ),
    Scenario(
        "an account is opened once", open_.asked("wallets:ben", type="liability"), [WALLET], refused="such an account"
    ),
    Scenario("a limit needs a currency", open_.asked("x", type="asset", floor=Decimal(0)), refused="one currency"),
    Scenario(
        "a good customer may go below",
        limit.asked("wallets:ben", floor=Decimal("-50"), reason="good"),
        [WALLET],
        [LimitChanged("wallets:ben", -5000, "good")],
    ),
    Scenario("the same limit again is nothing", limit.asked("wallets:ben", floor=Decimal(0), reason="x"), [WALLET]),
    Scenario(
        "an account with money on it stays",
        retire.asked("wallets:ben", reason="left us"),
        [WALLET, PAID_IN],
        refused="Something is left",
    ),
    Scenario(
        "an empty one is closed",
        retire.asked("wallets:ben", reason="left us"),
        [WALLET, PAID_IN, PAID_OUT],
        [AccountClosed("wallets:ben", "left us")],
    ),
)

"""What is decided about the stage of a lead, by examples that are true."""

from decimal import Decimal

from whence.pack import Scenario
from whence.packs.advancing.decisions import lose, move, win
from whence.packs.leads.events import Created, Lost, Moved, Won

NEW = (Created("42", "website"),)
CONTACTED = (*NEW, Moved("42", "contacted", "called"))
QUALIFIED = (*CONTACTED, Moved("42", "qualified", "has a budget"))

SCENARIOS = (
    Scenario(
        "it moves as the pipeline allows",
        move.asked("42", "contacted", reason="called"),
        NEW,
        [Moved("42", "contacted", "called")],
    ),
    Scenario(
        "it does not jump", move.asked("42", "proposal", reason="hurry"), NEW, refused="may go to: contacted, qualified"
    ),
    Scenario("a stage has its name", move.asked("42", "contactd", reason="x"), NEW, refused="mean contacted"),
    Scenario("a move to where it is does nothing", move.asked("42", "contacted", reason="again"), CONTACTED),
    Scenario("a lead is not moved to won", move.asked("42", "won", reason="x"), QUALIFIED, refused="leads win"),
    Scenario(
        "a lead buys, for an amount",
        win.asked("42", reason="price", amount=Decimal("1200.50"), currency="EUR"),
        QUALIFIED,
        [Won("42", "won", Decimal("1200.50"), "EUR", "price")],
    ),
    Scenario("a new lead is not won at once", win.asked("42", reason="x"), NEW, refused="does not allow"),
    Scenario(
        "an amount is in a currency",
        win.asked("42", reason="x", amount=Decimal(5)),
        QUALIFIED,
        refused="in a currency",
    ),
    Scenario("winning twice does nothing", win.asked("42", reason="x"), [*QUALIFIED, Won("42", "won")]),
    Scenario("a lead is lost, and why", lose.asked("42", reason="budget"), NEW, [Lost("42", "lost", "budget")]),
    Scenario(
        "one that was lost may be called again",
        move.asked("42", "contacted", reason="new budget"),
        [*NEW, Lost("42", "lost", "budget")],
        [Moved("42", "contacted", "new budget")],
    ),
)

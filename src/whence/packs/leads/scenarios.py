"""What is decided about a lead, by examples that are true."""

from decimal import Decimal

from whence.pack import Scenario
from whence.packs.leads.decisions import assign, change, create, lose, move, score, touch, win
from whence.packs.leads.events import Assigned, Changed, Created, Lost, Moved, Scored, Touched, Won

NEW = (Created("42", "website"),)
CONTACTED = (*NEW, Moved("42", "contacted", "called"))
QUALIFIED = (*CONTACTED, Moved("42", "qualified", "has a budget"))

SCENARIOS = (
    Scenario(
        "a lead begins with its source and its owner",
        create.asked("42", source="website", owner="anna"),
        then=[Created("42", "website"), Assigned("42", "anna")],
    ),
    Scenario("a lead is created once", create.asked("42"), NEW, refused="there already"),
    Scenario(
        "what is not named stays as it was",
        change.asked("42", employees=60, reason="annual report"),
        NEW,
        [Changed("42", employees=60, reason="annual report")],
    ),
    Scenario("a change changes something", change.asked("42"), NEW, refused="Nothing is changed"),
    Scenario(
        "somebody opens an e-mail",
        touch.asked("42", "opened", campaign="spring"),
        NEW,
        [Touched("42", "opened", "spring")],
    ),
    Scenario("nobody touches a lead that is not there", touch.asked("7", "opened"), NEW, refused="No such lead"),
    Scenario("a lead goes to another owner", assign.asked("42", "ben"), NEW, [Assigned("42", "ben")]),
    Scenario("its owner gets it no second time", assign.asked("42", "ben"), [*NEW, Assigned("42", "ben")]),
    Scenario(
        "a person gives a score, and says why",
        score.asked("42", 55, reason="knows us"),
        NEW,
        [Scored("42", 55, "knows us", "by hand")],
    ),
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

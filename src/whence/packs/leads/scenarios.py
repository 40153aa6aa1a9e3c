"""What is decided about a lead, by examples that are true."""

from whence.pack import Scenario
from whence.packs.leads.decisions import assign, change, create, score, touch
from whence.packs.leads.events import Assigned, Changed, Created, Scored, Touched

NEW = (Created("42", "website"),)

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
)

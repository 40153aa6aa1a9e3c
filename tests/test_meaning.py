"""Events of others are read as those of a pack, whichever it is."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import msgspec
import pytest

import whence
from whence.codec import Codec, Tag
from whence.errors import FoldFailed, InvalidConfig
from whence.events import Event, Recorded
from whence.meaning import Vocabulary, add_readers, reading
from whence.model import on
from whence.stores.memory import MemoryStore


class Opened(msgspec.Struct, frozen=True):
    event_type: ClassVar[str] = "ticket.Opened"
    ticket: Annotated[str, Tag]
    subject: str


class Closed(msgspec.Struct, frozen=True):
    event_type: ClassVar[str] = "ticket.Closed"
    ticket: Annotated[str, Tag]
    reason: str | None = None


TICKETS = Vocabulary(
    key="pack.tickets.events",
    kind="ticket",
    events=(Opened, Closed),
    examples=('MailReceived = "Opened"', 'CallEnded = { as = "Closed", reason = "by phone" }'),
    more={Opened: ("agent",)},
)


def recorded(data: Any, *tags: str) -> Recorded:
    store = MemoryStore()
    store.append([Event("X", data, tags, actor="anna")])
    return next(iter(store.read()))


def read(said: Any, data: Any, *tags: str) -> Any:
    found = (meaning.of(recorded(data, *tags)) for meaning in TICKETS.meanings({"X": said})["X"])
    return next((event for event in found if event is not None), None)


def test_fields_come_by_their_names_as_they_are_fixed_or_from_others() -> None:
    assert read("Opened", {"subject": "broken"}, "customer:1", "ticket:42") == Opened("42", "broken")
    assert read({"as": "ticket.Closed", "reason": "by phone"}, {}, "ticket:42") == Closed("42", "by phone")
    assert read({"as": "Closed", "reason": "$how.text"}, {"how": {"text": "fixed"}}, "ticket:4") == Closed("4", "fixed")
    assert read({"as": "Closed", "reason": "$actor"}, {}, "ticket:4") == Closed("4", "anna")
    assert read({"as": "Closed", "reason": "$cents * 0.01"}, {"cents": 1205}, "ticket:4") == Closed("4", "12.05")


def test_the_first_that_holds_counts_and_what_is_not_read_means_nothing() -> None:
    said = [{"when": {"status": "done"}, "as": "Closed"}, {"as": "Opened", "subject": "$status"}]
    assert read(said, {"status": "done"}, "ticket:4") == Closed("4")
    assert read(said, {"status": "new"}, "ticket:4") == Opened("4", "new")
    assert read(False, {}, "ticket:4") is None


def test_what_does_not_fit_is_said_with_the_key_of_the_pack() -> None:
    for data, value in (({}, ""), ({"subject": 5}, "Value: '5', ")):
        at = r"Position: 1, Type: X, Line: pack.tickets.events.X, Field: subject, " + value
        with pytest.raises(FoldFailed, match=rf"not read as Opened \({at}.*Change that line.*whence show @1"):
            read("Opened", data, "ticket:4")


def test_of_a_lenient_line_what_fits_is_read() -> None:
    said = {"as": "Closed", "reason": "$cents * 0.01", "lenient": True}
    assert read(said, {"cents": "many"}, "ticket:4") == Closed("4")
    assert read({"as": "Closed", "lenient": True}, {"reason": 5}, "ticket:4") == Closed("4")
    assert read({"as": "Opened", "lenient": True}, {"subject": 5}, "ticket:4") is None
    with pytest.raises(FoldFailed, match=r"Field: reason.*cents is no number: 'many'"):
        read(said | {"lenient": False}, {"cents": "many"}, "ticket:4")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"X": "Openned"}, "Did you mean Opened"),
        ({"X": {"as": "Closed", "agent": "a"}}, "No such field"),
        ({"X": 4}, "Write CallEnded = "),
        ({"X": {"as": "Closed", "when": "done"}}, "pack.tickets.events.X.when"),
        ({"X": {"as": "Closed", "lenient": "yes"}}, "Write lenient = true"),
        ({"no good": "Closed"}, "pack.tickets.events.no good"),
        (["X"], 'Write MailReceived = "Opened"'),
    ],
)
def test_a_wrong_table_is_refused_with_its_key(table: Any, said: str) -> None:
    with pytest.raises(InvalidConfig, match=said):
        TICKETS.meanings(table)
    assert TICKETS.meanings({"X": {"as": "Opened", "agent": "$by"}})["X"][0].fields.keys() == {"agent"}


class Ticket:
    kind = "ticket"
    codec = Codec(Opened, Closed)

    def __init__(self) -> None:
        self.said: list[str] = []

    @on(Opened)
    def opened(self, event: Opened, recorded: Recorded) -> None:
        self.said.append(event.subject)

    @on(Closed)
    def closed(self, event: Closed, recorded: Recorded) -> None:
        self.said.append(f"closed by {event.reason}")


def test_a_state_goes_by_others_events_and_a_subclass_by_its_own_meanings() -> None:
    class Read(Ticket):
        """A ticket."""

    def alone(_: Any, event: Any, *__: Any) -> list[Any]:
        return [event]

    add_readers(Read, TICKETS.meanings({"MailReceived": "Opened", "CallEnded": "Closed"}), alone)
    other = reading(
        Read, TICKETS.meanings({"MailReceived": False, "CallEnded": {"as": "Closed", "reason": "us"}}), alone
    )
    events = [
        Event("MailReceived", {"subject": "broken"}, ["ticket:1"]),
        Event("CallEnded", {"reason": "them"}, ["ticket:1"]),
    ]
    with whence.open(":memory:") as db:
        db.append(events)
        assert db.history().state(Read, "ticket:1").said == ["broken", "closed by them"]
        assert db.history().state(other, "ticket:1").said == ["closed by us"]
    assert (other.__name__, other.__doc__) == ("ConfiguredRead", "A ticket.")

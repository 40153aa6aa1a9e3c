"""An open store takes what people write, and says what to write instead where it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest

from whence.app import Whence
from whence.codec import Codec, Tag
from whence.config import Config
from whence.errors import InvalidEvent, InvalidInput, InvalidModel, InvalidQuery, InvalidTime
from whence.events import Event
from whence.history import At
from whence.model import Model, on
from whence.moments import zone_of
from whence.stores.memory import MemoryStore


class Moved(msgspec.Struct, frozen=True):
    deal: Annotated[str, Tag]
    stage: str


class Deal:
    kind = "deal"
    stage = "new"

    @on(Moved)
    def moved(self, event: Moved) -> None:
        self.stage = event.stage


class Owner:
    kind = "owner"
    deals = 0

    @on()
    def counted(self, event: Any) -> None:
        self.deals += 1


CODEC = Codec(Moved)
WON = Event("Moved", {"deal": "D1", "stage": "won"}, ["deal:D1"], time="2026-01-07T23:30:00Z")  # type: ignore[arg-type]


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Whence]:
    with Whence(MemoryStore(), Config(tmp_path)) as opened:
        yield opened


def test_events_are_appended_one_by_one_or_as_one_list(db: Whence) -> None:
    one, two = Event("A"), Event("B")
    assert list(db.append(one)) == [1]
    assert list(db.append(one, two)) == [2, 3]
    assert list(db.append([one, two])) == [4, 5]
    assert list(db.append(each for each in (one, two))) == [6, 7]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"type": "A"}, "Write Event"),
        ([{"type": "A"}], "Write Event"),
        ("A", "Write Event"),
        (5, "Write Event"),
        (Moved("D1", "won"), "codec.event"),
    ],
    ids=repr,
)
def test_what_is_no_event_is_refused_with_what_to_write(db: Whence, given: Any, said: str) -> None:
    with pytest.raises(InvalidEvent, match=said):
        db.append(given)
    with pytest.raises(InvalidEvent, match=said):
        db.execute("deal:D1", lambda _: given)
    assert db.store.head() == 0


def test_an_event_that_was_read_says_how_it_is_appended_again(db: Whence) -> None:
    db.append(WON)
    with pytest.raises(InvalidEvent, match="to_event"):
        db.append(*db.log())  # type: ignore[arg-type]


def test_a_decision_returns_nothing_one_event_or_several(db: Whence) -> None:
    assert list(db.execute("deal:D1", lambda _: None).positions) == []
    assert list(db.execute("deal:D1", lambda _: WON).positions) == [1]
    assert list(db.execute("deal:D1", lambda _: [WON, WON]).positions) == [2, 3]


def test_a_class_goes_wherever_a_model_goes(db: Whence) -> None:
    db.append(CODEC.event(Moved("D1", "won")))
    assert db.state("deal:D1", model=Deal) == {"stage": "won"}
    assert db.states("deal", model=Deal) == {"deal:D1": {"stage": "won"}}
    assert db.history().state(Deal, "deal:D1").stage == "won"
    assert db.history().states(Deal)["deal:D1"].stage == "won"
    assert db.why("deal:D1", "stage", model=Deal).value == "won"
    assert [change.field for change in db.diff("deal:D1", "@0", model=Deal)] == ["stage"]
    assert db.open_case("deal:D1", "Rated", model=Deal).state == {"stage": "won"}
    decided = db.execute("deal:D1", lambda deal: CODEC.event(Moved("D1", deal.stage + "!")), model=Deal)
    assert [event.data["stage"] for event in decided.events] == ["won!"]


def test_each_kind_of_a_decision_has_a_model_of_its_own(db: Whence) -> None:
    def decide(states: dict[str, Any]) -> Event:
        assert isinstance(states["deal:D1"], Deal)
        assert isinstance(states["owner:anna"], Owner)
        return WON

    db.execute(["deal:D1", "owner:anna"], decide, model=[Deal, Model.of(Owner)])
    with pytest.raises(InvalidModel, match="owner:anna"):
        db.execute(["deal:D1", "owner:anna"], decide, model=Deal)
    with pytest.raises(InvalidQuery, match="about an entity"):
        db.execute([], decide)


def test_what_is_no_model_or_of_another_kind_is_refused(db: Whence) -> None:
    db.append(WON)
    with pytest.raises(InvalidModel, match="Pass a class"):
        db.state("deal:D1", model=5)  # type: ignore[arg-type]
    for ask in (lambda: db.state("deal:D1", model=Owner), lambda: db.states("deal", model=Owner)):
        with pytest.raises(InvalidModel, match="another kind"):
            ask()


def test_a_date_means_the_whole_of_that_day_in_the_zone(tmp_path: Path) -> None:
    db = Whence(MemoryStore(), Config(tmp_path).in_zone(zone_of("Europe/Berlin")))
    db.append(WON)  # half past midnight on the 8th in Berlin
    assert db.at(date(2026, 1, 7)) == db.at("2026-01-07")
    assert db.state("deal:D1", at=date(2026, 1, 7)) is None
    assert db.state("deal:D1", at=date(2026, 1, 8)) is not None
    assert len(list(db.log(since=date(2026, 1, 8), until=date(2026, 1, 8)))) == 1
    assert not list(db.log(until=date(2026, 1, 7)))


def test_a_moment_may_be_one_already(db: Whence) -> None:
    assert db.at(At(position=3)) == db.at(3) == db.at("@3")
    assert db.at(datetime(1970, 1, 1, tzinfo=UTC), clock="recorded") == At(recorded_us=0)


@pytest.mark.parametrize("moment", [True, 1.5, b"2026", datetime(2026, 1, 7)], ids=repr)
def test_what_is_no_moment_is_refused(db: Whence, moment: Any) -> None:
    with pytest.raises(InvalidTime):
        db.at(moment)


@pytest.mark.parametrize("time", [date(2026, 1, 7), 1.5, object], ids=repr)
def test_an_event_happened_at_a_time_not_on_a_day(time: Any) -> None:
    with pytest.raises(InvalidTime, match="datetime"):
        Event("A", time=time)
    assert issubclass(InvalidTime, InvalidInput)

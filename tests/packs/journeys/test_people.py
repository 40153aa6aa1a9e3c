"""Who is who: names that events join, that are separated again, and yesterday's answer as it was known yesterday."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("duckdb")

import whence
from tests.packs.conftest import bring
from whence.clock import FixedClock
from whence.errors import InvalidConfig, Refused
from whence.events import Event
from whence.packs import funnels, journeys, timeline, transitions
from whence.packs.journeys.commands import refuse_to_separate
from whence.packs.journeys.events import Identified
from whence.packs.touchpoints import touchpoints
from whence.testing import PackSuite

STEPS = ["Visited", "SignedUp", "Bought"]


class TestJourneys(PackSuite):
    pack = journeys.PACK


def counts(db: whence.Whence, **said: object) -> list[int]:
    with touchpoints(db, **said) as asked:  # type: ignore[arg-type]
        return [row.customers for row in funnels.funnel(asked, STEPS).groups[0].rows]


def story() -> list[Event]:
    return [
        Event("Visited", {}, ("visitor:abc",), time="2026-01-05T09:00:00Z"),
        Event("Visited", {}, ("visitor:def",), time="2026-01-05T10:00:00Z"),
        Event("SignedUp", {}, ("lead:42",), time="2026-01-06T09:00:00Z"),
        Event("Bought", {"amount": 20}, ("customer:7",), time="2026-01-09T09:00:00Z"),
    ]


KINDS = ["customer", "lead", "visitor"]


def test_names_are_joined_through_others_and_separated_again() -> None:
    with whence.open(":memory:") as db:
        db.append(story())
        assert counts(db, kinds=KINDS) == [2, 0, 0]
        db.decide(journeys.identify, "visitor:abc", "lead:42")
        assert counts(db, kinds=KINDS) == [2, 1, 0]
        db.decide(journeys.identify, "customer:7", "lead:42")
        assert counts(db, kinds=KINDS) == [2, 1, 1]
        with touchpoints(db, kinds=KINDS) as asked:
            assert [row.customer for row in transitions.dropped(asked, STEPS)] == ["visitor:def"]
            who = asked.who("visitor:abc")
            assert who is not None
            assert who == asked.who("lead:42")
            assert asked.name(who) == "customer:7"
        db.decide(journeys.separate, "lead:42", "customer:7", reason="a namesake")
        assert counts(db, kinds=KINDS) == [2, 1, 0]
        with pytest.raises(Refused, match="joined with visitor:abc"):
            db.decide(journeys.separate, "lead:42", "customer:7")


def test_yesterdays_answer_is_what_was_known_yesterday() -> None:
    clock = FixedClock("2026-01-10T12:00:00Z")
    with whence.open(":memory:", clock=clock) as db:
        db.append(story())
        clock.set("2026-01-11T12:00:00Z")
        db.append(journeys.Identity.codec.event(Identified("visitor:abc", "lead:42"), time="2026-01-06T09:00:00Z"))
        assert counts(db, kinds=KINDS) == [2, 1, 0]
        assert counts(db, kinds=KINDS, at="2026-01-10", clock="recorded") == [2, 0, 0]
        assert counts(db, kinds=KINDS, at="2026-01-11", clock="recorded") == [2, 1, 0]
        assert counts(db, kinds=KINDS, at="2026-01-06") == [2, 1, 0]


def test_events_with_several_names_join_them_where_it_is_said_so() -> None:
    with whence.open(":memory:") as db:
        db.append([*story(), Event("FormSent", {}, ("visitor:abc", "lead:42"), time="2026-01-06T09:00:00Z")])
        assert counts(db, kinds=KINDS) == [2, 0, 0]
        assert counts(db, kinds=KINDS, joined_by=["FormSent"]) == [2, 1, 0]


def test_a_tag_that_names_no_customer_does_not_keep_the_names_beside_it_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "whence.toml").write_text(
        '[pack.journeys]\nkinds = ["customer", "lead", "visitor"]\njoined_by = ["FormSent"]\n'
    )
    tags = ("campaign:spring", "lead:42", "visitor:abc")
    with whence.open("shop.db", create=True) as db:
        db.append([*story(), Event("FormSent", {}, tags, time="2026-01-06T09:00:00Z")])
        assert counts(db) == [2, 1, 0]
        assert timeline.timeline(db, "visitor:abc").names == ("lead:42", "visitor:abc")
        refuse_to_separate(db, "lead:42", "visitor:abc", None)  # they are joined: nothing is refused


def test_an_event_of_two_names_of_one_customer_counts_once() -> None:
    with whence.open(":memory:") as db:
        db.append(
            [
                Event("Bought", {}, ("lead:1", "lead:2"), time="2026-01-05T09:00:00Z"),
                Event("Bought", {}, ("lead:3", "visitor:x"), time="2026-01-05T09:00:00Z"),
            ]
        )
        db.decide(journeys.identify, "lead:1", "lead:2")
        db.decide(journeys.identify, "lead:3", "visitor:x")
        with touchpoints(db) as asked:
            assert asked.people.kinds == ("lead", "visitor")
            rows = funnels.funnel(asked, ["Bought", "Bought"]).groups[0].rows
            assert [row.customers for row in rows] == [2, 0]


def test_without_kinds_a_customer_is_called_by_the_main_kind_of_the_store_whoever_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "whence.toml").write_text('store = "shop.db"\n[pack.journeys]\n')

    def called() -> list[str]:
        """By the time line of each name, by the identities, then and now, and by the touchpoints."""
        with whence.open("shop.db") as db, touchpoints(db) as asked:
            found = [timeline.timeline(db, name).names[0] for name in ("customer:7", "lead:42", "visitor:abc")]
            found += [db.table(journeys.identities, at=at)[0].customer for at in (None, "2026-01-07")]
            return [*found, asked.name(asked.who("customer:7"))]

    with whence.open("shop.db", create=True) as db:
        db.append([*story(), *(Event("Visited", {}, (f"visitor:{number}",)) for number in range(9))])
        db.decide(journeys.identify, "visitor:abc", "lead:42", time="2026-01-06T09:00:00Z")
        db.decide(journeys.identify, "customer:7", "visitor:abc", time="2026-01-06T09:00:00Z")
    assert called() == ["visitor:abc"] * 6
    with (tmp_path / "whence.toml").open("a") as file:
        file.write("[model.lead]\n")
    assert called() == ["lead:42"] * 6


def test_the_kinds_stand_in_whence_toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path
    monkeypatch.chdir(folder)
    (folder / "whence.toml").write_text('[pack.journeys]\nkinds = ["customer", "lead"]\njoined_by = ["FormSent"]\n')
    with whence.open(":memory:") as db:
        db.append(story())
        with touchpoints(db) as asked:
            assert asked.people.kinds == ("customer", "lead")
    (folder / "whence.toml").write_text('[pack.journeys]\nkinds = "customer"\n')
    with whence.open(":memory:") as db, pytest.raises(InvalidConfig, match=r"kinds = \["), touchpoints(db):
        pass


def test_an_extension_with_a_state_of_its_own_changes_no_names(installed: Path) -> None:
    tickets = (installed / "whence_tickets.py").read_text()
    bring(installed, "whence_tickets_too", "journeys.tickets", tickets.replace('"tickets"', '"journeys.tickets"'))
    with whence.open(":memory:") as db:
        assert [each.__name__ for each in db.pack("journeys").states] == ["Identity", "Ticket"]
        db.append(story())
        assert counts(db, kinds=KINDS) == [2, 0, 0]

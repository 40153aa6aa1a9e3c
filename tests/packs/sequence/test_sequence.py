"""What is wrong with what the sources sent is named."""

from __future__ import annotations

from collections import Counter

import pytest

pytest.importorskip("duckdb")

from tests.packs.touchpoints.histories import store, visit
from whence.errors import InvalidQuery
from whence.events import Event
from whence.packs import funnels, journeys, sequence
from whence.packs.touchpoints import touchpoints


def test_faults_of_a_source_are_named_and_nothing_is_dropped() -> None:
    events = [
        visit(1, "Seen", 0, n=1, s="a"),
        visit(1, "Seen", 1, n=2, s="a"),
        visit(1, "Seen", 1, n=2, s="a"),
        visit(1, "Seen", 5, n=5, s="a"),
        visit(2, "Read", 4, n=6, s="a"),
        visit(2, "Read", 4, n=5, s="a"),
        visit(2, "Read", 0, n=1, s="b"),
        visit(2, "Read", 0, n="many", s="b"),
        Event("Nobody", {"n": 3, "s": "b"}, (), time="2026-01-05T09:30:00Z"),
    ]
    with store(events) as db, touchpoints(db, kinds=["lead"]) as asked:
        found = sequence.check(asked, "n", source="s")
        assert (found.events, found.sources) == (9, 2)
        assert [(each.fault, each.source, each.number, each.position, each.count) for each in found.faults] == [
            ("gap", "a", 3, None, 2),
            ("gap", "b", 2, None, 1),
            ("repeat", "a", 2, 3, 1),
            ("conflict", "a", 5, 6, 1),
            ("backwards", "a", 6, 5, 1),
            ("no number", "b", None, 8, 1),
        ]
        assert funnels.funnel(asked, ["Seen|Read"]).groups[0].rows[0].customers == 2
        for mistyped in ({"sequence": "nothing"}, {"sequence": "n", "source": "nothing"}):
            with pytest.raises(InvalidQuery, match="No such event has this field"):
                sequence.check(asked, **mistyped)


def test_two_customers_in_one_are_named() -> None:
    with store([visit(1, "Seen", 0), visit(2, "Seen", 0), visit("visitor:x", "Seen", 0)]) as db:
        for lead in ("lead:1", "lead:2"):
            db.decide(journeys.identify, "visitor:x", lead)
        with touchpoints(db) as asked:
            (fault,) = sequence.check(asked).faults
            assert (fault.fault, fault.count) == ("several", 2)
            assert "lead:1, lead:2" in fault.what


def test_a_type_that_joins_nobody_since_it_is_mistyped_is_named() -> None:
    with store([visit(1, "SignedUp", 0)]) as db:
        for joined_by, faults in ((["SignUp"], ["no such type"]), (["SignedUp"], [])):
            with touchpoints(db, joined_by=joined_by) as asked:
                found = sequence.check(asked).faults
                assert [each.fault for each in found] == faults
                assert all("Did you mean SignedUp?" in each.what for each in found)


def test_the_largest_and_the_smallest_number_are_numbers_like_others() -> None:
    numbers = (-(2**63), -(2**63), 5, 2**63 - 2, 2**63 - 1)
    events = [visit(1, "A", at, number=str(number)) for at, number in enumerate(numbers)]
    with store(events) as db, touchpoints(db) as asked:
        found = sequence.check(asked, "number")
    gaps = [(each.number, each.count) for each in found.faults if each.fault == "gap"]
    assert gaps == [(-(2**63) + 1, 2**63 + 4), (6, 2**63 - 8)]
    assert Counter(each.fault for each in found.faults) == {"gap": 2, "conflict": 1}

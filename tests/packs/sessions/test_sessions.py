"""Sessions are what is said plainly about each customer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("duckdb")

from tests.exam import counts
from tests.packs.touchpoints.histories import TOGETHER, Histories, by_customer, histories, side_by_side, store, visit
from whence.errors import NotKnown
from whence.packs import sessions
from whence.packs.touchpoints import touchpoints


@settings(max_examples=counts.JOURNEYS // TOGETHER)
@given(histories, st.sampled_from([1, 5, 30]))
def test_a_session_ends_with_a_pause(histories: Histories, gap: int) -> None:
    rows = side_by_side(histories)
    expected = []
    for who, events in by_customer(rows).items():
        parts: list[list[tuple[int, str]]] = []
        for event in events:
            if parts and event[0] - parts[-1][-1][0] <= gap:
                parts[-1].append(event)
            else:
                parts.append([event])
        expected += [(f"lead:{who}", n, len(part), part[0][1], part[-1][1]) for n, part in enumerate(parts, 1)]
    with store(visit(*row) for row in rows) as db, touchpoints(db, kinds=["lead"]) as asked:
        found = sessions.sessions(asked, gap=f"{gap} minutes")
        assert sorted(expected) == sorted((s.customer, s.number, s.events, s.entry, s.exit) for s in found)
        (day,) = sessions.sessions_by(asked, "day", gap=f"{gap} minutes")
        assert (day.sessions, day.customers) == (len(expected), len(by_customer(rows)))


def test_nobody_has_no_sessions() -> None:
    with store([visit(1, "Seen", 0)]) as db, touchpoints(db) as asked, pytest.raises(NotKnown):
        sessions.sessions(asked, name="lead:9")

"""The simulated year: the same for a seed, of the size it says, causally sound, and changed by its two settings."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from datetime import UTC, datetime

import pytest

from whence.clock import to_us
from whence.demo.pipeline import CLOSED, CODEC, MOVES
from whence.demo.simulator import END, EVENTS, PROMPT_CHANGED, SCORING_CHANGED, counts, year
from whence.events import Recorded
from whence.stores.memory import MemoryStore

TOUCHES = {"EmailSent", "EmailOpened", "EmailClicked", "Replied", "PageViewed", "FormSubmitted", "WebinarAttended"}
TOUCHES |= {"CallMade", "LeadScored"}


@pytest.fixture(scope="module")
def events() -> list[Recorded]:
    return list(year())


@pytest.fixture(scope="module")
def by_id(events: list[Recorded]) -> dict[str, Recorded]:
    return {event.id: event for event in events}


def test_the_same_seed_gives_the_same_year_to_the_last_byte() -> None:
    assert list(year(seed=7, leads=60)) == list(year(seed=7, leads=60))
    assert list(year(seed=7, leads=60)) != list(year(seed=8, leads=60))


def test_a_year_has_some_two_thousand_leads_and_sixty_thousand_events(events: list[Recorded]) -> None:
    found = counts(events)
    assert found["LeadCreated"] == 2000
    assert len(events) == EVENTS
    assert 100 <= found["LeadWon"] <= 300
    assert 800 <= found["LeadLost"] <= 1_500
    assert found["ScoringChanged"] == found["PromptChanged"] == 2


def test_every_event_fits_its_class(events: list[Recorded]) -> None:
    assert {type(CODEC.typed(event)).__name__ for event in events} == set(counts(events))


def test_positions_have_no_gaps_and_recorded_never_falls(events: list[Recorded]) -> None:
    assert [event.position for event in events] == list(range(1, len(events) + 1))
    assert all(a.recorded_us <= b.recorded_us for a, b in itertools.pairwise(events))
    assert events[-1].recorded_us < to_us(END)


def test_nothing_is_recorded_before_it_happened_and_a_few_things_later(events: list[Recorded]) -> None:
    assert all(event.time_us <= event.recorded_us for event in events)
    late = Counter(event.type for event in events if event.time_us < event.recorded_us)
    assert set(late) == {"WebinarAttended", "LeadCreated", "CallMade"}
    assert 0.01 < late.total() / len(events) < 0.05


def test_a_cause_is_there_before_what_it_caused_and_concerns_the_same_lead(
    events: list[Recorded], by_id: dict[str, Recorded]
) -> None:
    for event in events:
        if event.cause is not None:
            cause = by_id[event.cause]
            assert cause.position < event.position
            assert cause.time_us <= event.time_us
            assert cause.entity("lead") == event.entity("lead")


def test_stages_change_only_by_allowed_moves(events: list[Recorded]) -> None:
    stages: dict[str | None, str] = {}
    for event in events:
        if event.type == "StageChanged":
            lead, data = event.entity("lead"), event.data
            assert data["from_stage"] == stages.get(lead)
            assert data["stage"] in MOVES[data["from_stage"]]
            stages[lead] = data["stage"]


def test_nothing_happens_before_a_lead_is_created_or_after_it_is_closed(events: list[Recorded]) -> None:
    created: dict[str | None, int] = {}
    closed: dict[str | None, int] = {}
    for event in events:
        if event.type == "LeadCreated":
            created[event.entity("lead")] = event.time_us
        elif event.type == "StageChanged" and event.data["stage"] in CLOSED:
            closed[event.entity("lead")] = event.time_us
    for event in events:
        if event.type in TOUCHES:
            lead = event.entity("lead")
            assert created[lead] <= event.time_us <= closed.get(lead, event.time_us), event


def test_a_win_has_an_amount_and_a_loss_a_reason(events: list[Recorded]) -> None:
    ends = [event for event in events if event.type in ("LeadWon", "LeadLost")]
    for event in ends:
        assert event.data["amount_minor"] > 0 if event.type == "LeadWon" else event.data["lost_because"]
    assert len(ends) == sum(event.type == "StageChanged" and event.data["stage"] in CLOSED for event in events)


def test_people_do_not_work_at_weekends(events: list[Recorded]) -> None:
    called = [event.time.weekday() for event in events if event.type in ("CallMade", "EmailSent")]
    assert max(called) == 4


def test_fewer_leads_come_at_weekends_and_in_august(events: list[Recorded]) -> None:
    website = [event.time for event in events if event.type == "LeadCreated" and event.data["source"] == "website"]
    days, months = Counter(time.weekday() for time in website), Counter(time.month for time in website)
    assert days[5] + days[6] < 0.5 * (days[1] + days[2])
    assert months[8] < months[10]


def test_sources_differ_in_quality(events: list[Recorded]) -> None:
    source = {event.entity("lead"): event.data["source"] for event in events if event.type == "LeadCreated"}
    won = Counter(source[event.entity("lead")] for event in events if event.type == "LeadWon")
    share = {name: won[name] / count for name, count in Counter(source.values()).items()}
    assert share["referral"] > 2 * share["paid search"] > 2 * share["bought list"]


def test_the_new_scoring_sends_owners_to_better_leads(events: list[Recorded], by_id: dict[str, Recorded]) -> None:
    reached: Counter[str] = Counter()
    qualified: Counter[str] = Counter()
    for event in events:
        if event.type == "CallMade" and event.cause and by_id[event.cause].type == "LeadScored":
            version = by_id[event.cause].data["version"]
            reached[version] += event.data["outcome"] != "no answer"
            qualified[version] += event.data["outcome"] == "talked"
    assert qualified["v2"] / reached["v2"] > 1.1 * qualified["v1"] / reached["v1"]


def test_the_new_prompt_is_opened_more_and_answered_less(events: list[Recorded], by_id: dict[str, Recorded]) -> None:
    sent = Counter(event.data["prompt"] for event in events if event.type == "EmailSent")
    seen: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for event in events:
        if event.type in ("EmailOpened", "Replied"):
            first = event
            while first.type != "EmailSent":
                first = by_id[str(first.cause)]
            seen[event.type][first.data["prompt"]] += 1
    assert seen["EmailOpened"]["p4"] / sent["p4"] > 1.15 * seen["EmailOpened"]["p3"] / sent["p3"]
    assert seen["Replied"]["p4"] / sent["p4"] < 0.7 * seen["Replied"]["p3"] / sent["p3"]


def test_settings_change_once_in_the_middle_of_the_year_with_author_and_reason(events: list[Recorded]) -> None:
    changes = [event for event in events if event.type in ("ScoringChanged", "PromptChanged")]
    assert [event.time for event in changes[2:]] == [SCORING_CHANGED, PROMPT_CHANGED]
    assert all(event.actor and event.data["why"] for event in changes)
    for event in events:
        if event.type == "EmailSent":
            assert event.data["prompt"] == ("p3" if event.time < PROMPT_CHANGED else "p4")
        elif event.type == "LeadScored":
            assert event.data["version"] == ("v1" if event.time < SCORING_CHANGED else "v2")


def test_a_decision_says_what_it_was_made_on(events: list[Recorded]) -> None:
    for event in events:
        if event.type in ("LeadScored", "ReplyClassified"):
            assert event.basis is not None
            assert event.basis.query.items[0].tags == (event.entity("lead"),)
            assert event.basis.position == event.position - 1
        if event.type == "LeadScored":
            assert event.basis is not None
            assert event.basis.settings == event.data["version"]
            assert event.basis.reads is not None
            assert ("emails_opened" in event.basis.reads) == ("EmailOpened" in event.data["reason"])


def test_the_story_happens_on_its_days(events: list[Recorded]) -> None:
    lead = [event for event in events if event.entity("lead") == "lead:1042"]
    dated = [(event.type, event.time.date().isoformat()) for event in lead]
    assert [(event.time.date().isoformat(), event.data["score"]) for event in lead if event.type == "LeadScored"] == [
        ("2025-01-05", 60),
        ("2025-01-12", 80),
    ]
    assert [day for type, day in dated if type == "EmailOpened"] == ["2025-01-08"] * 3
    assert [day for type, day in dated if type == "WebinarAttended"] == ["2025-01-10"]
    (webinar,) = (event for event in lead if event.type == "WebinarAttended")
    assert webinar.recorded == datetime(2025, 1, 11, 6, tzinfo=UTC)
    assert [event.data["stage"] for event in lead if event.type == "StageChanged"] == [
        "new",
        "contacted",
        "qualified",
        "proposal",
        "won",
    ]


def test_a_year_is_restored_into_a_store_as_it_is(events: list[Recorded]) -> None:
    store = MemoryStore()
    assert store.restore(iter(events)) == len(events)
    assert list(store.read(limit=500)) == events[:500]

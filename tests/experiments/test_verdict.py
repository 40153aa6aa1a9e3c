"""What the numbers speak for, and what they leave open."""

from __future__ import annotations

from typing import Any

from tests.experiments.leads import STORY, V1, V2, card, happened, history
from whence.experiments import Verdict, experiment, verdict


def many() -> list[Any]:
    """200 leads: every second opens, and every second of those is called, visited and won."""
    events = []
    for lead in range(200):
        events += [happened(lead, 0, "Created"), happened(lead, 2, "Demo" if lead % 2 else "Opened")]
        if lead % 4 == 0:
            events += [happened(lead, 9, "Called"), happened(lead, 12, "Visited"), happened(lead, 20, "Won")]
    return [*events, happened(999, 99, "Created")]


def weighed(baseline: Any, candidate: Any, events: Any = None, **options: Any) -> Verdict:
    given = {"outcome": "Won", "samples": 200, **options}
    return verdict(experiment(history(events or many()), baseline, candidate, kind="lead", **given))


def test_what_is_more_precise_and_misses_none_is_spoken_for_and_said_to_come_later() -> None:
    found = weighed(card("a", Created=70), card("b", Called=70))
    assert (found.tone, found.headline) == ("for", "The numbers speak for b.")
    assert "how often it is right when it names one (100% against 25%)" in found.why
    assert found.why.endswith(
        "But it names those that it is right about later: 11 days before the outcome against 20 days."
    )


def test_what_is_less_precise_and_finds_no_more_is_spoken_against() -> None:
    found = weighed(card("a", Called=70), card("b", Created=70))
    assert (found.tone, found.headline) == ("against", "The numbers speak against b.")
    assert "But it names those that it is right about earlier" in found.why


def test_more_found_for_more_false_alarms_is_a_trade() -> None:
    half = [happened(lead, 3, "Signed") for lead in range(0, 200, 8)]
    found = weighed(card("a", Signed=70), card("b", Opened=70), [*many(), *half])
    assert (found.tone, found.headline) == ("open", "b is a trade.")


def test_alike_but_earlier_is_said_so() -> None:
    found = weighed(card("a", Visited=70), card("b", Called=70))
    assert (found.tone, found.headline) == ("for", "As good, and 3 days earlier in the median.")
    assert weighed(card("a", Called=70), card("b", Visited=70)).tone == "against"


def test_alike_but_more_often_earlier_is_said_so_though_most_come_at_the_same_moment() -> None:
    some = [happened(lead, 8, "Signed") for lead in range(0, 200, 16)]
    found = weighed(card("a", Called=70), card("b", Called=70, Signed=70), [*many(), *some])
    assert (found.tone, found.headline) == ("for", "As good, and more often earlier.")
    assert "of those that both name 13 come earlier and 0 later with b" in found.why
    turned = weighed(card("a", Called=70, Signed=70), card("b", Called=70), [*many(), *some])
    assert (turned.tone, turned.headline) == ("against", "As good, and more often later.")


def test_a_candidate_that_names_too_early_for_the_time_asked_about_is_said_to_need_a_longer_one() -> None:
    found = weighed(card("a", Called=70), card("b", Demo=70, Opened=70), within="15 days")
    assert found.tone == "against"
    assert found.why.endswith(
        "Of those that it names 50 had Won only after more than 15 days, against 0: a longer time counts them too."
    )
    assert "a longer time" not in weighed(card("a", Called=70), card("b", Demo=70, Opened=70)).why


def test_chance_too_few_no_outcome_and_no_change_leave_it_open() -> None:
    assert weighed(V1, V2, STORY).headline == "There is too little to go by."
    assert weighed(card("a", Called=70), card("b", Called=70)).headline == "b changes nothing."
    assert weighed(card("a", Called=70), card("b", Called=75)).headline == "No clear winner."
    assert weighed(V1, V2, STORY, outcome=None).headline == "Whether it is better cannot be told."

"""Rules in TOML: every action, exact sums, and mistakes that name the rule and the remedy."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from typing import Any

import pytest

from whence.compare import Change, count_by, diff, having, same
from whence.decide import execute
from whence.errors import FoldFailed, InvalidConfig, InvalidModel
from whence.events import Event
from whence.explaining.why import why
from whence.history import History
from whence.model import Model
from whence.rules import built_in, from_toml, idle
from whence.stores.memory import MemoryStore


def _fields(toml: str, *events: Event) -> dict[str, Any]:
    store = MemoryStore()
    store.append(events)
    model = from_toml("lead", tomllib.loads(toml))
    return model.fields(History.of(store).state(model, "lead:1"))


def _event(type: str, **data: Any) -> Event:
    return Event(type, data, ("lead:1",), actor="ada")


@pytest.mark.parametrize("model", [built_in("lead"), from_toml("lead", {})], ids=["built-in", "rules"])
def test_an_older_event_that_comes_in_later_does_not_undo_a_newer(model: Model) -> None:
    store = MemoryStore()
    for day, score in (("12", 80), ("05", 60)):  # as in a file that is sorted newest first
        store.append([Event("Scored", {"score": score}, ["lead:1"], time=f"2026-01-{day}T09:00:00Z")])  # type: ignore[arg-type]
    history = History.of(store)
    assert history.state(model, "lead:1")["score"] == history.states(model)["lead:1"]["score"] == 80
    assert execute(store, "lead:1", model, lambda lead: Event("Seen", lead["score"])).events[0].data == 80
    assert why(history, model, "lead:1", "score").value == 80
    as_recorded = from_toml("lead", {"order": "position"})
    assert history.state(as_recorded, "lead:1")["score"] == 60


def test_every_action_does_what_it_says() -> None:
    toml = """
    built_in = false
    fields = { stage = "new" }
    [[rule]]
    on = "Scored"
    set = { score = "$score", by = "$actor", literal = "$$5", country = "$address.country" }
    count = ["scorings"]
    first = { first = "$score" }
    last = { last = "$score" }
    [[rule]]
    on = "*"
    add = { events_seen = 1 }
    [[rule]]
    on = ["Moved"]
    when = { stage = "won" }
    set = { won = true }
    """
    events = [
        _event("Scored", score=60, address={"country": "DE"}),
        _event("Moved", stage="lost"),
        _event("Scored", score=80),
    ]
    fields = _fields(toml, *events)
    assert fields == {
        "stage": "new",
        "score": 80,
        "by": "ada",
        "literal": "$5",
        "country": "DE",
        "scorings": 2,
        "first": 60,
        "last": 80,
        "events_seen": 3,
    }


def test_sums_are_exact() -> None:
    toml = 'built_in = false\n[[rule]]\non = "Paid"\nadd = { total = "$amount" }'
    fields = _fields(toml, *(_event("Paid", amount=amount) for amount in ("0.10", "0.20", 3, 0.1)))
    assert fields["total"] == Decimal("3.40")


def test_what_is_no_number_is_not_added() -> None:
    with pytest.raises(FoldFailed, match=r"Rule: model\.\w+\.rule \d, Problem: .*Field: total"):
        _fields('[[rule]]\non = "Paid"\nadd = { total = "$amount" }', _event("Paid", amount="ten"))


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('ordr = "occurred"', "Did you mean order?"),
        ('order = "backwards"', "model.lead.order"),
        ("rule = 5", "[[model.lead.rule]]"),
        ("fields = 5", "model.lead.fields"),
        ("[[rule]]\nset = { a = 1 }", "on which event"),
        ('[[rule]]\non = "A"', "changes nothing"),
        ('[[rule]]\non = "A B"\nset = { a = 1 }', "model.lead.rule 1.on"),
        ('[[rule]]\non = "A"\nst = { a = 1 }', "Did you mean set?"),
        ('[[rule]]\non = "A"\nset = { a = "$" }', "without a name"),
        ('[[rule]]\non = "A"\nset = "x"', "Not a table"),
        ('[[rule]]\non = "A"\ncount = 5', "name of a field"),
        ('[[rule]]\non = []\ncount = "a"', "Not event types"),
    ],
)
def test_a_mistake_names_the_place_and_the_remedy(toml: str, said: str) -> None:
    with pytest.raises(InvalidConfig) as refused:
        from_toml("lead", tomllib.loads(toml))
    assert said in str(refused.value)


def test_states_differ_by_field_and_type() -> None:
    assert diff({"a": 1, "b": [1], "c": 0}, {"a": 1.0, "b": [1], "d": None}) == [
        Change("a", 1, 1.0),
        Change("c", 0, None),
    ]
    assert not same({"a": [True]}, {"a": [1]})


def test_states_are_counted_by_their_values() -> None:
    states = {"lead:1": {"won": True, "n": 1}, "lead:2": {"won": True, "n": [1]}, "lead:3": {"n": 1}}
    assert count_by(states, ["won"]) == [((True,), 2), ((None,), 1)]
    with pytest.raises(InvalidModel, match=r"Did you mean won\?"):
        count_by(states, ["wan"])


def test_a_rule_is_idle_when_no_event_has_what_it_looks_for() -> None:
    toml = """
    [[rule]]
    on = ["Sael", "Won"]
    set = { total = "$amnt" }
    when = { stage = "won" }
    [[rule]]
    on = "*"
    set = { city = "$address.ctiy", at = "$time", literal = "$$amnt" }
    [[rule]]
    on = ["Sale", "Refunded"]
    count = "sales"
    """
    store = MemoryStore()
    assert list(idle("lead", tomllib.loads(toml), store)) == []
    store.append([_event("Sale", amount=3, address={"city": "Ulm"}), _event("Won", amount=1)])
    assert list(idle("lead", tomllib.loads(toml), store)) == [
        "[model.lead] rule 1: no event of type Sael here. Did you mean Sale?",
        "[model.lead] rule 1: no event of type Won here has amnt. Did you mean amount?",
        "[model.lead] rule 1: no event of type Won here has stage.",
        "[model.lead] rule 2: no event here has address.ctiy. Did you mean address.city?",
    ]


def test_states_are_chosen_by_the_values_of_their_fields() -> None:
    states = {"lead:1": {"won": True, "n": 1}, "lead:2": {"n": 1}}
    assert list(having(states, {"won": True, "n": 1})) == ["lead:1"]
    assert list(having(states, {"won": None})) == ["lead:2"]
    assert having({}, {"wan": 1}) == {}
    with pytest.raises(InvalidModel, match=r"Did you mean won\?"):
        having(states, {"wan": True})


def test_no_digit_is_lost_in_a_sum() -> None:
    toml = 'built_in = false\n[[rule]]\non = "Paid"\nadd = { total = "$amount" }'
    assert _fields(toml, _event("Paid", amount="1" + "0" * 30), _event("Paid", amount="0.01"))["total"] == Decimal(
        "1" + "0" * 30 + ".01"
    )


def test_folding_twice_gives_the_same_and_entities_share_nothing() -> None:
    toml = 'fields = { seen = {} }\n[[rule]]\non = "A"\nset = { tags = [] }'
    store, model = MemoryStore(), from_toml("lead", tomllib.loads(toml))
    store.append([Event("A", {"events": 5}, ("lead:1",)), Event("A", {"events": [1]}, ("lead:2",))])
    first, second = (History.of(store).states(model) for _ in range(2))
    assert first == second
    assert first["lead:1"]["events"]["A"]["count"] == 1
    assert first["lead:1"]["data.events"] == 5
    assert first["lead:1"]["seen"] is not first["lead:2"]["seen"]


def test_when_looks_at_the_data_also_for_names_that_the_envelope_has() -> None:
    toml = """
    built_in = false
    fields = { mails = 0 }
    [[rule]]
    on = "Touched"
    when = { type = "email", actor = "crm" }
    count = ["mails"]
    """
    touched = [Event("Touched", {"type": kind, "actor": "crm"}, ("lead:1",)) for kind in ("email", "phone")]
    assert _fields(toml, *touched) == {"mails": 1}


@pytest.mark.parametrize("action", ['count = "events"', "set = { events = 1 }", "add = { events = 1 }"])
def test_a_rule_leaves_the_counts_of_the_built_in_model_alone(action: str) -> None:
    with pytest.raises(InvalidConfig, match="built-in model"):
        from_toml("lead", tomllib.loads(f'[[rule]]\non = "*"\n{action}'))

"""A history is a fixed value: cut by either clock, branched without touching the store, folded by one fold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.clock import FixedClock, to_us
from whence.codec import Codec, Tag, Unfit, Upcast
from whence.errors import FoldFailed, InvalidEvent, InvalidModel, InvalidQuery, NotKnown
from whence.events import Event, Recorded
from whence.explaining.why import why
from whence.history import At, History, state_now
from whence.model import Model, on
from whence.query import Query
from whence.rules import built_in
from whence.stores.memory import MemoryStore

LEAD = "lead:42"


class LeadScored(msgspec.Struct, frozen=True):
    lead: Annotated[str, Tag]
    score: int
    reason: str = ""
    event_version: ClassVar[int] = 2


CODEC = Codec(LeadScored, upcasts=[Upcast("LeadScored", 1, lambda data: {**data, "score": data["points"]})])


class Lead:
    kind = "lead"
    order = "occurred"
    codec = CODEC

    def __init__(self) -> None:
        self.score = 0
        self.log: list[str] = []
        self.touches: dict[str, int] = {}

    @on(LeadScored)
    def scored(self, event: LeadScored, recorded: Any) -> None:
        self.score = event.score
        self.log.append(recorded.id)

    @on("EmailOpened", "WebinarAttended")
    def touched(self, event: Any) -> None:
        self.touches[event.type] = self.touches.get(event.type, 0) + 1

    @property
    def is_hot(self) -> bool:
        return self.score >= 80


class LeadAsRecorded(Lead):
    order = "position"


@pytest.fixture
def story() -> MemoryStore:
    """Scored 60 on 5 January, three e-mails on the 8th, a webinar on the 10th, re-scored 80 on the 12th."""
    clock = FixedClock("2026-01-05T09:00:00Z")
    store = MemoryStore(clock)
    store.append([CODEC.event(LeadScored("42", 60, "initial assessment"), id="first", actor="scorer")])
    clock.set("2026-01-08T10:00:00Z")
    store.append([Event("EmailOpened", {"campaign": "spring"}, (LEAD,)) for _ in range(3)])
    clock.set("2026-01-10T10:00:00Z")
    store.append([Event("WebinarAttended", None, (LEAD,))])
    clock.set("2026-01-12T10:00:00Z")
    store.append([CODEC.event(LeadScored("42", 80, "re-scored"), id="second", actor="scorer", cause="first")])
    return store


def test_why_names_the_event_that_set_a_value_and_what_came_in_between(story: MemoryStore) -> None:
    explanation = why(History.of(story), Model.of(Lead), LEAD, "score")
    assert explanation.value == 80
    (scored,) = explanation.contributions
    assert (scored.recorded.id, scored.role, scored.before, scored.after) == ("second", "set", 60, 80)
    assert scored.recorded.cause == "first"
    assert [event.type for event in explanation.between] == ["LeadScored", *["EmailOpened"] * 3, "WebinarAttended"]


def test_why_sees_changes_within_lists_dicts_and_properties(story: MemoryStore) -> None:
    history, model = History.of(story), Model.of(Lead)
    assert [each.after for each in why(history, model, LEAD, "touches.EmailOpened").contributions] == [1, 2, 3]
    assert [each.after for each in why(history, model, LEAD, "log").contributions] == [["first"], ["first", "second"]]
    assert [each.after for each in why(history, model, LEAD, "is_hot").contributions] == [True]


def test_why_of_a_field_there_is_not_names_those_there_are(story: MemoryStore) -> None:
    with pytest.raises(InvalidModel, match=r"Did you mean score\?"):
        why(History.of(story), Model.of(Lead), LEAD, "scor")


def test_a_moment_is_inclusive_by_either_clock(story: MemoryStore) -> None:
    history, model = History.of(story), Model.of(Lead)
    noon = to_us("2026-01-12T10:00:00Z")
    for cut in (At(occurred_us=noon), At(recorded_us=noon), At(position=6)):
        assert history.at(cut).state(model, LEAD).score == 80
    for cut in (At(occurred_us=noon - 1), At(recorded_us=noon - 1), At(position=5)):
        assert history.at(cut).state(model, LEAD).score == 60


def test_before_anything_was_recorded_nothing_is_known(story: MemoryStore) -> None:
    early = to_us("2026-01-01T00:00:00Z")
    with pytest.raises(NotKnown, match="2026-01-05T09:00:00Z"):
        History.of(story).at(At(recorded_us=early))
    assert History.of(story).at(At(occurred_us=early)).state(Model.of(Lead), LEAD) is None


def test_a_history_does_not_see_what_is_appended_later(story: MemoryStore) -> None:
    history = History.of(story)
    story.append([CODEC.event(LeadScored("42", 10))])
    assert history.state(Model.of(Lead), LEAD).score == 80
    assert history.count() == 6


def test_a_late_event_counts_by_when_it_happened(story: MemoryStore) -> None:
    story.append([CODEC.event(LeadScored("42", 30), time="2026-01-06T00:00:00Z")])
    by_time, by_position = Model.of(Lead), Model.of(LeadAsRecorded)
    history = History.of(story)
    assert history.state(by_time, LEAD).score == history.states(by_time)[LEAD].score == 80
    assert history.state(by_position, LEAD).score == history.states(by_position)[LEAD].score == 30
    on_the_9th = to_us("2026-01-09T00:00:00Z")
    assert history.at(At(occurred_us=on_the_9th)).state(by_time, LEAD).score == 30
    assert history.at(At(recorded_us=on_the_9th)).state(by_time, LEAD).score == 60


def test_a_branch_drops_inserts_and_alters_and_the_store_stays_as_it_is(story: MemoryStore) -> None:
    before = list(story.read())
    history, model = History.of(story), Model.of(Lead)
    assert history.drop("second").state(model, LEAD).score == 60
    assert history.drop(Query.of(types=["EmailOpened"])).state(model, LEAD).touches == {"WebinarAttended": 1}
    assert history.alter("second", data={"lead": "42", "score": 95}).states(model)[LEAD].score == 95
    extra = CODEC.event(LeadScored("42", 99), time="2026-01-13T00:00:00Z")
    branch = history.insert(extra, after=6)
    assert branch.state(model, LEAD).score == branch.states(model)[LEAD].score == 99
    assert [event.position for event in branch.events()] == [1, 2, 3, 4, 5, 6, 6]
    assert history.state(model, LEAD).score == 80
    assert list(story.read()) == before


def test_a_branch_beyond_the_head_is_refused(story: MemoryStore) -> None:
    with pytest.raises(InvalidQuery, match="Head: 6"):
        History.of(story).insert(Event("X"), after=7)


def test_older_versions_are_brought_up_to_date_in_the_fold(story: MemoryStore) -> None:
    story.append([Event("LeadScored", {"lead": "42", "points": 5}, (LEAD,), version=1)])
    assert History.of(story).state(Model.of(Lead), LEAD).score == 5


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (Event("LeadScored", {"lead": "42", "score": "much"}, (LEAD,), version=2), "score"),
        (Event("LeadScored", {"lead": "42"}, (LEAD,), version=3), "newer"),
    ],
)
def test_an_event_that_does_not_fit_stops_the_fold_and_is_named(story: MemoryStore, event: Event, said: str) -> None:
    story.append([event])
    history = History.of(story)
    for ask in (lambda: history.state(Model.of(Lead), LEAD), lambda: history.states(Model.of(Lead))):
        with pytest.raises(FoldFailed, match=r"Position: 7, Handler: Lead\.\w+, Problem: .*whence show @7") as failed:
            ask()
        assert said in str(failed.value)


def test_an_upcast_that_raises_leaves_the_event_as_it_is_and_says_so(story: MemoryStore) -> None:
    story.append(
        [
            Event("LeadScored", {"odd": 1}, (LEAD,), version=1),
            Event("LeadScored", {"lead": "42", "score": 9}, (LEAD,), version=2),
        ]
    )
    codec = Codec(LeadScored, upcasts=[Upcast("LeadScored", 1, lambda data: {"lead": data["lead"]})])
    *_, unfit, fit = History.of(story).typed(codec)
    assert (type(unfit), unfit.recorded.position, fit.score) == (Unfit, 7, 9)
    assert "upcast from version 1: KeyError" in unfit.problem


def test_the_built_in_model_keeps_last_values_and_counts(story: MemoryStore) -> None:
    model = built_in("lead")
    fields = model.fields(History.of(story).state(model, LEAD))
    assert (fields["score"], fields["campaign"]) == (80, "spring")
    assert fields["events"]["EmailOpened"]["count"] == 3


def test_a_pure_function_over_frozen_states_is_a_model(story: MemoryStore) -> None:
    model = Model.of_function("lead", (), lambda seen, event: (*seen, event.type), name="seen")
    assert History.of(story).state(model, LEAD) == (
        "LeadScored",
        "EmailOpened",
        "EmailOpened",
        "EmailOpened",
        "WebinarAttended",
        "LeadScored",
    )


SOME_EVENTS = st.lists(
    st.tuples(
        st.sampled_from("AB"), st.sets(st.sampled_from(["lead:1", "lead:2", "lead:12", "b:1"])), st.integers(0, 9)
    ),
    max_size=30,
)


def _seen(order: str) -> Model:
    return Model.of_function(
        "lead", (), lambda seen, event: (*seen, (event.type, event.data)), order=order, name="seen"
    )


@given(SOME_EVENTS, st.sampled_from(["position", "occurred"]), st.integers(0, 9))
def test_all_states_at_once_are_those_asked_one_by_one(events: list[Any], order: str, cut: int) -> None:
    store, model = MemoryStore(), _seen(order)
    for number, (type, tags, time) in enumerate(events):
        store.append([Event(type, number, tuple(tags), time=time)])
    for history in (History.of(store), History.of(store).at(At(occurred_us=cut)), History.of(store).upto(cut)):
        states = history.states(model)
        entities = {tag for event in history.events() for tag in event.entities("lead")}
        assert states == {entity: history.state(model, entity) for entity in entities}
        assert states == history.states(model)


class Typed(msgspec.Struct):
    codec: ClassVar[Codec] = CODEC
    kind: ClassVar[str] = "lead"
    order: ClassVar[str] = "occurred"
    scores: list[int] = msgspec.field(default_factory=list)

    @on(LeadScored)
    def scored(self, event: LeadScored) -> None:
        self.scores.append(event.score)


@given(SOME_EVENTS, st.sampled_from([Model.of(Typed), _seen("occurred"), _seen("position")]))
def test_the_state_as_of_now_is_that_of_the_whole_history(events: list[Any], model: Model) -> None:
    store = MemoryStore()
    for type, tags, time in events:
        name, data = ("LeadScored", {"lead": "1", "points": time}) if type == "A" else (type, time)
        store.append([Event(name, data, tuple(tags), time=time)])
    for entity in ("lead:1", "lead:2", "lead:12", "lead:none"):
        assert state_now(store, model, entity) == History.of(store).state(model, entity)


@given(SOME_EVENTS, st.randoms())
def test_in_occurred_order_it_does_not_matter_when_news_come(events: list[Any], random: Any) -> None:
    distinct = [(type, tuple(tags), number) for number, (type, tags, _) in enumerate(events)]
    shuffled = random.sample(distinct, len(distinct))
    found = []
    for arrival in (distinct, shuffled):
        store = MemoryStore()
        for type, tags, number in arrival:
            store.append([Event(type, number, tags, time=number)])
        found.append(History.of(store).states(_seen("occurred")))
    assert found[0] == found[1]


@given(SOME_EVENTS)
def test_the_last_step_of_why_is_the_value_shown(events: list[Any]) -> None:
    store, model = MemoryStore(), built_in("lead")
    for type, tags, number in events:
        store.append([Event(type, {"n": number, "list": [number]}, tuple(tags))])
    history = History.of(store)
    for entity, state in history.states(model).items():
        for field, value in model.fields(state).items():
            explanation = why(history, model, entity, field)
            assert explanation.value == value == explanation.contributions[-1].after


class Door:
    """Raises on what cannot follow: closed before it was opened."""

    kind = "lead"
    order = "occurred"

    def __init__(self) -> None:
        self.open = False

    @on("Opened")
    def was_opened(self, event: Any) -> None:
        self.open = True

    @on("Closed")
    def was_closed(self, event: Any) -> None:
        if not self.open:
            raise ValueError("closed before it was opened")
        self.open = False


def test_a_strict_handler_folds_in_order_of_time_also_when_news_come_late() -> None:
    store, model = MemoryStore(), Model.of(Door)
    store.append([Event("Closed", None, (LEAD,), time=2), Event("Opened", None, (LEAD,), time=1)])
    history = History.of(store)
    assert history.state(model, LEAD).open is history.states(model)[LEAD].open is False
    store.append([Event("Closed", None, (LEAD,), time=3)])
    with pytest.raises(FoldFailed, match=r"Position: 3, Handler: Door\.was_closed, Problem: ValueError: closed before"):
        History.of(store).states(model)


def test_a_branch_of_what_is_not_there_is_refused(story: MemoryStore) -> None:
    history = History.of(story)
    with pytest.raises(NotKnown, match="Id: third"):
        history.drop("third")
    with pytest.raises(NotKnown):
        history.upto(5).alter("second", data={})
    with pytest.raises(InvalidEvent):
        history.alter("second", type="a b")


def test_what_a_branch_was_given_may_change_afterwards(story: MemoryStore) -> None:
    data = {"lead": "42", "score": 95}
    branch = History.of(story).alter("second", data=data)
    data["score"] = 0
    assert branch.state(Model.of(Lead), LEAD).score == 95


class Address:
    def __init__(self) -> None:
        self.city = ""


class Person:
    kind = "lead"

    def __init__(self) -> None:
        self.address = Address()

    @on("Moved")
    def moved(self, event: Any) -> None:
        self.address.city = event.data


def test_why_looks_into_plain_objects() -> None:
    store, model = MemoryStore(), Model.of(Person)
    store.append([Event("Moved", "Kiel", (LEAD,)), Event("Other", None, (LEAD,)), Event("Moved", "Bonn", (LEAD,))])
    history = History.of(store)
    assert [each.after for each in why(history, model, LEAD, "address.city").contributions] == ["Bonn"]
    assert len(why(history, model, LEAD, "address").contributions) == 1


class Ratio:
    kind = "lead"

    def __init__(self) -> None:
        self.sent = self.opened = 0

    @on("Sent")
    def was_sent(self, event: Recorded) -> None:
        self.sent += 1

    @property
    def rate(self) -> float:
        return self.opened / self.sent


def test_a_property_that_fails_is_named_with_what_to_do() -> None:
    store, model = MemoryStore(), Model.of(Ratio)
    store.append([Event("Sent", None, (LEAD,))])
    assert model.fields(History.of(store).state(model, LEAD)) == {"rate": 0.0, "sent": 1, "opened": 0}
    assert why(History.of(store), model, LEAD, "sent").value == 1  # the property is not looked at
    with pytest.raises(FoldFailed, match=r"Model: Ratio, Field: rate, Problem: ZeroDivisionError.*return None"):
        why(History.of(store), model, LEAD, "rate")  # which begins before the first event


def test_two_handlers_for_one_event_type_are_refused_by_their_names() -> None:
    class Lead:
        kind = "lead"

        @on("Opened", "Attended")
        def engaged(self, event: Recorded) -> None: ...

        @on("Attended")
        def attended(self, event: Recorded) -> None: ...

    with pytest.raises(InvalidModel, match=r"Type: Attended, Handlers: Lead.engaged, Lead.attended"):
        Model.of(Lead)


def test_an_event_that_had_not_happened_by_then_is_not_there() -> None:
    store = MemoryStore(FixedClock("2026-01-05T09:00:00Z"))
    day = datetime(2026, 1, 1, tzinfo=UTC)
    for id, time in (("b", day + timedelta(days=2)), ("a", day)):
        store.append([Event("Opened", {}, ["lead:1"], id=id, time=time)])
    then = History.of(store).at(At(occurred_us=int(day.timestamp()) * 10**6))
    assert then.event("a").position == 2
    with pytest.raises(NotKnown, match="Id: b"):
        then.event("b")
    with pytest.raises(NotKnown, match="Id: b"):
        then.drop("b")

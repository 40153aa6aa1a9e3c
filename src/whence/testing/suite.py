"""The exam that every store sits: each promise of the store protocol as a test. A store's own layout and what it
survives on disk are left to its own tests."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.clock import Clock, FixedClock
from whence.errors import ConditionFailed, CorruptStore, IdConflict, InvalidEvent, InvalidQuery, StoreClosed
from whence.events import Body, Event, Recorded
from whence.query import AppendCondition, Basis, Query
from whence.store import FORMAT, Store
from whence.testing import oracle
from whence.testing.racing import together

LEAD = Query.of(tags=["lead:42"])


def lead(type: str = "LeadCreated", data: Any = None, **envelope: Any) -> Event:
    return Event(type, data, ("lead:42",), **envelope)


def positions(store: Store, query: Query | None = None, **window: Any) -> list[int]:
    return [event.position for event in store.read(query, **window)]


class StoreSuite:
    """Subclass it, name the class Test…, and say how your store is opened; pytest does the rest.

    class TestMyStore(StoreSuite):
        def open(self, folder, clock=None):
            return MyStore(folder / "events", clock)
    """

    races = 20
    """How many rounds of racers are run."""
    tailed_events = 400
    """How many events are appended beside a reader of the tail."""

    def open(self, folder: Path, clock: Clock | None = None) -> Store:
        """The store in this folder, made where there is none."""
        raise NotImplementedError("Say how your store is opened.")

    @pytest.fixture(autouse=True)
    def counted(self, record_property: Callable[[str, object], None]) -> Iterator[None]:
        """What a test counts in `figures` is reported with it, as a property of the test."""
        self.figures: Counter[str] = Counter()
        yield
        for figure, number in self.figures.items():
            record_property(figure, number)

    @pytest.fixture
    def clock(self) -> FixedClock:
        return FixedClock("2026-01-05T09:00:00Z")

    @pytest.fixture
    def store(self, tmp_path: Path, clock: FixedClock) -> Iterator[Store]:
        store = self.open(tmp_path, clock)
        yield store
        store.close()

    # One order, without gaps

    def test_an_empty_store_has_head_0_and_nothing_to_read(self, store: Store) -> None:
        reading = store.read()
        assert (store.head(), reading.head, list(reading)) == (0, 0, [])

    def test_positions_are_1_2_3_without_gaps_across_appends(self, store: Store) -> None:
        assert list(store.append([lead(), lead()])) == [1, 2]
        assert list(store.append([lead()])) == [3]
        assert positions(store) == [1, 2, 3]
        assert store.head() == 3

    def test_a_refused_append_uses_up_no_position(self, store: Store) -> None:
        store.append([lead()])
        with pytest.raises(ConditionFailed):
            store.append([lead()], AppendCondition(LEAD))
        assert list(store.append([lead()])) == [2]

    def test_recorded_never_falls_although_the_clock_does(self, store: Store, clock: FixedClock) -> None:
        store.append([lead()])
        clock.set("2020-01-01T00:00:00Z")
        store.append([lead()])
        clock.set("2026-01-06T00:00:00Z")
        store.append([lead()])
        day = [event.recorded.day for event in store.read()]
        assert day == [5, 5, 6]

    def test_no_public_call_updates_or_deletes(self, store: Store) -> None:
        named = [name for name in dir(store) if not name.startswith("_")]
        assert [name for name in named if any(w in name for w in ("update", "delete", "remove", "truncate"))] == []

    # What comes back

    def test_the_whole_envelope_comes_back(self, store: Store) -> None:
        basis = Basis(LEAD, 0, "3")
        event = Event(
            "lead.Scored",
            {"points": 80, "ratio": 0.5, "tags": [None, True, "ä"]},
            ("lead:42", "campaign:x:y"),
            id="score-1",
            version=3,
            time=datetime(2026, 1, 2, 3, 4, 5, 678901, UTC),
            actor="ann",
            cause="0198c0de-0000-7000-8000-000000000001",
            correlation="case 7",
            meta={"source": "crm", "line": 12},
        )
        store.append([event], basis=basis)
        (stored,) = store.read()
        assert stored.to_event() == event
        assert (stored.position, stored.basis, stored.recorded.isoformat()) == (1, basis, "2026-01-05T09:00:00+00:00")

    def test_an_event_without_time_happened_when_it_was_recorded(self, store: Store) -> None:
        store.append([lead()])
        (stored,) = store.read()
        assert stored.given_time_us is None
        assert stored.time == stored.recorded

    def test_ids_that_the_store_makes_are_uuids_of_their_own(self, store: Store) -> None:
        store.append([lead() for _ in range(100)])
        ids = [event.id for event in store.read()]
        assert len(set(ids)) == 100
        assert {(len(id), id[14]) for id in ids} == {(36, "7")}

    @pytest.mark.parametrize(
        "id", ["x", "é" * 100, "0198c0de-0000-7000-8000-00000000000a", "0198C0DE-0000-7000-8000-00000000000A"]
    )
    def test_an_id_comes_back_as_it_was_given(self, store: Store, id: str) -> None:
        store.append([lead(id=id)])
        assert [event.id for event in store.read()] == [id]

    def test_1_and_1_0_and_true_stay_different(self, store: Store) -> None:
        store.append([lead(data=[1, 1.0, True])])
        (stored,) = store.read()
        assert [type(value) for value in stored.data] == [int, float, bool]

    def test_a_binary_body_comes_back_byte_by_byte(self, store: Store) -> None:
        body = Body(bytes(range(256)), "image/png")
        store.append([lead(data=body, id="picture")])
        (stored,) = store.read()
        assert stored.data == body
        assert list(store.append([lead(data=body, id="picture")])) == [1]

    def test_an_unknown_type_is_kept_and_shown(self, store: Store) -> None:
        store.append([Event("Never.Heard.Of", {"x": 1})])
        assert [event.type for event in store.read()] == ["Never.Heard.Of"]

    def test_a_type_that_differs_only_in_case_is_refused(self, store: Store) -> None:
        store.append([Event("LeadCreated")])
        with pytest.raises(InvalidEvent, match="Write LeadCreated"):
            store.append([Event("leadcreated")])
        assert store.head() == 1

    # Conditions

    def test_a_condition_looks_only_at_events_beyond_after(self, store: Store) -> None:
        store.append([lead(), lead()])
        with pytest.raises(ConditionFailed):
            store.append([lead()], AppendCondition(LEAD, after=1))
        assert list(store.append([lead()], AppendCondition(LEAD, after=2))) == [3]

    def test_a_condition_without_after_looks_at_the_whole_store(self, store: Store) -> None:
        assert list(store.append([lead()], AppendCondition(LEAD))) == [1]
        store.append([Event("Other")])
        with pytest.raises(ConditionFailed):
            store.append([lead()], AppendCondition(LEAD))

    def test_a_decision_on_no_events_is_guarded_too(self, store: Store) -> None:
        store.append([Event("Other")])
        reading = store.read(LEAD)
        assert (reading.head, list(reading)) == (1, [])
        store.append([lead()])
        with pytest.raises(ConditionFailed) as refused:
            store.append([lead()], AppendCondition(LEAD, after=reading.head))
        assert refused.value.head == 2  # type: ignore[attr-defined]
        assert "execute()" in str(refused.value)

    def test_what_does_not_match_does_not_fail_a_condition(self, store: Store) -> None:
        store.append([Event("Other", None, ("lead:43",)), Event("LeadCreated", None, ("lead:4",))])
        query = Query.of(types=["LeadCreated"], tags=["lead:43"])
        assert list(store.append([lead()], AppendCondition(query))) == [3]

    def test_the_events_of_the_append_itself_do_not_fail_its_condition(self, store: Store) -> None:
        assert list(store.append([lead(), lead()], AppendCondition(LEAD, after=0))) == [1, 2]

    # Retrying

    def test_a_retry_gives_the_old_positions_and_writes_nothing(self, store: Store) -> None:
        batch = [lead(id="a"), lead(id="b")]
        store.append([Event("Other")])
        assert list(store.append(batch)) == list(store.append(batch)) == [2, 3]
        assert store.head() == 3

    def test_a_retry_succeeds_although_its_condition_would_now_fail(self, store: Store) -> None:
        condition = AppendCondition(LEAD, after=0)
        store.append([lead(id="a")], condition)
        assert list(store.append([lead(id="a")], condition)) == [1]

    def test_a_basis_comes_back_whatever_its_query(self, store: Store) -> None:
        queries = [
            Query.all(),
            LEAD,
            Query.of(types=["B", "A"]) | LEAD,
            LEAD | Query.of(types=["A", "B"]),
            Query.of(types=["A"], tags=["campaign:München", "lead:42"]),
            Query.all(),
        ]
        bases = [Basis(query, number) for number, query in enumerate(queries)]
        for basis in bases:
            store.append([lead(), lead()], basis=basis)
        assert [event.basis for event in store.read()] == [basis for basis in bases for _ in range(2)]

    def test_a_retry_may_differ_in_basis_meta_key_order_and_a_time_it_does_not_give(self, store: Store) -> None:
        time = "2026-01-01T00:00:00Z"
        store.append([lead(data={"a": 1, "b": 2}, id="a", time=time, meta={"line": 1})], basis=Basis(LEAD, 0))
        again = lead(data={"b": 2, "a": 1}, id="a", meta={"line": 2})
        assert list(store.append([again], basis=Basis(Query.all(), 5))) == [1]

    @pytest.mark.parametrize(
        "changed",
        [
            {"type": "B"},
            {"version": 2},
            {"tags": ("lead:42",)},
            {"data": {"n": 1.0}},
            {"data": {"n": True}},
            {"actor": "bob"},
            {"actor": None},
            {"cause": "d"},
            {"correlation": "y"},
            {"time": "2026-01-01T00:00:01Z"},
        ],
        ids=str,
    )
    def test_the_same_id_with_other_content_is_an_error_that_names_it(
        self, store: Store, changed: dict[str, Any]
    ) -> None:
        content: dict[str, Any] = {
            "type": "A",
            "data": {"n": 1},
            "tags": ("lead:42", "lead:43"),
            "id": "the-id",
            "time": "2026-01-01T00:00:00Z",
            "actor": "ann",
            "cause": "c",
            "correlation": "x",
        }
        store.append([Event(**content)])
        with pytest.raises(IdConflict, match="the-id"):
            store.append([Event(**content | changed)])
        assert store.head() == 1

    def test_an_append_that_is_partly_there_is_an_error_that_names_which(self, store: Store) -> None:
        store.append([lead(id="a")])
        for batch in ([lead(id="a"), lead(id="b")], [lead(id="a"), lead()]):
            with pytest.raises(IdConflict, match="Stored: a"):
                store.append(batch)
        assert store.head() == 1

    def test_an_id_conflict_is_found_before_a_condition_is_looked_at(self, store: Store) -> None:
        store.append([lead(id="a")])
        with pytest.raises(IdConflict):
            store.append([lead("Other", id="a")], AppendCondition(LEAD))

    def test_an_id_given_twice_in_one_append_is_refused(self, store: Store) -> None:
        with pytest.raises(InvalidEvent, match="twice"):
            store.append([lead(id="a"), lead(id="a")])
        assert store.head() == 0

    def test_many_retrying_the_same_ids_at_once_store_them_once(self, store: Store) -> None:
        for number in range(self.races):
            batch = [lead(id=f"{number}a"), lead(id=f"{number}b")]
            given = together(16, partial(self._append, store, batch), among=IdConflict)
            assert given == [[2 * number + 1, 2 * number + 2]] * 16
            self.figures["rounds of 16 retrying"] += 1
        assert store.head() == 2 * self.races

    def test_of_many_at_once_that_share_one_id_one_is_stored_and_the_others_leave_no_trace(self, store: Store) -> None:
        for number in range(self.races):

            def share(racer: int, number: int = number) -> list[int]:
                return self._append(store, [lead(id=f"{number}-{racer}"), lead(id=f"{number}-shared")], racer)

            outcomes = together(16, share, among=IdConflict)
            stored = [racer for racer, outcome in enumerate(outcomes) if isinstance(outcome, list)]
            assert [outcomes[racer] for racer in stored] == [[2 * number + 1, 2 * number + 2]]
            assert [event.id for event in store.read(after=2 * number)] == [f"{number}-{stored[0]}", f"{number}-shared"]
            assert share(stored[0]) == outcomes[stored[0]]
            self.figures["rounds of 16 sharing an id"] += 1

    def _append(self, store: Store, batch: list[Event], racer: int) -> list[int]:
        return list(store.append(batch))

    # Limits, and failing without a trace

    def test_nothing_to_append_is_refused(self, store: Store) -> None:
        with pytest.raises(InvalidEvent, match="Nothing to append"):
            store.append([])

    def test_ten_thousand_events_go_in_at_once_and_one_more_does_not(self, store: Store) -> None:
        events = [Event("A", number, (f"n:{number}",)) for number in range(10_000)]
        with pytest.raises(InvalidEvent, match="Too many events"):
            store.append([*events, Event("A")])
        assert store.head() == 0
        assert list(store.append(events)) == list(range(1, 10_001))
        assert [event.data for event in store.read()] == list(range(10_000))
        assert positions(store, Query.of(tags=["n:7777"])) == [7778]

    def test_an_event_of_more_than_1_mib_is_refused_and_of_1_mib_is_not(self, store: Store) -> None:
        with pytest.raises(InvalidEvent, match="1 MiB"):
            store.append([lead(data="x" * (1024 * 1024 - 1))])
        store.append([lead(data="x" * (1024 * 1024 - 2))])
        assert store.head() == 1

    @pytest.mark.parametrize(
        "bad", [float("nan"), float("inf"), 2**53, "\ud800", {1: 2}, pytest.param(object(), id="an object")], ids=repr
    )
    def test_a_failed_append_leaves_no_trace(self, store: Store, bad: Any) -> None:
        with pytest.raises(InvalidEvent):
            store.append([lead(id="a"), lead(data={"field": bad}, id="b")])
        assert (store.head(), positions(store), positions(store, LEAD)) == (0, [], [])
        assert list(store.append([lead("Other", id="a")])) == [1]

    # Reading

    def test_reading_by_after_upto_limit_and_backwards(self, store: Store) -> None:
        store.append([lead() if number % 2 else Event("Other") for number in range(1, 11)])
        assert positions(store, LEAD) == [1, 3, 5, 7, 9]
        assert positions(store, LEAD, after=3) == [5, 7, 9]
        assert positions(store, LEAD, upto=5) == [1, 3, 5]
        assert positions(store, LEAD, after=1, upto=8, limit=2) == [3, 5]
        assert positions(store, LEAD, after=1, upto=8, limit=2, backwards=True) == [7, 5]
        assert positions(store, limit=0) == positions(store, after=10) == positions(store, after=99) == []

    def test_a_negative_limit_is_refused(self, store: Store) -> None:
        with pytest.raises(InvalidQuery):
            list(store.read(limit=-1))

    @pytest.mark.parametrize("query", [None, LEAD, Query.of(types=["LeadCreated"])], ids=str)
    @pytest.mark.parametrize("backwards", [False, True])
    def test_a_reading_can_be_read_again_and_later_events_are_not_in_it(
        self, store: Store, query: Query | None, backwards: bool
    ) -> None:
        store.append([lead(), lead()])
        reading = store.read(query, backwards=backwards)
        store.append([lead()])
        expected = [2, 1] if backwards else [1, 2]
        assert reading.head == 2
        for _ in range(2):
            assert [event.position for event in reading] == expected
            store.append([lead()])

    def test_positions_of_finds_the_ids_that_are_there(self, store: Store) -> None:
        store.append([lead(id="a"), lead(id="b")])
        assert store.positions_of(["a", "b", "c"]) == {"a": 1, "b": 2}

    @given(steps=oracle.steps(), reads=st.lists(st.tuples(oracle.queries(), oracle.windows()), max_size=6))
    def test_it_answers_as_a_plain_list_would(self, steps: Any, reads: Any) -> None:
        with tempfile.TemporaryDirectory() as folder:
            self._compare([self.open(Path(folder))], steps, reads)

    def _compare(self, stores: list[Store], steps: Any, reads: Any) -> None:
        """Append by each of these in turn, all of them the same store, and read from each, beside a plain list."""
        naive = oracle.Oracle()
        try:
            for number, (events, condition) in enumerate(steps):
                store = stores[number % len(stores)]
                if naive.refuses(condition):
                    with pytest.raises(ConditionFailed):
                        store.append(events, condition)
                else:
                    first = len(naive.events) + 1
                    naive.events += events
                    assert list(store.append(events, condition)) == list(range(first, len(naive.events) + 1))
            for store in stores:
                for query, window in reads:
                    found = list(store.read(query, **window))
                    assert [event.position for event in found] == naive.positions(query, **window)
                assert [(e.type, e.data, e.tags) for e in store.read()] == [
                    (e.type, e.data, e.tags) for e in naive.events
                ]
                assert list(store.problems()) == []
            self.figures["histories compared"] += 1
        finally:
            for store in stores:
                store.close()

    # Many at once

    @pytest.mark.parametrize("racers", [16, 64])
    def test_of_many_racers_on_one_boundary_exactly_one_wins(self, store: Store, racers: int) -> None:
        for number in range(self.races):
            query = Query.of(tags=[f"boundary:{number}"])

            def race(racer: int, query: Query = query) -> list[int]:
                reading = store.read(query)
                if list(reading):
                    raise ConditionFailed(query=query)
                condition = AppendCondition(query, after=reading.head)
                return list(store.append([Event("Won", racer, query.items[0].tags)], condition))

            outcomes = together(racers, race, among=ConditionFailed)
            assert sum(isinstance(outcome, list) for outcome in outcomes) == 1
            assert len(list(store.read(query))) == 1
            self.figures[f"rounds of {racers} racers"] += 1

    def test_the_log_proves_that_every_decision_still_held_when_it_was_stored(self, store: Store) -> None:
        seed = random.randrange(2**32)
        print(f"seed {seed}")
        chances = [random.Random(seed + racer) for racer in range(8)]

        def decide(racer: int) -> None:
            for _ in range(self.races):
                chosen = sorted(chances[racer].sample(range(6), 2))
                query = Query.of(tags=[f"k:{chosen[0]}"]) | Query.of(tags=[f"k:{chosen[1]}"])
                head = store.read(query).head
                time.sleep(chances[racer].random() / 1000)
                event = Event("Decided", {"query": query.to_json(), "after": head}, (f"k:{chosen[0]}",))
                try:
                    store.append([event], AppendCondition(query, after=head))
                except ConditionFailed:
                    continue

        together(8, decide, among=ConditionFailed)
        log = list(store.read())
        assert log
        for event in log:
            query = Query.from_json(event.data["query"])
            between = log[event.data["after"] : event.position - 1]
            assert not [other.position for other in between if query.matches(other.type, other.tags)]
        self.figures["decisions proved"] = len(log)

    def test_a_reader_of_the_tail_sees_everything_once_and_in_order(self, store: Store) -> None:
        seed = random.randrange(2**32)
        print(f"seed {seed}")
        committed: dict[int, str] = {}
        failures: list[str] = []
        done = threading.Event()
        seen: list[Recorded] = []

        def follow() -> None:
            while not done.is_set() or (seen[-1].position if seen else 0) < store.head():
                store.wait(seen[-1].position if seen else 0, 0.05)
                seen.extend(store.read(after=seen[-1].position if seen else 0))

        def write(writer: int) -> None:
            chance = random.Random(seed + writer)
            for number in range(self.tailed_events // 8):
                name = f"{writer}-{number}"
                if chance.random() < 0.1:
                    with pytest.raises(InvalidEvent):
                        store.append([lead(id=f"failed-{name}"), lead(data=float("nan"))])
                    failures.append(name)
                (position,) = store.append([lead(id=name)])
                committed[position] = name
                if chance.random() < 0.1:
                    with pytest.raises(ConditionFailed):
                        store.append([lead(id=f"refused-{name}")], AppendCondition(LEAD, after=position - 1))
                    failures.append(name)
                time.sleep(chance.random() / 2000)

        reader = threading.Thread(target=follow)
        reader.start()
        try:
            together(8, write, among=ConditionFailed)
        finally:
            done.set()
            reader.join(60)
        assert not reader.is_alive()
        assert [(event.position, event.id) for event in seen] == sorted(committed.items())
        assert failures
        self.figures |= Counter({"events seen in order": len(seen), "failed appends between them": len(failures)})

    def test_a_reading_holds_everything_up_to_its_head_beside_writers_and_who_asks_for_the_head(
        self, store: Store
    ) -> None:
        done = threading.Event()

        def write(writer: int) -> None:
            for _ in range(100):
                store.append([lead()])

        def ask() -> None:
            while not done.is_set():
                store.head()

        def read() -> None:
            while not done.is_set():
                reading = store.read()
                assert [event.position for event in reading] == list(range(1, reading.head + 1))

        with ThreadPoolExecutor(4) as pool:
            beside = [pool.submit(work) for work in (ask, ask, read, read)]
            try:
                together(4, write, among=ConditionFailed)
            finally:
                done.set()
            for each in beside:
                each.result()

    # Waiting

    def test_wait_returns_at_once_when_the_head_is_beyond(self, store: Store) -> None:
        store.append([lead()])
        started = time.monotonic()
        assert store.wait(0, 30) == 1
        assert time.monotonic() - started < 10

    def test_wait_gives_up_when_the_time_is_up(self, store: Store) -> None:
        assert store.wait(0, 0.05) == 0

    def test_wait_wakes_for_an_append(self, store: Store) -> None:
        timer = threading.Timer(0.05, store.append, [[lead()]])
        timer.start()
        assert store.wait(0, 30) == 1
        timer.join()

    # Restoring

    def test_restore_keeps_every_field(self, store: Store, tmp_path: Path) -> None:
        original = self._varied(store)
        (tmp_path / "copy").mkdir()
        copy = self.open(tmp_path / "copy", FixedClock("2030-01-01T00:00:00Z"))
        assert copy.restore(original) == 4
        assert list(copy.read()) == original
        assert copy.restore(original) == 4
        assert list(copy.append([lead(id="a")])) == [1]
        assert copy.identity().store_id != store.identity().store_id
        copy.close()

    def test_restore_refuses_a_gap_and_another_prefix(self, store: Store, tmp_path: Path) -> None:
        original = self._varied(store)
        (tmp_path / "copy").mkdir()
        copy = self.open(tmp_path / "copy")
        with pytest.raises(CorruptStore):
            copy.restore(original[1:])
        copy.append([lead("Other")])
        with pytest.raises(CorruptStore):
            copy.restore(original)
        assert copy.head() == 1
        copy.close()

    def test_restore_refuses_recorded_times_that_fall(self, store: Store, clock: FixedClock, tmp_path: Path) -> None:
        store.append([lead()])
        clock.advance(60)
        store.append([lead()])
        first, second = store.read()
        falling = msgspec.structs.replace(second, recorded_us=first.recorded_us - 1)
        (tmp_path / "copy").mkdir()
        copy = self.open(tmp_path / "copy", clock)
        with pytest.raises(CorruptStore, match="recorded before"):
            copy.restore([first, falling])
        assert copy.restore([first, second]) == 2
        assert list(copy.read()) == [first, second]
        copy.close()

    def _varied(self, store: Store) -> list[Recorded]:
        store.append([lead(id="a"), Event("B", Body(b"\x00\xff", "image/png"), version=2)], basis=Basis(LEAD, 0, "7"))
        store.append([lead(data={"x": 1.0}, time=5, actor="ann", cause="c", correlation="d", meta={"line": 1})])
        store.append([Event("C")])
        return list(store.read())

    # Identity and closing

    def test_the_store_knows_itself_and_finds_itself_sound(self, store: Store) -> None:
        store.append([lead()])
        assert store.identity() == store.identity()
        assert store.identity().store_id
        assert (store.identity().epoch, store.identity().format) == (1, FORMAT)
        assert all(isinstance(value, str) for value in store.settings().values())
        assert list(store.problems()) == []

    def test_after_closing_every_call_says_so(self, tmp_path: Path) -> None:
        store = self.open(tmp_path)
        store.append([lead()])
        store.close()
        store.close()
        for call in (lambda: store.append([lead()]), lambda: list(store.read()), lambda: store.wait(5, 1)):
            with pytest.raises(StoreClosed):
                call()

    def test_closing_wakes_those_who_wait(self, tmp_path: Path) -> None:
        store = self.open(tmp_path)
        timer = threading.Timer(0.1, store.close)
        timer.start()
        started = time.monotonic()
        with pytest.raises(StoreClosed):
            store.wait(0, 60)
        assert time.monotonic() - started < 30
        timer.join()


class DurableStoreSuite(StoreSuite):
    """The exam of a store that is still there when it is opened again: all of StoreSuite, and this."""

    def test_opened_again_it_is_the_same_store(self, tmp_path: Path, clock: FixedClock) -> None:
        store = self.open(tmp_path, clock)
        before, identity = self._varied(store), store.identity()
        store.close()
        clock.set("2020-01-01T00:00:00Z")
        again = self.open(tmp_path, clock)
        assert (list(again.read()), again.identity()) == (before, identity)
        assert list(again.append([lead(id="a"), before[1].to_event()])) == [1, 2]
        assert list(again.append([lead()])) == [5]
        assert [event.recorded_us for event in again.read(after=3)] == [before[-1].recorded_us] * 2
        with pytest.raises(InvalidEvent, match="LeadCreated"):
            again.append([Event("LEADCREATED")])
        again.close()

    def test_two_open_at_once_see_each_other(self, tmp_path: Path) -> None:
        one, other = self.open(tmp_path), self.open(tmp_path)
        one.append([lead(id="a")])
        assert positions(other, LEAD) == [1]
        with pytest.raises(ConditionFailed):
            other.append([lead()], AppendCondition(LEAD))
        assert list(other.append([lead(id="a")])) == [1]
        assert list(other.append([lead()])) == [2]
        assert (one.head(), positions(one)) == (2, [1, 2])
        one.close()
        other.close()

    @given(steps=oracle.steps(), reads=st.lists(st.tuples(oracle.queries(), oracle.windows()), max_size=3))
    def test_three_open_at_once_answer_as_one_plain_list_would(self, steps: Any, reads: Any) -> None:
        with tempfile.TemporaryDirectory() as folder:
            self._compare([self.open(Path(folder)) for _ in range(3)], steps, reads)

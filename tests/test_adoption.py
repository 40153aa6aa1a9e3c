"""A change of a scorecard is an event: with an author and a reason, guarded, and safe to do again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings

import whence
from tests.exam import counts
from tests.scoring.test_agreement import cards
from whence.adoption import ADOPTED, Adopted, adopt, adoptions, in_force
from whence.config import Config
from whence.errors import (
    ConditionFailed,
    IdConflict,
    InvalidEvent,
    InvalidInput,
    InvalidModel,
    InvalidTime,
    NotKnown,
)
from whence.history import History
from whence.scoring import Rule, Scorecard
from whence.stores.memory import MemoryStore

FIRST = Scorecard(name="lead", rules=[Rule(name="opened", on="EmailOpened", points=10)])
SECOND = Scorecard(name="lead", rules=[Rule(name="opened", on="EmailOpened", points=15)])
THIRD = Scorecard(name="lead", rules=[Rule(name="opened", on="EmailOpened", points=20)])
TOML = """
[scorecard.lead]
[[scorecard.lead.rule]]
name = "opened"
on = "EmailOpened"
points = 15
"""


@pytest.fixture
def db(tmp_path: Path) -> Iterator[whence.Whence]:
    (tmp_path / "whence.toml").write_text(TOML)
    with whence.open(tmp_path / "leads.db", create=True, config=Config.load(tmp_path / "whence.toml")) as made:
        yield made


def day(number: int) -> datetime:
    return datetime(2026, 3, number, tzinfo=UTC)


@settings(max_examples=counts.EXAMPLES)
@given(cards())
def test_a_card_comes_back_from_its_adoption_the_same(card: Scorecard) -> None:
    store = MemoryStore()
    adopt(store, card, by="anna", reason="as it is")
    (found,) = adoptions(History.of(store), "lead")
    assert found.card == card
    assert (found.version, found.by, found.reason, found.changes) == (card.version, "anna", "as it is", ())


def test_the_log_says_since_when_by_whom_why_and_what_changed(db: whence.Whence) -> None:
    db.adopt(FIRST, by="anna", reason="the first", time=day(1))
    db.adopt("lead", by="ben", reason="opens matter more", time=day(9))
    first, second = db.scorecard_log("lead")
    assert (first.since, first.by, first.reason, first.changes) == (day(1), "anna", "the first", ())
    assert (second.since, second.by, [*map(str, second.changes)]) == (day(9), "ben", ["rule opened: points 10 → 15"])
    (event, _) = db.store.read(whence.Query.of(types=[ADOPTED], tags=["scorecard:lead"]))
    assert event.actor == "anna"
    assert event.data["version"] == FIRST.version
    assert event.data["card"]["rule"][0]["points"] == 10
    assert [*map(str, db.scorecard_diff("lead", "2026-03-02"))] == ["rule opened: points 10 → 15"]
    assert db.scorecard_diff("lead") == []


def test_an_unchanged_card_appends_nothing(db: whence.Whence) -> None:
    assert db.adopt("lead", by="anna", reason="why").is_new
    again = db.adopt("lead", by="ben", reason="why again")
    assert (again.is_new, again.adoption.by, db.store.head()) == (False, "anna", 1)


@pytest.mark.parametrize(("by", "reason"), [("", "why"), ("anna", ""), ("anna", "  ")])
def test_an_adoption_says_who_and_why(db: whence.Whence, by: str, reason: str) -> None:
    with pytest.raises(InvalidEvent, match="says who and why"):
        db.adopt("lead", by=by, reason=reason)
    assert db.store.head() == 0


def test_of_two_racers_one_wins_and_the_other_is_told(tmp_path: Path) -> None:
    whence.open(tmp_path / "leads.db", create=True).close()
    barrier = threading.Barrier(2)
    for round in range(counts.RACES):
        ended: list[Adopted | ConditionFailed] = []
        pair = [Scorecard(name="lead", rules=[Rule(on="A", points=2 * round + each + 1)]) for each in (0, 1)]

        def race(card: Scorecard, ended: list[Adopted | ConditionFailed] = ended) -> None:
            with whence.open(tmp_path / "leads.db") as db:
                barrier.wait()
                try:
                    ended.append(db.adopt(card, by=f"for {card.short_version}", reason="a race"))
                except ConditionFailed as problem:
                    ended.append(problem)

        racers = [threading.Thread(target=race, args=(card,)) for card in pair]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join()
        won = [each for each in ended if isinstance(each, Adopted)]
        told = [each for each in ended if isinstance(each, ConditionFailed)]
        assert len(won) + len(told) == 2
        for each in told:
            assert "Another version was adopted meanwhile" in str(each)
            assert each.facts["version"] == won[0].adoption.card.short_version
    with whence.open(tmp_path / "leads.db") as db:
        for each in db.scorecard_log("lead"):
            basis = each.event.basis
            assert basis is not None
            assert basis.position == each.event.position - 1, "each was decided on all before it"


class _Between(MemoryStore):
    """A store in which somebody else adopts a card right before the next append."""

    def __init__(self, card: Scorecard) -> None:
        super().__init__()
        self._other: Scorecard | None = card

    def append(self, events, condition=None, *, basis=None):  # type: ignore[no-untyped-def]
        if (card := self._other) is not None:
            self._other = None
            adopt(self, card, by="ben", reason="first")
        return super().append(events, condition, basis=basis)


def test_who_comes_second_is_told_by_whom_and_what_to_do() -> None:
    with pytest.raises(ConditionFailed) as told:
        adopt(_Between(SECOND), FIRST, by="anna", reason="second")
    assert (told.value.facts["by"], told.value.facts["version"]) == ("ben", SECOND.short_version)
    assert "whence scorecard log lead" in told.value.remedy
    same = adopt(_Between(FIRST), FIRST, by="anna", reason="second")
    assert (same.is_new, same.adoption.by) == (False, "ben"), "both meant the same"


def test_a_retry_with_an_id_is_safe_whatever_came_between(db: whence.Whence) -> None:
    db.adopt(FIRST, by="anna", reason="why", id="a-1")
    db.adopt(SECOND, by="ben", reason="why not")
    again = db.adopt(FIRST, by="anna", reason="why", id="a-1")
    assert (again.is_new, again.adoption.event.position, db.store.head()) == (False, 1, 2)
    with pytest.raises(IdConflict):
        db.adopt(THIRD, by="anna", reason="why", id="a-1")


def test_a_version_of_the_past_takes_its_place_in_time(db: whence.Whence) -> None:
    db.adopt(SECOND, by="anna", reason="now", time=day(9))
    db.adopt(FIRST, by="anna", reason="as it was before", time=day(1))
    assert [each.version for each in db.scorecard_log("lead")] == [FIRST.version, SECOND.version]
    assert not db.adopt(FIRST, by="anna", reason="again", time=day(3)).is_new
    assert db.adopted("lead").version == SECOND.version
    with pytest.raises(InvalidTime, match="not adopted in advance"):
        db.adopt(THIRD, by="anna", reason="soon", time=datetime.now(UTC) + timedelta(days=1))


def test_an_adopted_version_is_named_behind_an_at_sign(db: whence.Whence) -> None:
    db.adopt(FIRST, by="anna", reason="the first", time=day(1))
    db.adopt(THIRD, by="anna", reason="the third", time=day(9))
    db.append(whence.Event("EmailOpened", {}, ["lead:42"], time=day(2)))
    assert db.score("lead:42").scores == {"score": 15}, "whence.toml's, as if none had been adopted"
    for named, points in (("now", 20), ("2026-03-05", 10), (FIRST.version[:6], 10), (THIRD.version, 20), ("@1", 10)):
        standing = db.score("lead:42", card=f"lead@{named}")
        assert standing.scores == {"score": points}
        assert standing.version == {10: FIRST, 20: THIRD}[points].version
    assert db.scorecard("lead", "lead@now").name == f"lead@{THIRD.short_version}"
    taken_up = db.adopt(f"lead@{FIRST.version[:6]}", by="anna", reason="back again").adoption
    assert (taken_up.name, taken_up.version) == ("lead", FIRST.version)


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("lead@beefbeef", "Adopted were: "),
        ("lead@2026-02-01", "Its first version is in force since 2026-03-01T00:00:00Z, by @1"),
        ("v2@now", "Adopt it: whence scorecard adopt v2"),
    ],
)
def test_a_version_that_is_not_there_says_which_are(db: whence.Whence, named: str, said: str) -> None:
    db.adopt(FIRST, by="anna", reason="the first", time=day(1))
    with pytest.raises(NotKnown) as told:
        db.score("lead:42", card=named)
    assert said in told.value.remedy


def test_a_prefix_of_two_versions_names_both(monkeypatch: pytest.MonkeyPatch) -> None:
    from whence import adoption

    store = MemoryStore()
    for card in (FIRST, SECOND):
        adopt(store, card, by="anna", reason="why")
    found = adoptions(History.of(store), "lead")
    monkeypatch.setattr(adoption, "PREFIX_LEAST", 0)
    with pytest.raises(InvalidInput, match="Several versions begin so"):
        adoption.with_version(found, "")


def test_a_name_stays_with_its_kind(db: whence.Whence) -> None:
    db.adopt(FIRST, by="anna", reason="why")
    with pytest.raises(InvalidModel, match="of another kind before"):
        db.adopt(msgspec.structs.replace(SECOND, kind="deal"), by="anna", reason="why")


@pytest.mark.parametrize(
    "data", [None, {"name": "lead"}, {"name": "lead", "version": "0", "reason": "", "card": {"rule": []}}]
)
def test_an_event_that_only_looks_like_an_adoption_is_named(db: whence.Whence, data: object) -> None:
    db.append(whence.Event(ADOPTED, data, ["scorecard:lead"]))
    with pytest.raises(InvalidEvent, match=r"Not an adoption of a scorecard \(Position: 1"):
        db.scorecard_log("lead")


def test_a_card_that_was_changed_after_it_was_adopted_is_refused(db: whence.Whence) -> None:
    event = db.adopt(FIRST, by="anna", reason="why").adoption.event.to_event()
    forged = {**event.data, "card": SECOND.to_table()}
    db.append(msgspec.structs.replace(event, data=forged, id=None))
    with pytest.raises(InvalidEvent, match="the card is of version"):
        db.scorecard_log("lead")


def test_cards_stand_in_other_files_too(db: whence.Whence, tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(TOML)
    (tmp_path / "two.toml").write_text(TOML + TOML.replace("lead", "deal"))
    assert db.adopt(f"{tmp_path}/one.toml", by="anna", reason="why").adoption.version == SECOND.version
    assert db.adopt(f"{tmp_path}/two.toml:deal", by="anna", reason="why").adoption.name == "deal"
    with pytest.raises(InvalidInput, match="Several scorecards"):
        db.adopt(f"{tmp_path}/two.toml", by="anna", reason="why")
    assert [each.name for each in db.scorecard_log()] == ["lead", "deal"]


def test_nothing_adopted_is_nothing_in_force(db: whence.Whence) -> None:
    assert db.in_force("lead") is None
    assert db.in_force("no\ntag") is None
    assert db.adoption_of(FIRST) is None
    assert in_force([]) is None


# As it was scored.


@pytest.fixture
def changed(db: whence.Whence) -> whence.Whence:
    """Ten points for an opened email from 1 March on, twenty from the 9th; one was opened before, between and after."""
    db.adopt(FIRST, by="anna", reason="the first", time=day(1))
    for number in (5, 10):
        db.append(whence.Event("EmailOpened", {}, ["lead:42"], time=day(number)))
    db.adopt(THIRD, by="anna", reason="the third", time=day(9))
    db.append(whence.Event("EmailOpened", {}, ["lead:7"], time=datetime(2026, 2, 1, tzinfo=UTC)))
    return db


def test_as_scored_takes_each_version_in_its_time(changed: whence.Whence) -> None:
    assert changed.score("lead:42").scores == {"score": 30}
    assert changed.score("lead:42", as_scored=True).scores == {"score": 30}
    assert changed.score("lead:42", card="lead@now").scores == {"score": 40}
    assert changed.score("lead:42", as_scored=True, at=day(6)).version == FIRST.version
    assert changed.score("lead:7", as_scored=True).scores == {"score": 10}, "before the first adoption"
    assert changed.score("lead:7", as_scored=True, at="2026-02-02").scores == {"score": 10}
    (share,) = changed.shares("lead:42", as_scored=True).shares
    assert [(award.given_micro, award.version) for award in share.awards] == [
        (10_000_000, FIRST.version),
        (20_000_000, THIRD.version),
    ]
    assert changed.crossings("lead:42", as_scored=True) == []
    found = changed.scores_as_scored("lead")
    assert {entity: standing.scores["score"] for entity, standing in found.items()} == {"lead:42": 30, "lead:7": 10}
    assert found["lead:42"] == changed.score("lead:42", as_scored=True)


def test_with_one_version_all_come_to_the_same_over_columns_as_one_by_one(changed: whence.Whence) -> None:
    for moment in (day(6), "@3"):  # columns take times alone
        found = changed.scores_as_scored("lead", at=moment)
        assert found == {entity: changed.score(entity, as_scored=True, at=moment) for entity in found}
    assert list(changed.scores_as_scored("lead", at=day(6))) == ["lead:42", "lead:7"]


def test_as_scored_knows_the_versions_that_were_known_then(changed: whence.Whence) -> None:
    assert changed.score("lead:42", as_scored=True, at="@3").scores == {"score": 20}, "the third came after @3"
    assert changed.score("lead:42", as_scored=True, at="@4").scores == {"score": 30}
    assert [each.card.version for each in changed.succession("lead", at="@3").versions] == [FIRST.version]
    assert changed.succession("lead", at="2026-01-01").card.version == FIRST.version


def test_as_scored_needs_an_adoption_and_takes_no_version(db: whence.Whence) -> None:
    with pytest.raises(NotKnown, match="No such scorecard was adopted"):
        db.score("lead:42", as_scored=True)
    with pytest.raises(InvalidModel, match="each version counts in its time"):
        db.score("lead:42", card="lead@now", as_scored=True)
    db.adopt(msgspec.structs.replace(FIRST, name="v2", kind="deal"), by="anna", reason="why")
    assert db.succession("deal").card.name == "v2", "the only one that was adopted for the kind"
    with pytest.raises(InvalidModel, match="is for another kind"):
        db.score("lead:42", card="v2", as_scored=True)

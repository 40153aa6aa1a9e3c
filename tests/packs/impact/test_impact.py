"""What changes did to an outcome: planted truth is found and chance is not blamed; what decisions name is compared by
it, rollouts side by side; and what cannot be told apart is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

import whence
from tests.exam.counts import MAILERS
from tests.packs.settings.conftest import Call
from whence import Event
from whence.clock import to_us
from whence.demo import mailer as planted
from whence.errors import InvalidQuery, InvalidTime, NotKnown
from whence.experiments.impact import Impact, sentences
from whence.experiments.interventions import weigh
from whence.experiments.trials import Axis, Trials
from whence.packs.changes import Change, Difference, changes
from whence.packs.impact import impact
from whence.packs.impact.asking import WINDOW_DAYS
from whence.packs.impact.candidates import candidates
from whence.packs.impact.rows import cells, named
from whence.tree import MISSING

NAMED = 'observed = ["EmailSent.model"]\nnamed_by = ["EmailSent.prompt"]\n'
DAY_US = 86_400_000_000
BEGIN_US = to_us(datetime(2026, 1, 5, tzinfo=UTC))


def changes_of(made: planted.Mailer) -> list[Change]:
    """The changes as they are found in the events, which a test below holds them to."""
    found = []
    for number, each in enumerate(made.changes, 1):
        silent = each.setting == "model"
        name, (before, after) = ("EmailSent.model", made.models) if silent else (each.setting, (MISSING, each.value))
        how, label = ("observed", made.models[1]) if silent else ("announced", each.label)
        said = (Difference(name, before, after),)
        found.append(
            Change(number, str(number), each.time_us, how, name if silent else "main", said, label=label)  # type: ignore[arg-type]
        )
    return found


def trials_of(made: planted.Mailer, *, by_name: bool = True) -> Trials:
    axes = {"EmailSent.model": Axis(made.models, made.model_codes)}
    if by_name:
        axes["EmailSent.prompt"] = Axis(made.prompts, made.prompt_codes)
    return Trials(made.times_us, made.leads, made.answered.astype(np.float64), axes)


def weighed(seed: int, *, guilty: bool, by_name: bool = True) -> Impact[Change]:
    made = planted.mailer(seed, guilty=guilty)
    found = trials_of(made, by_name=by_name)
    return weigh(found, candidates(found, changes_of(made), window_days=WINDOW_DAYS))


def test_the_guilty_change_is_first_and_without_one_none_is_blamed() -> None:
    first = [weighed(seed, guilty=True).effects[0].change.names for seed in range(MAILERS)]
    assert first.count(("prompts.email",)) >= 0.95 * MAILERS
    blamed = [bool(weighed(seed, guilty=False).blamed) for seed in range(MAILERS)]
    assert sum(blamed) <= 0.05 * MAILERS


@pytest.fixture(scope="module")
def mailed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[whence.Whence]:
    """The mailer's events in a store; half as many e-mails, so that it takes half as long."""
    folder = tmp_path_factory.mktemp("mailer")
    (folder / "whence.toml").write_text(f'store = "mailer.db"\n[pack.settings]\n{NAMED}')
    config = whence.app.Config.nearest(folder)
    with whence.open(folder / "mailer.db", create=True, config=config) as db:
        planted.write(db, planted.mailer(7, days=70, a_day=600))
        yield db


def test_from_events_to_the_guilty_change(mailed: whence.Whence) -> None:
    made = planted.mailer(7, days=70, a_day=600)
    found = impact(mailed, "EmailSent", outcome="Replied", within="3 days")
    (guilty,) = found.blamed
    assert (guilty.change.names, guilty.compared, guilty.verdict) == (("prompts.email",), "by name", "lowers it")
    assert guilty.low is not None
    assert guilty.high is not None
    assert guilty.low < -planted.LOST < guilty.high
    compared = {each.change.names: each.compared for each in found.effects}
    assert compared[("prompts.candidate",)] == "side by side"
    assert compared[("EmailSent.model",)] == "by name"
    assert compared[("mail.signature",)] == "by time"
    assert found.decisions + found.left_out == len(made.times_us)
    days = (made.times_us - BEGIN_US) // DAY_US
    assert found.days[3].mean == pytest.approx(made.answered[days == 3].mean())


def test_the_silent_change_is_in_the_log_and_among_the_suspects(mailed: whence.Whence) -> None:
    made = planted.mailer(7, days=70, a_day=600)
    (silent,) = (each.time_us for each in made.changes if each.setting == "model")
    before, after = mailed.table("settings.log", setting="EmailSent.model")[::-1]
    assert (before.after, after.before, after.after) == (made.models[0], *made.models)
    assert after.how == "observed"
    assert 0 <= to_us(after.time) - silent < DAY_US
    (first, *_) = mailed.table("settings.suspects", incident=after.time, hours=1)
    assert (first.position, first.how) == (after.position, "observed")
    assert "nobody announced it" in first.because


def test_two_changes_at_once_are_both_named_where_decisions_do_not_tell_them_apart() -> None:
    found = weighed(0, guilty=True, by_name=False)
    guilty = next(each for each in found.effects if each.change.names == ("prompts.email",))
    other = next(each for each in found.effects if each.change.names == ("mail.signature",))
    assert {guilty.verdict, other.verdict} == {"one of several"}
    assert other.change in guilty.apart_from
    assert guilty.change in other.apart_from
    assert "do not tell them apart" in " ".join(sentences(found, named))


def test_a_rollout_is_compared_with_the_others_of_the_same_days() -> None:
    random = np.random.Generator(np.random.PCG64(1))
    count, days = 30_000, 40
    times = np.sort(BEGIN_US + random.integers(0, days * DAY_US, count))
    later = times >= BEGIN_US + 20 * DAY_US
    tenth = later & (random.random(count) < 0.1)
    chance = np.where(later, 0.10, 0.30) + 0.10 * tenth  # everything falls by 20 points that day
    axis = Axis(("old", "new"), tenth.astype(np.int64))
    made = Trials(times, np.arange(count), (random.random(count) < chance).astype(np.float64), {"Sent.prompt": axis})
    at_us = BEGIN_US + 20 * DAY_US
    change = Change(1, "1", at_us, "announced", "main", (Difference("prompt", "a", "b"),), label="new")
    (effect,) = weigh(made, candidates(made, [change], window_days=WINDOW_DAYS)).effects
    assert (effect.compared, effect.verdict) == ("side by side", "raises it")
    assert effect.effect == pytest.approx(0.10, abs=0.03)


def test_a_decision_that_names_the_version_of_a_document_is_compared_by_it(tmp_path: Path) -> None:
    with whence.open(tmp_path / "w.db", create=True) as db:
        start = datetime(2026, 1, 5, tzinfo=UTC)
        versions = []
        for day, value in ((0, 60), (10, 70)):
            done = db.decide("settings.set", "main", "threshold", value, time=to_us(start) + day * DAY_US)
            versions.append(done.events[0].data["version"])
        basis = []
        for number in range(4000):
            time_us = to_us(start) + number * 20 * DAY_US // 4000
            late = number % 4 == 0  # a worker that has not read the new threshold for another three days
            day = (time_us - to_us(start)) / DAY_US
            version = versions[day >= (13 if late else 10)]
            score = 50 + number % 7 + (5 if version == versions[1] else 0)
            basis.append((version, Event("Scored", {"score": score}, [f"lead:{number}"], time=time_us)))
        for version in versions:
            several = [event for said, event in basis if said == version]
            for first in range(0, len(several), 1000):
                batch = several[first : first + 1000]
                db.execute("lead:1", lambda lead, batch=batch: batch, settings=version[:12])
        found = impact(db, "Scored", average="score")
        (effect,) = found.blamed
        assert (effect.change.names, effect.compared, effect.verdict) == (("threshold",), "by name", "raises it")
        assert effect.effect == pytest.approx(5, abs=0.05)


def test_the_time_within_which_an_outcome_comes_is_any_span_as_people_say_it(mailed: whence.Whence) -> None:
    three_days = impact(mailed, "EmailSent", outcome="Replied", within="3 days")
    assert impact(mailed, "EmailSent", outcome="Replied", within="4320 minutes") == three_days
    with pytest.raises(InvalidTime, match='Write "30 minutes"'):
        impact(mailed, "EmailSent", outcome="Replied", within="3 lightyears")


@pytest.mark.parametrize(
    ("unit", "written"),
    [
        (1.0, ["12,348", "12,595", "+251", "+237 to +264"]),
        (1e-3, ["12.348", "12.595", "+0.251", "+0.237 to +0.264"]),
        (1e-9, ["0.000012348", "0.000012595", "+0.000000251", "+0.000000237 to +0.000000264"]),
    ],
)
def test_an_average_is_written_to_as_many_figures_as_are_known_whatever_its_unit(
    unit: float, written: list[str]
) -> None:
    random = np.random.Generator(np.random.PCG64(3))
    times = BEGIN_US + np.arange(4000) * DAY_US // 100
    later = times >= BEGIN_US + 20 * DAY_US
    values = unit * (12_345 + 250 * later + random.normal(0, 100, len(times)))
    made = Trials(times, np.arange(len(times)), values, is_share=False, outcome="average ms")
    change = Change(1, "1", BEGIN_US + 20 * DAY_US, "announced", "main", (Difference("limit", 1, 2),))
    found = weigh(made, candidates(made, [change], window_days=WINDOW_DAYS))
    (row,) = cells(found, UTC)
    assert [row[name] for name in ("without", "with", "effect", "interval")] == written
    assert f"raises the average ms by {written[2][1:]}, " in next(sentences(found, named))


def test_that_nothing_was_changed_by_then_is_said_and_that_nothing_could_be_weighed(call: Call) -> None:
    for day in range(1, 5):
        call("append", f"lead:{day}", "Scored", f"score={day}", "--time", f"2026-01-0{day}")
    asked = ("settings", "impact", "Scored", "--average", "score")
    assert "No setting was ever changed." in call(*asked)[2]
    call("settings", "set", "limit", "3", "--time", "2026-01-04")
    assert "No setting was changed by then." in call(*asked, "--at", "2026-01-03")[2]
    assert "None of 1 change could be weighed: too few decisions before or after." in call(*asked)[1]
    assert "Give one of --outcome, --average and --share." in call(*asked, "--share", "score=1")[2]


def test_a_window_below_three_days_is_refused_from_python_too(mailed: whence.Whence) -> None:
    with pytest.raises(InvalidQuery, match="Too short a window"):
        impact(mailed, "EmailSent", outcome="Replied", window_days=2)


def test_an_effect_above_the_least_that_is_seen_is_named_and_one_below_is_chance() -> None:
    random = np.random.Generator(np.random.PCG64(5))
    times = BEGIN_US + np.arange(4000) * DAY_US // 100
    later = times >= BEGIN_US + 20 * DAY_US
    noise = random.normal(0, 100, len(times))

    def found(effect: float) -> Impact[Change]:
        made = Trials(times, np.arange(len(times)), noise + effect * later, is_share=False, outcome="average ms")
        change = Change(1, "1", BEGIN_US + 20 * DAY_US, "announced", "main", (Difference("limit", 1, 2),))
        return weigh(made, candidates(made, [change], window_days=WINDOW_DAYS))

    none = found(0.0)
    assert none.least_seen is not None
    assert none.effects[0].effect is not None
    missing = none.least_seen - none.effects[0].effect  # until what is measured is the least
    assert not found(missing - 0.01 * none.least_seen).blamed
    assert found(missing + 0.01 * none.least_seen).blamed
    assert f"An effect below {none.least_seen:.0f} would mostly go unseen" in list(sentences(none, named))[1]


def test_an_outcome_that_tells_nothing_apart_is_said(mailed: whence.Whence) -> None:
    with pytest.raises(NotKnown, match="All decisions came to the same"):
        impact(mailed, "EmailSent", outcome="Replied", within="1 second")
    with pytest.raises(NotKnown, match="No decision was seen for long enough"):
        impact(mailed, "EmailSent", outcome="Replied", within="3000 days")


def test_the_command_says_it_in_sentences_and_draws_it(mailed: whence.Whence, call: Call, folder: Path) -> None:
    with (folder / "whence.toml").open("a") as file:
        file.write(NAMED)
    assert mailed.config.own_store is not None
    asked = ("settings", "impact", "EmailSent", "--outcome", "Replied", "--within", "3 days", "--store")
    code, out, _ = call(*asked, mailed.config.own_store, "--save", "impact.html")
    assert '<td class="words">' in Path("impact.html").read_text()
    assert code == 0
    assert out.startswith("prompts.email (@")
    assert "lowers the share with Replied by " in out
    assert "side by side" in out
    others = sum(line.endswith("chance") for line in out.splitlines())
    assert f"Of {others + 1} changes that were weighed, {others} did nothing beyond chance." in out
    code, _, err = call(*asked, mailed.config.own_store, "--save", "found.txt")
    assert code == 2
    assert "Write found.html for a page, or found.png." in err
    page = (folder / "impact.html").read_text()
    assert "What changes did to the share with Replied" in page
    found = [json.loads(line) for line in call(*asked, mailed.config.own_store, "--json")[1].splitlines()]
    assert (found[0]["settings"], found[0]["verdict"]) == (["prompts.email"], "lowers it")
    assert {each["verdict"] for each in found[1:]} <= {"chance", "too few"}


def test_changes_are_found_in_the_events_as_they_were_planted(mailed: whence.Whence) -> None:
    made = changes_of(planted.mailer(7, days=70, a_day=600))
    found = changes(mailed.history(), observed=["EmailSent.model"])[14:]
    later = [(each.names, each.label, each.how) for each in found if each.label != "reply-2025-09"]
    assert sorted(later, key=str) == sorted(((each.names, each.label, each.how) for each in made), key=str)

"""A made-up mailer in which it is known what every change of its settings did: to try `whence settings impact` on, and
to examine how often it is right. 120 days from a seed, sixteen changes: a prompt that loses four of a hundred answers,
a harmless change on the same day, a language model that somebody else replaced, a version that a tenth of the e-mails
get, and twelve others. Each e-mail names its prompt and its model.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from whence.clock import to_datetime, to_us
from whence.events import Event

if TYPE_CHECKING:
    from whence.app import Whence

BEGIN_US = to_us(datetime(2026, 1, 5, tzinfo=UTC))
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
DAYS = 120
A_DAY = 1000
"""So many e-mails are sent on a working day."""
ANSWERED, LOST = 0.20, 0.04
WORKERS = 12
"""So many workers send, each with the prompt that it read when it started last: hours ago, at most half a day."""
GUILTY = "prompts.email"
OTHERS = (
    ("mail.footer", ("Yours", "Best wishes")),
    ("mail.per_hour", (90, 120)),
    ("mail.sender", ("sales@example.com", "hello@example.com")),
    ("mail.retry_minutes", (15, 30)),
    ("scoring.threshold", (70, 65)),
    ("scoring.decay_days", (30, 45)),
    ("flags.new_form", (False, True)),
    ("flags.dark_page", (False, True)),
    ("calls.hours", ("9-17", "8-18")),
    ("calls.attempts", (3, 4)),
    ("pages.pricing", ("a", "b")),
    ("crm.sync_minutes", (10, 5)),
)
PROMPT = "Write to the lead in three sentences. Be polite and refer to what they read. Offer a call next week."
BOLD = PROMPT.replace("Be polite and refer to what they read", "Be bold and promise twice the pipeline")
CANDIDATE = PROMPT.replace("Offer a call next week", "Offer a call tomorrow")


class Planted(msgspec.Struct, frozen=True):
    """A change: what is set to what, when, and by which label decisions name it. `model` is the silent one, which sets
    nothing."""

    time_us: int
    setting: str
    value: Any
    label: str | None = None


class Mailer(msgspec.Struct, frozen=True):
    """All that happens: the changes by time, and for each e-mail when it was sent, to which lead, by which prompt and
    model, and whether it was answered."""

    changes: tuple[Planted, ...]
    times_us: NDArray[np.int64]
    leads: NDArray[np.int64]
    prompts: tuple[str, ...]
    prompt_codes: NDArray[np.int64]
    models: tuple[str, ...]
    model_codes: NDArray[np.int64]
    answered: NDArray[np.bool_]


def mailer(seed: int, *, guilty: bool = True, days: int = DAYS, a_day: int = A_DAY) -> Mailer:
    """The mailer of a seed: with `guilty` the new prompt loses four answers of a hundred e-mails, else none."""
    random = np.random.Generator(np.random.PCG64(seed))
    times = _times(random, days, a_day)
    changes = _changes(random, days)
    when = {each.label or each.setting: each.time_us for each in changes}
    count = len(times)
    leads = random.integers(0, count // 3, count)
    day = (times - BEGIN_US) // DAY_US
    chance = np.full(count, ANSWERED)
    chance += random.normal(0, 0.06, count // 3)[leads]
    chance += 0.01 * np.sin(2 * np.pi * (day / random.uniform(90, 200) + random.uniform()))
    chance += random.normal(0, 0.004, days)[day] + np.array([0, 0.005, 0.005, 0, -0.01, -0.02, -0.015])[day % 7]
    worker = random.integers(0, WORKERS, count)
    restarted = when["p4"] + random.uniform(0, 12 * HOUR_US, WORKERS)
    prompt = (times >= restarted[worker]).astype(np.int64)
    trial = (times >= when["c1"]) & (random.random(count) < 0.1)
    codes = np.where(trial, 2, prompt)
    if guilty:
        chance -= LOST * (codes == 1)
    model = (times >= when["model"]).astype(np.int64)
    answered = random.random(count) < np.clip(chance, 0, 1)
    return Mailer(changes, times, leads, ("p3", "p4", "c1"), codes, ("reply-2025-09", "reply-2026-02"), model, answered)


def _times(random: np.random.Generator, days: int, a_day: int) -> NDArray[np.int64]:
    """Between eight and eighteen o'clock, few at the weekend; no two at once."""
    weekday = np.arange(days) % 7
    counts = np.where(weekday < 5, a_day, a_day * 3 // 10)
    day = np.repeat(np.arange(days), counts)
    hours = random.uniform(8, 18, len(day)) * HOUR_US
    return np.unique(BEGIN_US + day * DAY_US + hours.astype(np.int64))


def _changes(random: np.random.Generator, days: int) -> tuple[Planted, ...]:
    def moment(first: float, last: float) -> int:
        day = int(random.uniform(first, last) * days)
        return BEGIN_US + day * DAY_US + _minute(random)

    guilty = moment(0.25, 0.75)
    same_day = guilty - guilty % DAY_US + _minute(random)
    found = [
        Planted(guilty, GUILTY, BOLD, "p4"),
        Planted(same_day, "mail.signature", "The team"),
        Planted(moment(0.2, 0.8), "model", None),
        Planted(moment(0.2, 0.6), "prompts.candidate", CANDIDATE, "c1"),
        *(Planted(moment(0.1, 0.9), setting, after) for setting, (_, after) in OTHERS),
    ]
    return tuple(sorted(found, key=lambda each: each.time_us))


def _minute(random: np.random.Generator) -> int:
    """A whole minute of the working day."""
    return int(random.uniform(8, 17) * 60) * 60_000_000


def write(db: Whence, made: Mailer) -> None:
    """Record all that happens in the order of time: what the settings pack decides, EmailSent, and Replied."""
    begin = [Planted(BEGIN_US, setting, before) for setting, (before, _) in OTHERS]
    begin = [Planted(BEGIN_US, GUILTY, PROMPT, "p3"), Planted(BEGIN_US, "mail.signature", "Your team"), *begin]
    mails, done = sorted(_mails(made), key=itemgetter(0)), 0
    for number, each in enumerate((*begin, *(each for each in made.changes if each.setting != "model"))):
        upto = bisect_left(mails, each.time_us, done, key=itemgetter(0))
        _append(db, mails[done:upto])
        who = ("anna", "ben", "carla")[number % 3]
        db.decide("settings.set", "main", each.setting, each.value, label=each.label, by=who, time=each.time_us)
        done = upto
    _append(db, mails[done:])


def _append(db: Whence, mails: list[tuple[int, Event]]) -> None:
    for start in range(0, len(mails), 10_000):
        db.append([event for _, event in mails[start : start + 10_000]])


def _mails(made: Mailer) -> Iterator[tuple[int, Event]]:
    """Each e-mail, and the answer to it, with its time."""
    for number in range(len(made.times_us)):
        time_us, lead = int(made.times_us[number]), int(made.leads[number])
        tags = (f"email:{number}", f"lead:{lead}")
        data = {"prompt": made.prompts[made.prompt_codes[number]], "model": made.models[made.model_codes[number]]}
        id = f"email-{number}"
        yield time_us, Event("EmailSent", data, tags, id=id, time=to_datetime(time_us), actor="mailer")
        if made.answered[number]:
            after_us = time_us + HOUR_US + (number * 7919) % (60 * HOUR_US)
            yield after_us, Event("Replied", {}, tags, time=to_datetime(after_us), actor="mail-server", cause=id)

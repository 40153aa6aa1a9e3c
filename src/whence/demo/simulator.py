"""The year 2025 of a lead pipeline, made from a seed: the same seed gives the same events, ids and times. Each lead has
an agenda and an interest that nobody sees; what it does follows from both and from the settings in force on the day."""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec

from whence.clock import FixedClock, to_us, uuid7
from whence.demo.pipeline import (
    CLOSED,
    CODEC,
    FIT_POINTS,
    MOVES,
    PROMPT_V3,
    PROMPT_V4,
    SCORING_V1,
    SCORING_V2,
    CallMade,
    EmailClicked,
    EmailOpened,
    EmailSent,
    FormSubmitted,
    LeadCreated,
    LeadLost,
    LeadScored,
    LeadWon,
    OwnerAssigned,
    PageViewed,
    PromptChanged,
    Replied,
    ReplyClassified,
    ScoringChanged,
    StageChanged,
    WebinarAttended,
    size_of,
)
from whence.events import Event, Recorded
from whence.grammar import raw_to_id
from whence.query import Basis, Query
from whence.stores.memory import MemoryStore

SEED = 42
LEADS = 2000
EVENTS = 63_755  # what year() gives with these two
FIRST_NUMBER = 1001
STORY_NUMBER = 1042
BEGIN = datetime(2025, 1, 1, 8, tzinfo=UTC)
END = datetime(2026, 1, 1, tzinfo=UTC)
SCORING_CHANGED = datetime(2025, 6, 17, 9, 30, tzinfo=UTC)
PROMPT_CHANGED = datetime(2025, 7, 14, 16, 5, tzinfo=UTC)

PATIENCE = timedelta(days=110)
CALLS_MAX = 4
EMAILS_IN_SEQUENCE = 8

SOURCES = {"website": 30, "referral": 9, "partner": 9, "trade fair": 14, "paid search": 26, "bought list": 12}
INTEREST = {
    "website": (2.2, 3.2),
    "referral": (4.0, 2.6),
    "partner": (3.0, 3.0),
    "trade fair": (1.8, 3.6),
    "paid search": (1.4, 4.0),
    "bought list": (0.8, 7.0),
}
FAIRS = {"trade fair": (date(2025, 3, 13), date(2025, 5, 22), date(2025, 9, 18), date(2025, 11, 6))}
LISTS = {"bought list": (date(2025, 2, 4), date(2025, 8, 5), date(2025, 10, 14))}
MONTH_WEIGHTS = (8, 9, 11, 9, 9, 8, 6, 5, 10, 11, 10, 5)
WEEKDAY_WEIGHTS = (10, 11, 11, 10, 8, 3, 4)
HOLIDAYS = {date(2025, 1, 1), date(2025, 4, 18), date(2025, 4, 21), date(2025, 5, 1), date(2025, 5, 29)}
HOLIDAYS |= {date(2025, 6, 9), date(2025, 10, 3), *(date(2025, 12, day) for day in range(24, 32))}

OWNERS = {"DE": ("anna", "ben"), "AT": ("anna",), "CH": ("ben",), "NL": ("carla",), "BE": ("carla",), "DK": ("dmitri",)}
FIRST_NAMES = (
    "Ada Ben Chiara Daan Elif Frida Goran Hanna Ivo Jana Karim Lena Milan Nora Oskar Petra Ravi Sanne Tom Vera"
)
LAST_NAMES = "Adler Bakker Costa Dahl Engel Fischer Gruber Holm Jansen Keller Lang Maurer Nielsen Peters Roth Winkler"
COMPANY_NAMES = "Alpen Baltic Delta Hafen Kontor Linden Merkur Nord Polder Quell Rhein Stern Tal Ufer Vega Wald"
COMPANY_TRADES = {
    "software": ("Soft", "Data", "Systems"),
    "logistics": ("Freight", "Cargo", "Lines"),
    "manufacturing": ("Works", "Tools", "Metal"),
    "retail": ("Stores", "Markets", "Trade"),
    "public sector": ("Council", "Institute", "Schools"),
}
REASONS = ("no budget", "chose another", "bad timing", "too expensive", "no decision")
READ_FROM = {
    "EmailOpened": "emails_opened",
    "EmailClicked": "emails_clicked",
    "Replied": "replies",
    "PageViewed": "pages_viewed",
    "FormSubmitted": "forms_submitted",
    "WebinarAttended": "webinars_attended",
}
"""The field of a lead that counts each kind of touch."""
LANGUAGE_MODEL = "reply-reader-2025-01"


class Happening(msgspec.Struct, frozen=True):
    """Events that are recorded together; a decision among them looked at these fields of `read_tag`, under these
    settings."""

    recorded_us: int
    events: tuple[Event, ...]
    read_tag: str | None = None
    settings: str | None = None
    reads: tuple[str, ...] | None = None


def year(seed: int = SEED, leads: int = LEADS) -> Iterator[Recorded]:
    """The year's events in their order, with positions, ids and both times, ready for `Store.restore`."""
    clock = FixedClock(BEGIN)
    store = MemoryStore(clock)
    for happening in sorted(_happenings(seed, leads), key=lambda happening: happening.recorded_us):
        clock.set(happening.recorded_us)
        read = happening.read_tag
        looked_at = happening.settings, happening.reads
        basis = None if read is None else Basis(Query.of(tags=[read]), store.head(), *looked_at)
        store.append(happening.events, basis=basis)
    return iter(store.read())


def _happenings(seed: int, leads: int) -> Iterator[Happening]:
    journal = Journal(random.Random(f"{seed}:settings"))
    for setting, actor, moment in (
        (SCORING_V1, "anna", BEGIN),
        (PROMPT_V3, "ben", BEGIN),
        (SCORING_V2, "anna", SCORING_CHANGED),
        (PROMPT_V4, "ben", PROMPT_CHANGED),
    ):
        journal.write(moment, setting, actor=actor)
    yield from journal.happenings
    yield from Lead(STORY_NUMBER, random.Random(f"{seed}:{STORY_NUMBER}"), "website").live(_story)
    for number, (arrival, source) in zip(_numbers(), _arrivals(seed, leads - 1), strict=False):
        yield from Lead(number, random.Random(f"{seed}:{number}"), source).live(Lead.arrive, arrival)


def _numbers() -> Iterator[int]:
    return (number for number in range(FIRST_NUMBER, 10**6) if number != STORY_NUMBER)


def _arrivals(seed: int, count: int) -> list[tuple[datetime, str]]:
    """When each lead came and from where, in the order of time: few at weekends and in August, many after a fair."""
    rng = random.Random(f"{seed}:arrivals")
    days = [day for day in (date(2025, 1, 2) + timedelta(n) for n in range(363)) if day < date(2025, 12, 31)]
    weights = [MONTH_WEIGHTS[day.month - 1] * WEEKDAY_WEIGHTS[day.weekday()] for day in days]
    found = []
    for source in rng.choices(list(SOURCES), list(SOURCES.values()), k=count):
        occasions = FAIRS.get(source) or LISTS.get(source)
        day = rng.choice(occasions) if occasions else rng.choices(days, weights)[0]
        found.append((_at(day, rng.uniform(8, 20)), source))
    return sorted(found)


class Journal:
    """What one lead, or the settings, leave behind: happenings in the order they come about."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.happenings: list[Happening] = []

    def write(
        self,
        moment: datetime,
        *facts: msgspec.Struct,
        actor: str,
        cause: str | None = None,
        correlation: str | None = None,
        recorded: datetime | None = None,
        decided_on: str | None = None,
        settings: str | None = None,
        reads: tuple[str, ...] | None = None,
    ) -> str:
        """Record facts of one moment together; the id of the last comes back. `recorded` is later than the moment when
        the news came late."""
        events = []
        for fact in facts:
            id = raw_to_id(uuid7(to_us(moment) // 1000, self.rng.randbytes(10)))
            events.append(CODEC.event(fact, id=id, time=moment, actor=actor, cause=cause, correlation=correlation))
        self.happenings.append(Happening(to_us(recorded or moment), tuple(events), decided_on, settings, reads))
        return id


class Lead:
    """One lead's life. Its steps stand in an agenda by time; a step writes what happened and enters what follows."""

    def __init__(self, number: int, rng: random.Random, source: str) -> None:
        self.rng = rng
        self.number = str(number)
        self.tag = f"lead:{number}"
        self.journal = Journal(rng)
        self.source = source
        self.interest = rng.betavariate(*INTEREST[source])
        self.industry = rng.choice(list(COMPANY_TRADES))
        self.employees = round(min(4000, 8 + rng.lognormvariate(3.9, 1.1)))
        self.country = rng.choices(list(OWNERS), (50, 10, 10, 14, 8, 8))[0]
        self.owner = rng.choice(OWNERS[self.country])
        self.stage: str | None = None
        self.score = -1
        self.touches: Counter[str] = Counter()
        self.last_touch: str | None = None
        self.last_sign = BEGIN
        self.in_hand = False  # the owner is calling, so the scorer does not ask again
        self.asked_by = ""
        self.emails = 0
        self.visits = 0
        self._agenda: list[tuple[datetime, int, Callable[..., None], tuple[Any, ...]]] = []
        self._entered = 0

    def live(self, first: Callable[..., None], *given: Any) -> list[Happening]:
        """All that happens to this lead before the year ends."""
        first(self, *given)
        while self._agenda:
            moment, _, step, details = heapq.heappop(self._agenda)
            if self.stage not in CLOSED:
                step(moment, *details)
        return self.journal.happenings

    def enter(self, moment: datetime, step: Callable[..., None], *details: Any) -> None:
        """Put a step into the agenda; what would come after the year is left out."""
        if moment < END:
            self._entered += 1
            heapq.heappush(self._agenda, (moment, self._entered, step, details))

    # Coming in.

    def arrive(self, moment: datetime) -> None:
        """The lead is created. Lists from fairs and list sellers are loaded two working days later."""
        listed = self.source in FAIRS or self.source in LISTS
        recorded = _working(moment + timedelta(days=2), self.rng) if listed else moment
        list_name = f"list:{self.source.replace(' ', '-')}-{moment.date()}" if listed else None
        self.create(moment, _person(self.rng), _company(self.rng, self.industry), recorded, list_name)
        self.enter(_working(recorded + timedelta(hours=self.rng.uniform(2, 40)), self.rng), self.send_email)
        self.enter(_next_sunday(recorded), self.review)
        self.enter(_next_webinar(recorded), self.invite)

    def create(
        self, moment: datetime, person: str, company: str, recorded: datetime, correlation: str | None = None
    ) -> None:
        created = LeadCreated(self.number, person, company, self.source, self.industry, self.employees, self.country)
        actor = "list-import" if correlation else "website" if self.source == "website" else "crm"
        id = self.journal.write(moment, created, actor=actor, recorded=recorded, correlation=correlation)
        self.move(recorded, "new", actor="crm", cause=id)
        assigned = OwnerAssigned(self.number, self.owner)
        self.journal.write(recorded + timedelta(seconds=2), assigned, actor="crm", cause=id)
        self.last_touch, self.last_sign = id, recorded
        self.rate(recorded + timedelta(seconds=self.rng.randint(20, 90)))

    # Scoring: by the scoring in force, from what is recorded by then.

    def rate(self, moment: datetime) -> None:
        """Score the lead; write it down when the score changed; ask the owner to call at the threshold."""
        scoring = scoring_at(moment)
        score, reason = self.points(scoring)
        if score == self.score:
            return
        self.score = score
        scored = LeadScored(self.number, score, scoring.version, reason)
        id = self.journal.write(
            moment,
            scored,
            actor="scorer",
            cause=self.last_touch,
            decided_on=self.tag,
            settings=scoring.version,
            reads=self.reads(scoring),
        )
        if score >= scoring.threshold and not self.in_hand:
            self.hand_over(moment, id, f"scoring {scoring.version}")

    def points(self, scoring: ScoringChanged) -> tuple[int, str]:
        fit = {
            self.source: FIT_POINTS["source"][self.source],
            self.industry: FIT_POINTS["industry"][self.industry],
            f"{size_of(self.employees)} people": FIT_POINTS["size"][size_of(self.employees)],
        }
        earned = {name: scoring.points.get(name, 0) * times for name, times in self.touches.items()}
        touched = min(sum(earned.values()), scoring.points_most)
        parts = [f"{name} {points}" for name, points in fit.items()]
        parts += [f"{self.touches[name]} {name} {points}" for name, points in earned.items() if points]
        return min(100, sum(fit.values()) + touched), ", ".join(parts)

    def reads(self, scoring: ScoringChanged) -> tuple[str, ...]:
        """The fields that the scorer looks at, as the model in whence.toml names them: what fits, and each kind of
        touch that gives points and was there."""
        touched = (READ_FROM[name] for name in scoring.points if scoring.points[name] and self.touches[name])
        return ("source", "industry", "employees", *touched)

    def review(self, moment: datetime) -> None:
        """Every Sunday morning: score again, and give up on a lead that showed no sign for long."""
        if self.stage in ("new", "contacted"):
            if moment - self.last_sign > PATIENCE:
                self.lose(moment, "no answer", actor="scorer")
                return
            self.rate(moment)
        self.enter(_next_sunday(moment), self.review)

    # What the lead does.

    def touch(self, moment: datetime, fact: msgspec.Struct, actor: str, sign: bool = True, **envelope: Any) -> str:
        """Write something the lead did, and count it. A sign is what a person must have done: not an open."""
        self.last_touch = self.journal.write(moment, fact, actor=actor, **envelope)
        self.touches[type(fact).__name__] += 1
        if sign:
            self.last_sign = max(moment, self.last_sign)
        return self.last_touch

    def send_email(self, moment: datetime) -> None:
        """Write to a lead that is not in talks, and enter what comes of it and the next e-mail."""
        if self.stage not in ("new", "contacted"):
            return
        rng, prompt = self.rng, prompt_at(moment)
        id = self.write_email(moment, prompt)
        if self.stage == "new":
            self.move(moment, "contacted", actor="mail-writer", cause=id)
        bold = prompt.version == "p4"
        if rng.random() < (0.50 + 0.2 * self.interest) * (1.25 if bold else 1):
            self.enter(moment + timedelta(minutes=1 + rng.expovariate(1 / 240)), self.open_email, self.emails, id, bold)
        if rng.random() < (0.012 if bold else 0.003):
            self.enter(moment + timedelta(minutes=rng.randint(5, 600)), self.unsubscribe, id)
        pause = rng.randint(4, 7) if self.emails < EMAILS_IN_SEQUENCE else rng.randint(14, 22)
        self.enter(_working(moment + timedelta(days=pause), rng), self.send_email)

    def write_email(self, moment: datetime, prompt: PromptChanged) -> str:
        self.emails += 1
        sent = EmailSent(self.number, _campaign(moment), self.email(self.emails), prompt.version)
        return self.journal.write(moment, sent, actor="mail-writer")

    def email(self, count: int) -> str:
        return f"{self.number}-{count}"

    def open_email(self, moment: datetime, email: int, cause: str, bold: bool, again: int = 0) -> None:
        rng = self.rng
        opened = EmailOpened(self.number, _campaign(moment), self.email(email))
        id = self.touch(moment, opened, "mail-tracker", sign=False, cause=cause)
        soon = moment + timedelta(minutes=rng.uniform(0.3, 5))
        if rng.random() < 0.04 + 0.5 * self.interest**2:
            self.enter(soon, self.click, email, id)
        if rng.random() < (0.015 + 0.30 * self.interest**2) * (0.4 if bold else 1):
            self.enter(moment + timedelta(minutes=rng.uniform(10, 1500)), self.reply, email, id)
        if again < 2 and rng.random() < 0.30:
            self.enter(
                moment + timedelta(hours=rng.expovariate(1 / 20)), self.open_email, email, cause, bold, again + 1
            )

    def click(self, moment: datetime, email: int, cause: str) -> None:
        link = self.rng.choice(("pricing", "case-study", "webinar", "docs"))
        clicked = EmailClicked(self.number, _campaign(moment), self.email(email), link)
        id = self.touch(moment, clicked, "mail-tracker", cause=cause)
        self.enter(moment + timedelta(seconds=self.rng.uniform(1, 9)), self.view, f"/{link}", id)

    def view(self, moment: datetime, page: str, cause: str | None, depth: int = 0, visit: str = "") -> None:
        rng = self.rng
        if not visit:
            self.visits += 1
            visit = f"visit:{self.number}-{self.visits}"
        id = self.touch(moment, PageViewed(self.number, page), "website", cause=cause, correlation=visit)
        if depth < 5 and rng.random() < 0.35 + 0.4 * self.interest:
            following = rng.choice(("/pricing", "/features", "/case-study", "/docs", "/about"))
            self.enter(moment + timedelta(seconds=rng.uniform(10, 240)), self.view, following, id, depth + 1, visit)
        elif rng.random() < 0.18 * self.interest:
            self.enter(moment + timedelta(seconds=rng.uniform(40, 300)), self.fill_in, id, visit)

    def fill_in(self, moment: datetime, cause: str, visit: str) -> None:
        form = self.rng.choice(("demo request", "price list", "newsletter"))
        self.touch(moment, FormSubmitted(self.number, form), "website", cause=cause, correlation=visit)

    def reply(self, moment: datetime, email: int, cause: str) -> None:
        """A reply is read by a language model at once; an interested one is handed to the owner."""
        replied = Replied(self.number, _campaign(moment), self.email(email))
        id = self.touch(moment, replied, "mail-server", cause=cause)
        interested = self.rng.random() < 0.25 + 0.7 * self.interest
        verdict = ReplyClassified(self.number, "interested" if interested else "not now", LANGUAGE_MODEL)
        read = moment + timedelta(seconds=self.rng.uniform(2, 8))
        id = self.journal.write(read, verdict, actor="reply-reader", cause=id, decided_on=self.tag)
        if interested and not self.in_hand:
            self.hand_over(read, id, "reply reader")

    def invite(self, moment: datetime) -> None:
        """Every second Friday there is a webinar. Its list of who was there is recorded the next morning."""
        if self.rng.random() < 0.015 + 0.16 * self.interest:
            attended = WebinarAttended(self.number, f"{moment:%Y-%m-%d}", self.rng.randint(12, 55))
            recorded = _at((moment + timedelta(days=1)).date(), 6)
            self.touch(moment, attended, "webinar-tool", recorded=recorded)
            self.enter(recorded + timedelta(hours=self.rng.uniform(1, 9)), self.view, "/pricing", self.last_touch)
        self.enter(moment + timedelta(days=14), self.invite)

    def unsubscribe(self, moment: datetime, cause: str) -> None:
        self.lose(moment, "unsubscribed", actor="mail-server", cause=cause)

    # What the owner does.

    def hand_over(self, moment: datetime, cause: str, asked_by: str) -> None:
        if self.stage in ("new", "contacted"):
            self.in_hand, self.asked_by = True, asked_by
            self.enter(_working(moment + timedelta(hours=2), self.rng), self.call, cause)

    def call(self, moment: datetime, cause: str, times: int = 1) -> None:
        rng = self.rng
        if rng.random() < 0.45:
            late = moment + timedelta(days=rng.randint(1, 3)) if rng.random() < 0.15 else None
            recorded = None if late is None or late >= END else late
            missed = CallMade(self.number, self.owner, "no answer", self.asked_by)
            self.journal.write(moment, missed, actor=self.owner, cause=cause, recorded=recorded)
            if times < CALLS_MAX:
                self.enter(_working(moment + timedelta(days=rng.randint(2, 3)), rng), self.call, cause, times + 1)
            return
        self.last_sign = moment
        if self.stage == "new":
            self.move(moment, "contacted", actor=self.owner, cause=cause)
        if rng.random() < 0.05 + 0.85 * self.interest:
            id = self.journal.write(
                moment, CallMade(self.number, self.owner, "talked", self.asked_by), actor=self.owner, cause=cause
            )
            self.move(moment + timedelta(minutes=rng.randint(5, 40)), "qualified", actor=self.owner, cause=id)
            self.enter(_working(moment + timedelta(days=rng.randint(5, 14)), rng), self.propose, id)
        elif rng.random() < 0.5:
            id = self.journal.write(
                moment, CallMade(self.number, self.owner, "refused", self.asked_by), actor=self.owner, cause=cause
            )
            self.lose(moment + timedelta(minutes=2), "not interested", actor=self.owner, cause=id)
        else:
            self.journal.write(
                moment, CallMade(self.number, self.owner, "not now", self.asked_by), actor=self.owner, cause=cause
            )
            self.enter(moment + timedelta(days=60), self.release)

    def release(self, moment: datetime) -> None:
        self.in_hand = False

    def propose(self, moment: datetime, cause: str) -> None:
        rng = self.rng
        if rng.random() > 0.45 + 0.5 * self.interest:
            self.lose(moment, rng.choice(REASONS), actor=self.owner, cause=cause)
            return
        id = self.move(moment, "proposal", actor=self.owner, cause=cause)
        for _ in range(rng.randint(1, 3)):
            self.enter(moment + timedelta(days=rng.uniform(1, 12)), self.view, "/pricing", None, 4)
        self.enter(_working(moment + timedelta(days=rng.randint(12, 45)), rng), self.conclude, id)

    def conclude(self, moment: datetime, cause: str) -> None:
        rng = self.rng
        id = self.journal.write(
            moment, CallMade(self.number, self.owner, "talked", self.asked_by), actor=self.owner, cause=cause
        )
        agreed = moment + timedelta(minutes=rng.randint(10, 50))
        if rng.random() < 0.2 + 0.6 * self.interest:
            self.win(agreed, 100 * round(self.employees * rng.uniform(40, 90) + 900), cause=id)
        else:
            self.lose(agreed, rng.choice(REASONS), actor=self.owner, cause=id)

    # Stages.

    def move(self, moment: datetime, stage: str, *also: msgspec.Struct, actor: str, cause: str | None) -> str:
        """Change the stage, by an allowed move only, and write what belongs to it in the same append."""
        if stage not in MOVES[self.stage]:
            raise AssertionError(f"{self.tag} cannot move from {self.stage} to {stage}")
        changed = StageChanged(self.number, stage, self.stage)
        self.stage = stage
        return self.journal.write(moment, changed, *also, actor=actor, cause=cause)

    def win(self, moment: datetime, amount_minor: int, cause: str) -> None:
        self.move(moment, "won", LeadWon(self.number, amount_minor, "EUR"), actor=self.owner, cause=cause)

    def lose(self, moment: datetime, lost_because: str, *, actor: str, cause: str | None = None) -> None:
        self.move(moment, "lost", LeadLost(self.number, lost_because), actor=actor, cause=cause)


def _story(lead: Lead) -> None:
    """The lead that the walk-through follows: 60 on 5 January, three e-mails opened on the 8th, a webinar on the 10th,
    80 on the 12th. After that it is called, gets a proposal and is won."""
    lead.industry, lead.employees, lead.country, lead.owner = "software", 180, "DE", "anna"
    came = datetime(2025, 1, 5, 16, 42, 10, tzinfo=UTC)
    lead.create(came, "Nora Winkler", "Linden Soft GmbH", came)
    sent = []
    for day, hour in ((6, 9), (7, 9), (8, 8)):
        moment = datetime(2025, 1, day, hour, 15, tzinfo=UTC)
        sent.append(lead.write_email(moment, prompt_at(moment)))
        if lead.stage == "new":
            lead.move(moment, "contacted", actor="mail-writer", cause=sent[0])
    for email, minute in ((1, 3), (2, 5), (3, 11)):
        moment = datetime(2025, 1, 8, 11, minute, 30, tzinfo=UTC)
        opened = EmailOpened(lead.number, _campaign(moment), lead.email(email))
        lead.touch(moment, opened, "mail-tracker", cause=sent[email - 1])
    webinar = datetime(2025, 1, 10, 14, tzinfo=UTC)
    attended = WebinarAttended(lead.number, "2025-01-10", 47)
    lead.touch(webinar, attended, "webinar-tool", recorded=datetime(2025, 1, 11, 6, tzinfo=UTC))
    lead.in_hand = True  # the owner's calls are told here
    lead.rate(datetime(2025, 1, 12, 5, tzinfo=UTC))
    scored = str(lead.journal.happenings[-1].events[-1].id)
    first = datetime(2025, 1, 13, 10, 20, tzinfo=UTC)
    call = lead.journal.write(first, CallMade(lead.number, "anna", "talked", "scoring v1"), actor="anna", cause=scored)
    lead.move(first + timedelta(minutes=25), "qualified", actor="anna", cause=call)
    proposal = lead.move(datetime(2025, 1, 21, 15, tzinfo=UTC), "proposal", actor="anna", cause=call)
    last = datetime(2025, 2, 12, 13, 30, tzinfo=UTC)
    call = lead.journal.write(last, CallMade(lead.number, "anna", "talked", "scoring v1"), actor="anna", cause=proposal)
    lead.win(last + timedelta(minutes=20), 1_240_000, cause=call)


def scoring_at(moment: datetime) -> ScoringChanged:
    """The scoring in force."""
    return SCORING_V1 if moment < SCORING_CHANGED else SCORING_V2


def prompt_at(moment: datetime) -> PromptChanged:
    """The e-mail writer's prompt in force."""
    return PROMPT_V3 if moment < PROMPT_CHANGED else PROMPT_V4


def _campaign(moment: datetime) -> str:
    return ("winter", "spring", "summer", "autumn")[moment.month % 12 // 3]


def _person(rng: random.Random) -> str:
    return f"{rng.choice(FIRST_NAMES.split())} {rng.choice(LAST_NAMES.split())}"


def _company(rng: random.Random, industry: str) -> str:
    return f"{rng.choice(COMPANY_NAMES.split())} {rng.choice(COMPANY_TRADES[industry])}"


def _at(day: date, hour: float) -> datetime:
    """A moment of a day, to the second."""
    midnight = datetime.combine(day, time(), tzinfo=UTC)
    return midnight + timedelta(seconds=round(hour * 3600))


def _working(moment: datetime, rng: random.Random) -> datetime:
    """The moment itself if people work then, else one soon after: not at night, at a weekend or on a holiday."""
    day = moment.date()
    if moment.hour >= 17:
        day += timedelta(days=1)
    while day.weekday() >= 5 or day in HOLIDAYS:
        day += timedelta(days=1)
    if day == moment.date() and moment.hour >= 8:
        return moment
    return _at(day, rng.uniform(8, 11.5))


def _next_sunday(moment: datetime) -> datetime:
    """The next Sunday at five in the morning."""
    sunday = _at(moment.date() + timedelta(days=6 - moment.weekday()), 5)
    return sunday if sunday > moment else sunday + timedelta(days=7)


def _next_webinar(moment: datetime) -> datetime:
    """The next webinar that a lead can be invited to: every second Friday at two, from 10 January on."""
    first = datetime(2025, 1, 10, 14, tzinfo=UTC)
    fortnights = max(0, -((first - moment - timedelta(days=1)) // timedelta(days=14)))
    return first + timedelta(days=14) * fortnights


def counts(events: Iterable[Recorded]) -> Counter[str]:
    """How many events there are of each type."""
    return Counter(event.type for event in events)

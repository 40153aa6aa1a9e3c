"""The events of the demonstration's lead pipeline, its stages, and the two ways of scoring that it used. Who does what
and when is left to simulator."""

from __future__ import annotations

from typing import Annotated

import msgspec

from whence.codec import Codec, Tag

MOVES: dict[str | None, tuple[str, ...]] = {
    None: ("new",),
    "new": ("contacted", "lost"),
    "contacted": ("qualified", "lost"),
    "qualified": ("proposal", "lost"),
    "proposal": ("won", "lost"),
    "won": (),
    "lost": (),
}
"""The stages a lead may move to from each stage."""

CLOSED = ("won", "lost")


class LeadCreated(msgspec.Struct, frozen=True):
    lead: Annotated[str, Tag]
    name: str
    company: str
    source: str
    industry: str
    employees: int
    country: str


class OwnerAssigned(msgspec.Struct, frozen=True):
    lead: Annotated[str, Tag]
    owner: Annotated[str, Tag]


class LeadScored(msgspec.Struct, frozen=True):
    """`version` is the scoring in force, `reason` what the points were given for."""

    lead: Annotated[str, Tag]
    score: int
    version: str
    reason: str


class EmailSent(msgspec.Struct, frozen=True):
    """`prompt` is the version of the prompt that the e-mail writer worked from."""

    lead: Annotated[str, Tag]
    campaign: Annotated[str, Tag]
    email: Annotated[str, Tag]
    prompt: str


class EmailOpened(msgspec.Struct, frozen=True):
    lead: Annotated[str, Tag]
    campaign: Annotated[str, Tag]
    email: Annotated[str, Tag]


class EmailClicked(msgspec.Struct, frozen=True):
    lead: Annotated[str, Tag]
    campaign: Annotated[str, Tag]
    email: Annotated[str, Tag]
    link: str


class Replied(msgspec.Struct, frozen=True):
    lead: Annotated[str, Tag]
    campaign: Annotated[str, Tag]
    email: Annotated[str, Tag]


class ReplyClassified(msgspec.Struct, frozen=True):
    lead: Annotated[str, Tag]
    verdict: str
    language_model: str


class PageViewed(msgspec.Struct, frozen=True):
    """The pages of one visit have the same correlation."""

    lead: Annotated[str, Tag]
    page: str


class FormSubmitted(msgspec.Struct, frozen=True):
    lead: Annotated[str, Tag]
    form: str


class WebinarAttended(msgspec.Struct, frozen=True):
    lead: Annotated[str, Tag]
    webinar: Annotated[str, Tag]
    minutes: int


class CallMade(msgspec.Struct, frozen=True):
    """`asked_by` is who put the call on the owner's list: the scorer under one of the scorings, or the reply reader."""

    lead: Annotated[str, Tag]
    owner: Annotated[str, Tag]
    outcome: str
    asked_by: str


class StageChanged(msgspec.Struct, frozen=True):
    lead: Annotated[str, Tag]
    stage: str
    from_stage: str | None


class LeadWon(msgspec.Struct, frozen=True):
    """`amount_minor` is the yearly price in cents."""

    lead: Annotated[str, Tag]
    amount_minor: int
    currency: str


class LeadLost(msgspec.Struct, frozen=True):
    lead: Annotated[str, Tag]
    lost_because: str


class ScoringChanged(msgspec.Struct, frozen=True):
    """`points` are given for each touch, up to `points_most` from touches; at `threshold` the owner calls."""

    setting: Annotated[str, Tag]
    version: str
    threshold: int
    points: dict[str, int]
    points_most: int
    why: str


class PromptChanged(msgspec.Struct, frozen=True):
    setting: Annotated[str, Tag]
    version: str
    prompt: str
    why: str


CODEC = Codec(
    LeadCreated,
    OwnerAssigned,
    LeadScored,
    EmailSent,
    EmailOpened,
    EmailClicked,
    Replied,
    ReplyClassified,
    PageViewed,
    FormSubmitted,
    WebinarAttended,
    CallMade,
    StageChanged,
    LeadWon,
    LeadLost,
    ScoringChanged,
    PromptChanged,
)

FIT_POINTS: dict[str, dict[str, int]] = {
    "source": {"website": 15, "referral": 20, "partner": 16, "trade fair": 10, "paid search": 10, "bought list": 4},
    "industry": {"software": 20, "logistics": 16, "manufacturing": 14, "retail": 10, "public sector": 6},
    "size": {"under 50": 8, "50 to 249": 25, "250 and more": 18},
}
"""What a lead is worth before it has done anything; the same under both scorings."""

SCORING_V1 = ScoringChanged(
    setting="scoring",
    version="v1",
    threshold=70,
    points={"EmailOpened": 5, "EmailClicked": 4, "PageViewed": 1, "WebinarAttended": 5, "FormSubmitted": 5},
    points_most=40,
    why="The first scoring: whoever opens our e-mails is interested.",
)

SCORING_V2 = ScoringChanged(
    setting="scoring",
    version="v2",
    threshold=70,
    points={
        "EmailOpened": 0,
        "EmailClicked": 6,
        "PageViewed": 2,
        "WebinarAttended": 12,
        "FormSubmitted": 14,
        "Replied": 20,
    },
    points_most=60,
    why="Mail programs open e-mails by themselves. Count what people do: click, attend, fill in, reply.",
)

PROMPT_V3 = PromptChanged(
    setting="mail_writer",
    version="p3",
    prompt="Write five plain sentences. Name the reader's trade. End with one question.",
    why="The prompt in use since last autumn.",
)

PROMPT_V4 = PromptChanged(
    setting="mail_writer",
    version="p4",
    prompt="Write a subject that cannot be ignored. Be bold. End with a link to book a meeting.",
    why="More opens wanted, and more meetings booked.",
)


def size_of(employees: int) -> str:
    """The class of company size that fit points are given for."""
    return "under 50" if employees < 50 else "50 to 249" if employees < 250 else "250 and more"

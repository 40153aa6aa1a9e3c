"""What running the program gives, and the story that the tests of the command line tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Result(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Result]

STORY = [
    ("2026-01-05 09:00", ("lead:42", "LeadCreated", "source=fair", "--by", "crm")),
    ("2026-01-05 10:00", ("lead:42", "Scored", "score=60", "--by", "scoring")),
    ("2026-01-06 08:00", ("lead:7", "LeadCreated", "source=web", "--by", "crm")),
    ("2026-01-08 11:00", ("lead:42", "campaign:spring", "EmailOpened", "campaign=spring", "--by", "crm")),
    ("2026-01-10 16:00", ("lead:42", "WebinarAttended", 'title="Two words"', "--by", "crm")),
    ("2026-01-12 09:30", ("lead:42", "Scored", "score=80", "--by", "scoring")),
]

"""A scorecard beside a score that another system recorded, such as a CRM: for how many entities and moments they agree,
and where they first differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from whence.events import Recorded
from whence.scoring.card import Scorecard
from whence.scoring.condition import look
from whence.scoring.live import Tally, standing
from whence.scoring.matching import in_order
from whence.scoring.points import number_of, plain, points_of

DIFFERING_MAX = 1_000
"""So many entities that differ are named; all are counted."""


class Differing(msgspec.Struct, frozen=True):
    """The first event at which an entity's recorded score (`theirs`) is another than the card's (`ours`), in points."""

    entity: str
    recorded: Recorded
    theirs: int | Decimal
    ours: int | Decimal


class Checked(msgspec.Struct, frozen=True):
    """How far recorded scores and a card's agree. A moment is an event that records one; an entity agrees when all of
    its moments do, and those without any are not counted. `without_number` counts the events whose field is no number.
    `differing` are the first 1,000 entities that differ, by their first events. `version` is that of the card.
    """

    score: str
    entities: int
    entities_agree: int
    moments: int
    moments_agree: int
    without_number: int
    differing: tuple[Differing, ...]
    version: str


def check_scores(
    card: Scorecard,
    histories: Iterable[tuple[str, Sequence[Recorded]]],
    type: str,
    field: str,
    *,
    score: str | None = None,
    tolerance: int | Decimal = 0,
) -> Checked:
    """Compare a score of the card, the first unless it is named, with the one that events of a type record in a field.

    `histories` are entities with their events. The card's score is as of the recording event's time, from what came
    before it in the card's order: what the other system could know. Scores that differ by `tolerance` points at most
    agree. Raises InvalidModel for a score that is not there, else as `live.score` does.
    """
    asked = card.score(score).name
    entities = entities_agree = moments = moments_agree = without_number = 0
    differing: list[Differing] = []
    for entity, events in histories:
        tally, seen, first = Tally(card), 0, None
        for event in in_order(card, events):
            if event.type == type:
                theirs = number_of(look(event.data, field))
                if theirs is None:
                    without_number += 1
                else:
                    seen += 1
                    moment = event.time_us if tally.now_us is None else max(event.time_us, tally.now_us)
                    micro = standing(card, tally.points_by_rule(moment), moment).scores_micro[asked]
                    if abs(points_of(micro) - theirs) <= tolerance:
                        moments_agree += 1
                    elif first is None:
                        first = Differing(entity, event, plain(theirs), points_of(micro))
            tally.take(event)
        moments += seen
        entities += seen > 0
        entities_agree += seen > 0 and first is None
        if first is not None and len(differing) < DIFFERING_MAX:
            differing.append(first)
    found = tuple(differing)
    return Checked(asked, entities, entities_agree, moments, moments_agree, without_number, found, card.version)

"""The question as people put it: what did our changes do to this outcome?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from whence.duration import us_of
from whence.errors import InvalidQuery, NotKnown
from whence.packs.changes.timeline import timeline
from whence.packs.settings.state import Document

if TYPE_CHECKING:
    from whence.app import Moment, Whence
    from whence.experiments.impact import Impact
    from whence.packs.changes.change import Change

WINDOW_DAYS = 28
"""So many days before a change and after it are compared: whole weeks."""
WINDOW_DAYS_LEAST = 3


def impact(
    db: Whence,
    decision: str,
    *,
    outcome: str | None = None,
    within: str = "7 days",
    average: str | None = None,
    share: tuple[str, Any] | None = None,
    entity: str | None = None,
    window_days: int = WINDOW_DAYS,
    at: Moment = None,
    clock: str = "occurred",
) -> Impact[Change]:
    """What each change of settings did to the outcome of a type of decisions, the clearest first: of the share after
    which an event of type `outcome` came `within` a time, of the `average` of a field, or of the `share` of decisions
    whose field has a value, ("status", "failed").

    Decisions that name a version, in a field that whence.toml's `named_by` or `observed` lists or in their basis, are
    compared by it, and rollouts so side by side; others by what was in force. Raises NotKnown where there is nothing to
    compare, InvalidQuery for a window of less than three days, and as trials does.
    """
    from whence.experiments.interventions import weigh  # here, since other commands need none of its arrays
    from whence.experiments.trials import trials
    from whence.packs.impact.candidates import candidates

    if window_days < WINDOW_DAYS_LEAST:
        remedy = f"Compare {WINDOW_DAYS_LEAST} days before and after a change at least; whole weeks are best."
        raise InvalidQuery("Too short a window", window_days=window_days, remedy=remedy)
    asked = db.asked(at, clock=clock, pack=db.pack("settings"))
    configured = asked.as_configured(Document).configured()
    decisions = trials(
        asked.history,
        decision,
        outcome=outcome,
        within_us=us_of(within),
        average=average,
        share=share,
        entity=entity,
        named_by=dict.fromkeys((*configured.named_by, *configured.observed)),
    )
    judged = candidates(decisions, timeline(asked), window_days=window_days)
    if not judged:
        fact = "No setting was ever changed" if at is None else "No setting was changed by then"
        raise NotKnown(fact, remedy="Set one, import a file, or name the events that do.")
    return weigh(decisions, judged)

"""`whence replay --states`: what every entity comes to by a model or a scorecard, over columns and processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.cli import exits, screen, wording
from whence.cli.command import entities_text
from whence.moments import moment_text

if TYPE_CHECKING:
    from whence.app import Whence
    from whence.history import At


def write_states(
    db: Whence, kind: str, path: str, *, model: str | None, card: str | None, moment: At, processes: int
) -> int:
    """Replay a kind and write the lines into a file; how much is left is shown meanwhile."""
    from whence.segments import require

    require()
    from whence.replay.lines import save, score_lines

    several = None if processes == 1 else processes
    if card is not None:
        with screen.progress("Scoring") as told:
            scored = db.replay_scores(kind, card=card, at=moment, processes=several, progress=told)
        count, by, lines = len(scored.standings.entity), f"the scorecard {scored.card.name}", score_lines(scored)
        head, at_us = scored.head, scored.at_us
    else:
        with screen.progress("Folding") as told:
            states = db.replay_states(kind, model=model, at=moment, processes=several, progress=told)
        count, by, lines = len(states.states), states.model, states.lines()
        head, at_us = states.head, states.at_us
    if not count:
        screen.note(wording.unknown_kind(db, kind))
        return exits.NO
    save(lines, path)
    then = "" if at_us is None else f" as of {moment_text(at_us, db.config.zone)}"
    screen.styled(f"Wrote {path}: {entities_text(count)} of kind {kind} up to @{head}{then}, by {by}.", "green")
    return exits.OK

"""What a replay comes to as JSON lines: what it is of, then a line for each entity. The same bytes, whoever ran it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import numpy as np

from whence.clock import to_iso
from whence.errors import CannotWrite
from whence.scoring.points import points_of
from whence.scoring.sequence import DAY_END
from whence.segments.scoring import Scored
from whence.wholefile import whole_file

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def score_lines(found: Scored) -> Iterator[bytes]:
    """What a scorecard comes to: of each entity its scores, groups, grade and stage at a moment, and each time that it
    reached a threshold or left it, at the event of a position, or null where time alone did it."""
    card, standings = found.card, found.standings
    origin = {"kind": card.kind, "scorecard": card.name, "version": card.version, "head": found.head}
    origin |= at_of(found.at_us)
    yield _ENCODER.encode(origin) + b"\n"
    crossed = standings.crossings
    lows, highs = (np.searchsorted(crossed.entity, standings.entity, side).tolist() for side in ("left", "right"))
    for row, (code, low, high) in enumerate(zip(standings.entity.tolist(), lows, highs, strict=True)):
        its = standings.standing(card, row)
        yield (
            _ENCODER.encode(
                {
                    "entity": found.entities[code],
                    "at": to_iso(int(standings.at_us[row])),
                    "scores": its.scores,
                    "groups": its.groups,
                    "grade": its.grade,
                    "stage": its.stage,
                    "crossings": [_crossing(found, number) for number in range(low, high)],
                }
            )
            + b"\n"
        )


def at_of(us: int | None) -> dict[str, str]:
    """What the first line says beside the head where it is as of a time."""
    return {} if us is None else {"at": to_iso(us)}


def _crossing(found: Scored, number: int) -> dict[str, Any]:
    crossed = found.standings.crossings
    position = int(crossed.position[number])
    return {
        "stage": found.card.thresholds[int(crossed.threshold[number])].stage,
        "reached": bool(crossed.entered[number]),
        "at": to_iso(int(crossed.at_us[number])),
        "position": None if position == DAY_END else position,
        "points": points_of(int(crossed.score_micro[number])),
    }


def save(lines: Iterable[bytes], path: str | os.PathLike[str]) -> None:
    """Write lines into a file, whole or not at all, also where it is interrupted. Raises CannotWrite."""
    try:
        with whole_file(path) as out:
            out.writelines(lines)
    except OSError as problem:
        remedy = "Name a file in a folder that can be written."
        fact = "What a replay came to cannot be written"
        raise CannotWrite(fact, file=path, problem=problem.strerror, remedy=remedy) from None

"""Replay over all history, in columns: the model or the scorecard folded in parts, over any executor."""

from whence.replay.lines import score_lines
from whence.replay.pool import processes
from whence.replay.slices import Until
from whence.replay.whole import Replayed, replay, score

__all__ = ["Replayed", "Until", "processes", "replay", "score", "score_lines"]

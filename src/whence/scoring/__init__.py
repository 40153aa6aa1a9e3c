"""Scorecards: a score as data. `card` says what one is, `live` what it comes to, `shares` from which rules and events,
and `kernel` the same for many entities at once."""

from whence.scoring.card import Grade, Group, Rule, Score, Scorecard, Threshold

__all__ = ["Grade", "Group", "Rule", "Score", "Scorecard", "Threshold"]

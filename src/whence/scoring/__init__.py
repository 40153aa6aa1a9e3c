"""Scorecards: a score as data. `card` says what one is, `changes` where two differ, `live` what it comes to, `shares`
from which rules and events, and `kernel` the same for many entities at once."""

from whence.scoring.card import Grade, Group, Rule, Score, Scorecard, Threshold
from whence.scoring.changes import CardChange, changes
from whence.scoring.checking import Checked, Differing, check_scores
from whence.scoring.live import Crossing, Standing, crossings, score
from whence.scoring.shares import Adjustment, Award, Share, Shares, shares

__all__ = [
    "Adjustment",
    "Award",
    "CardChange",
    "Checked",
    "Crossing",
    "Differing",
    "Grade",
    "Group",
    "Rule",
    "Score",
    "Scorecard",
    "Share",
    "Shares",
    "Standing",
    "Threshold",
    "changes",
    "check_scores",
    "crossings",
    "score",
    "shares",
]

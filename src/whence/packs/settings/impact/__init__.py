"""What changes of settings did to an outcome: decisions and what came of each, compared before and after every change,
and which change explains it best when many were tried."""

from whence.packs.settings.impact.asking import impact
from whence.packs.settings.impact.blame import Effect, Impact, weigh
from whence.packs.settings.impact.candidates import Candidate, candidates
from whence.packs.settings.impact.trials import Trials, trials

__all__ = ["Candidate", "Effect", "Impact", "Trials", "candidates", "impact", "trials", "weigh"]

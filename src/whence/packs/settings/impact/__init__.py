"""What changes of settings did to an outcome: decisions and what came of each, compared before and after every change,
and which change explains it best when many were tried. Read `trials` (decisions and what came of each, as arrays),
`candidates` (which decisions a change is judged by), `regression` (one difference), `blame` (which of many changes did
something) and `asking` (all of it at once); then `telling` and `chart`, what is shown of it."""

from whence.packs.settings.impact.asking import impact
from whence.packs.settings.impact.blame import Effect, Impact, weigh
from whence.packs.settings.impact.candidates import Candidate, candidates
from whence.packs.settings.impact.trials import Trials, trials

__all__ = ["Candidate", "Effect", "Impact", "Trials", "candidates", "impact", "trials", "weigh"]

"""Experiments: another rule over the same history, or over a changed past. `side` says what is compared, `experiment`
compares it, and `sentences` tells it."""

from whence.experiments.contrast import Contrast, Mover, Part, Segment, Value
from whence.experiments.crossing import Crossings, Reached
from whence.experiments.experiment import Experiment, experiment
from whence.experiments.folder import Run, require, save, summary
from whence.experiments.past import Change, Past, Stopped, changed, stopped
from whence.experiments.prediction import Measures, Prediction
from whence.experiments.ranking import Ranking, Tenth
from whence.experiments.report import report
from whence.experiments.sentences import sentences
from whence.experiments.side import About, CardScore, ModelField, RecordedField, TimedValues
from whence.experiments.statistics import Distribution, Estimate
from whence.experiments.verdict import Verdict, verdict

__all__ = [
    "About",
    "CardScore",
    "Change",
    "Contrast",
    "Crossings",
    "Distribution",
    "Estimate",
    "Experiment",
    "Measures",
    "ModelField",
    "Mover",
    "Part",
    "Past",
    "Prediction",
    "Ranking",
    "Reached",
    "RecordedField",
    "Run",
    "Segment",
    "Stopped",
    "Tenth",
    "TimedValues",
    "Value",
    "Verdict",
    "changed",
    "experiment",
    "report",
    "require",
    "save",
    "sentences",
    "stopped",
    "summary",
    "verdict",
]

"""Experiments: another rule over the same history, or over a changed past. `side` says what is compared, `experiment`
compares it, and `sentences` tells it."""

from whence.experiments.contrast import Contrast, Mover, Part, Segment, Value
from whence.experiments.crossing import Crossings, Reached
from whence.experiments.experiment import Experiment, experiment
from whence.experiments.folder import Run, save
from whence.experiments.past import Stopped, stopped
from whence.experiments.prediction import Measures, Prediction
from whence.experiments.sentences import sentences
from whence.experiments.side import About, CardScore, ModelField, RecordedField, TimedValues
from whence.experiments.statistics import Distribution, Estimate

__all__ = [
    "About",
    "CardScore",
    "Contrast",
    "Crossings",
    "Distribution",
    "Estimate",
    "Experiment",
    "Measures",
    "ModelField",
    "Mover",
    "Part",
    "Prediction",
    "Reached",
    "RecordedField",
    "Run",
    "Segment",
    "Stopped",
    "TimedValues",
    "Value",
    "experiment",
    "save",
    "sentences",
    "stopped",
]

"""Grids: many settings of a scorecard over the same history, as one run. `axes` says what is varied, `grid` what each
combination comes to, `frontier` which of them are worth a choice, and `sentences` tells it."""

from whence.experiments.grids.axes import Axis, values_of
from whence.experiments.grids.folder import save, summary
from whence.experiments.grids.grid import Better, Combination, Figures, Grid, Half, grid
from whence.experiments.grids.page import page
from whence.experiments.grids.sentences import sentences

__all__ = [
    "Axis",
    "Better",
    "Combination",
    "Figures",
    "Grid",
    "Half",
    "grid",
    "page",
    "save",
    "sentences",
    "summary",
    "values_of",
]

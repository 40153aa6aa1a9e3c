"""Errors say the fact, the values and the remedy; the tree in the docstring is the tree of classes."""

from __future__ import annotations

import inspect
import pickle
import re

import pytest

from whence import errors
from whence.errors import ConditionFailed, InvalidInput, WhenceError, near

CLASSES = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, WhenceError)]


def test_an_error_reads_fact_values_remedy() -> None:
    problem = ConditionFailed("It came first.", remedy="Read again.", after=117, in_use="x")
    assert str(problem) == "It came first (After: 117, In use: x). Read again."
    assert problem.after == 117  # type: ignore[attr-defined]


def test_a_length_of_time_is_shown_with_its_unit() -> None:
    assert str(WhenceError("Busy", waited_s=10)) == "Busy (Waited: 10 s)."


@pytest.mark.parametrize("kind", CLASSES)
def test_the_docstring_is_the_default_sentence(kind: type[WhenceError]) -> None:
    assert str(kind()) == (kind.__doc__ or "").strip()


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_survives_pickling(kind: type[WhenceError]) -> None:
    problem = kind("Fact", remedy="Do this.", line=3)
    again = pickle.loads(pickle.dumps(problem))
    assert (type(again), str(again), again.facts) == (kind, str(problem), {"line": 3})


def test_the_tree_in_the_docstring_is_the_tree_of_classes() -> None:
    shown = re.findall(r"^ *[│ ]*[├└]─ (\w+)|^    (WhenceError)", errors.__doc__ or "", re.MULTILINE)
    assert sorted(name or root for name, root in shown) == sorted(kind.__name__ for kind in CLASSES)


def test_bad_input_is_a_value_error_too() -> None:
    assert issubclass(InvalidInput, ValueError)


def test_a_name_that_is_not_known_is_answered_with_those_like_it_or_with_all_there_are() -> None:
    assert near("stag", ["stage", "score"]) == "Did you mean stage?"
    assert near("stage", ["stages", "staged"], 2) == "Did you mean stages or staged?"
    assert near("x", ["stage", "score"]) == "There are: stage, score."
    assert near("x", []) == "There are: none."
    assert near("x", ["stage"], otherwise="whence types lists them.") == "whence types lists them."

"""A side that would come out otherwise the next time is refused, by the name of what it calls."""

from __future__ import annotations

import random
import socket
import time
from typing import Any

import pytest

from whence.errors import InvalidModel
from whence.events import Recorded
from whence.experiments import ModelField
from whence.experiments.side import side_of
from whence.model import on


class Aging:
    kind = "lead"
    age = 0.0

    @on("Scored")
    def scored(self, event: Any) -> None:
        self.age = time.time() - event.time.timestamp()


def lucky(events: list[Recorded]) -> float:
    return random.random()


def asking(events: list[Recorded]) -> float:
    with socket.create_connection(("127.0.0.1", 1)) as found:
        return float(found.recv(9))


def counting(events: list[Recorded]) -> int:
    return len(events)


@pytest.mark.parametrize(
    ("given", "call", "remedy"),
    [
        (ModelField(Aging, "age"), "time.time()", "event.time"),
        (lucky, "random.random()", "decision"),
        (asking, "socket.create_connection()", "whence cases"),
    ],
)
def test_a_side_that_is_impure_is_refused_by_the_name_of_its_call(given: Any, call: str, remedy: str) -> None:
    with pytest.raises(InvalidModel) as caught:
        side_of(given)
    assert call in str(caught.value)
    assert "test_impure.py" in caught.value.facts["place"]
    assert remedy in caught.value.remedy


def test_a_pure_function_is_a_side() -> None:
    assert side_of(counting).about.sort == "function"

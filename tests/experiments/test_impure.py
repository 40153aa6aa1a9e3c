"""A side that would come out otherwise the next time is refused, by the name of what it calls."""

from __future__ import annotations

import importlib
import random
import socket
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path
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


def fetching(events: list[Recorded]) -> float:
    return float(urllib.request.urlopen("http://127.0.0.1:1/").read())


def fetching_late(events: list[Recorded]) -> float:
    from urllib.request import urlopen

    return float(urlopen("http://127.0.0.1:1/").read())


def parsing(events: list[Recorded]) -> int:
    return len(urllib.parse.urlsplit("http://127.0.0.1:1/").netloc)


def counting(events: list[Recorded]) -> int:
    return len(events)


@pytest.mark.parametrize(
    ("given", "call", "remedy"),
    [
        (ModelField(Aging, "age"), "time.time()", "event.time"),
        (lucky, "random.random()", "decision"),
        (asking, "socket.create_connection()", "whence cases"),
        (fetching, "urllib.request.urlopen()", "whence cases"),
        (fetching_late, "urllib.request.urlopen()", "whence cases"),
    ],
)
def test_a_side_that_is_impure_is_refused_by_the_name_of_its_call(given: Any, call: str, remedy: str) -> None:
    with pytest.raises(InvalidModel) as caught:
        side_of(given)
    assert call in str(caught.value)
    assert "test_impure.py" in caught.value.facts["place"]
    assert remedy in caught.value.remedy


CLIENT = """
class Client:
    def ask(self, prompt):
        return 80
def post(url):
    return 80
"""
SIDES = """
import httpx
client = httpx.Client()
def held(events):
    return client.ask("Score this lead.")
def called(events):
    return httpx.post("http://127.0.0.1:1/")
def made(events):
    import httpx as web
    return web.Client().ask("Score this lead.")
"""


@pytest.mark.parametrize(("name", "call"), [("held", "Client"), ("called", "post"), ("made", "Client")])
def test_a_package_that_asks_over_the_network_is_known_by_its_name(
    name: str, call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, text in (("httpx", CLIENT), ("sides_over_the_network", SIDES)):
        (tmp_path / f"{module}.py").write_text(text)
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    sides = importlib.import_module("sides_over_the_network")
    try:
        with pytest.raises(InvalidModel, match=rf"calls httpx\.{call}\(\)") as caught:
            side_of(getattr(sides, name))
    finally:
        del sys.modules["httpx"], sys.modules["sides_over_the_network"]
    assert "whence cases" in caught.value.remedy


@pytest.mark.parametrize("given", [counting, parsing])
def test_a_pure_function_is_a_side(given: Any) -> None:
    assert side_of(given).about.sort == "function"

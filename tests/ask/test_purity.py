"""Impure folds are caught and named, one model for each thing on the list; pure ones raise no alarm."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import Any

import msgspec
import pytest

from tests.test_docs import DOCUMENTS, blocks
from whence.checking.purity import Purity, check_model
from whence.config import load_model
from whence.errors import FoldFailed, InvalidModel
from whence.events import Event
from whence.history import History
from whence.model import Model, on
from whence.rules import built_in, from_toml
from whence.stores.memory import MemoryStore

HEAD = """
import msgspec
from whence import Codec, Upcast, on
"""
MODEL = """
class Scored(msgspec.Struct):
    score: int
    lines: list[str] = []

class Lead:
    kind = "lead"
    score = 0
    def __init__(self):
        self.seen = []
    @on("Opened")
    def opened(self, event):
"""
IMPURE = [
    # what is imported, what the handler says, and how it is named
    ("import time", "self.seen = time.time()", "calls time.time()"),
    ("from time import time", "self.seen = time()", "calls time.time()"),
    ("import time as clock", "self.seen = clock.monotonic_ns()", "calls time.monotonic_ns()"),
    ("import time", "time.sleep(0)", "calls time.sleep()"),
    ("import time", "self.seen = list(map(lambda _: time.perf_counter(), [1]))", "calls time.perf_counter()"),
    ("from datetime import datetime, UTC", "self.seen = datetime.now(UTC)", "calls datetime.now()"),
    ("import datetime as d", "self.seen = d.datetime.today()", "calls datetime.today()"),
    ("from datetime import date", "self.seen = (event.time.date() - date.today()).days", "calls date.today()"),
    ("import random", "self.seen = random.random()", "calls random.random()"),
    ("from random import choice", "self.seen = choice([1, 2])", "calls random.choice()"),
    ("import random", "self.seen = random.Random().random()", "calls random.Random()"),
    ("import uuid", "self.seen = uuid.uuid4().hex", "calls uuid.uuid4()"),
    ("from uuid import uuid1", "self.seen = str(uuid1())", "calls uuid.uuid1()"),
    ("import secrets", "self.seen = secrets.token_hex(4)", "calls secrets.token_hex()"),
    ("import os", "self.seen = os.urandom(4)", "calls os.urandom()"),
    ("", "self.seen = open(__file__).close()", "calls open()"),
    ("from pathlib import Path", "self.seen = Path(__file__).read_text()[:1]", "calls open()"),
    ("import socket", "socket.socket().close()", "calls socket.socket()"),
    ("import http.client", "http.client.HTTPConnection('a').close()", "calls http.client.HTTPConnection()"),
    ("import subprocess, sys", "subprocess.run([sys.executable, '-V'], capture_output=True)", "calls subprocess.run()"),
    ("import os", "self.seen = os.environ.get('HOME')", "reads os.environ"),
    ("import os", "self.seen = 'HOME' in os.environ", "reads os.environ"),
    ("from os import environ", "self.seen = environ['PATH'][:1]", "reads os.environ"),
    ("import os", "self.seen = os.getenv('HOME')", "calls os.getenv()"),
    ("import os", "self.seen = os.listdir('.')[:1]", "calls os.listdir()"),
    ("", "import time\nself.seen = time.time_ns()", "calls time.time_ns()"),
]
SCORED = [
    ("@on(Scored)\ndef scored(self, event):\n    event.score += 1", "changes the Scored it is given"),
    ("@on(Scored)\ndef scored(self, event):\n    event.lines.append('x')", "changes the Scored it is given"),
    ("@on('Scored')\ndef scored(self, event):\n    event.data['score'] = 1", "changes event.data of Scored"),
    ("@on('Scored')\ndef scored(self, event):\n    event.data['lines'].sort()", "changes event.data of Scored"),
]


@pytest.fixture
def history() -> History:
    store = MemoryStore()
    for lead in ("lead:1", "lead:2"):
        store.append([Event("Opened", {"campaign": "spring", "tags": ["a", "b", "c", "d"]}, [lead])])
        store.append([Event("Scored", {"score": 60, "lines": ["b", "a"]}, [lead], actor="anna")])
    return History.of(store)


@pytest.fixture(autouse=True)
def _no_modules_are_left() -> Iterator[None]:
    known, path = set(sys.modules), list(sys.path)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - known:
        if getattr(sys.modules[name], "__file__", None) and "pytest-" in str(sys.modules[name].__file__):
            del sys.modules[name]


def checked(folder: Path, history: History, text: str, name: str = "Lead") -> Purity:
    """What is found in a model that stands in a file."""
    (folder / "crm.py").write_text(text)
    return check_model(history, load_model(f"crm.py:{name}", folder), named=f"crm.py:{name}", folder=folder)


@pytest.mark.parametrize(("imported", "said", "problem"), IMPURE, ids=[problem for *_, problem in IMPURE])
def test_each_call_of_the_list_is_caught_and_named(
    imported: str, said: str, problem: str, tmp_path: Path, history: History
) -> None:
    text = f"{imported}\n{HEAD}{MODEL}{indent(said, ' ' * 8)}\n"
    found = [each for each in checked(tmp_path, history, text).findings if each.kind == "call"]
    assert [(each.problem, each.handler) for each in found] == [(problem, "Lead.opened")]
    line = next(number for number, each in enumerate(text.split("\n"), 1) if each.strip() == said.split("\n")[-1])
    assert found[0].place == f"crm.py:{line}"
    assert len(found[0].remedy) > 20


@pytest.mark.parametrize(("handler", "problem"), SCORED)
def test_a_handler_that_changes_an_event_in_place_is_named(
    handler: str, problem: str, tmp_path: Path, history: History
) -> None:
    text = HEAD + MODEL + "        pass\n" + indent(handler, "    ")
    found = checked(tmp_path, history, text).findings
    assert [(each.kind, each.problem, each.handler) for each in found] == [("event", problem, "Lead.scored")]


def test_states_that_hang_on_the_order_of_a_set_are_named_with_entity_and_field(
    tmp_path: Path, history: History
) -> None:
    found = checked(tmp_path, history, HEAD + MODEL + "        self.seen = list(set(event.data['tags']))").findings
    assert [(each.kind, each.entity, each.field) for each in found] == [("unstable", "lead:1", "seen")]
    assert "in one process and" in found[0].problem
    pure = checked(tmp_path, history, HEAD + MODEL + "        self.seen = set(event.data['tags'])")
    assert pure.is_pure, pure


def test_a_state_that_entities_share_is_named(tmp_path: Path, history: History) -> None:
    text = HEAD + MODEL.replace("score = 0", "all = []") + "        self.all.append(event.position)"
    assert [(each.kind, each.field) for each in checked(tmp_path, history, text).findings] == [("shared", "all")]


def test_what_is_hidden_in_a_helper_of_another_module_is_found_by_running_it(tmp_path: Path, history: History) -> None:
    (tmp_path / "helping.py").write_text(
        "import time\n\nclass Clock:\n    def now(self):\n        return time.time()\n"
    )
    text = f"import helping\nCLOCK = helping.Clock()\n{HEAD}{MODEL}        self.seen = self.age()\n"
    text += "    def age(self):\n        return CLOCK.now()\n"
    sys.path.insert(0, str(tmp_path))
    found = [each for each in checked(tmp_path, history, text).findings if each.kind == "call"]
    assert [(each.problem, each.handler, each.place) for each in found] == [
        ("calls time.time()", "Lead.opened", "helping.py:5")
    ]


def test_what_no_sample_runs_is_found_by_reading_it(tmp_path: Path, history: History) -> None:
    text = f"import time\n{HEAD}{MODEL}        if event.actor == 'nobody':\n            self.seen = self.age()\n"
    text += "    def age(self):\n        return stamp()\n\ndef stamp():\n    return time.time()\n"
    found = checked(tmp_path, history, text).findings
    assert [(each.problem, each.handler) for each in found] == [("calls time.time()", "Lead.opened")]


def test_properties_upcasts_and_first_states_count(tmp_path: Path) -> None:
    store = MemoryStore()
    store.append([Event("Scored", {"score": 1}, ["lead:1"], version=1)])
    text = f"""import time, os
{HEAD}
from typing import ClassVar

class Scored(msgspec.Struct):
    score: int
    event_version: ClassVar[int] = 2

def moved(data):
    return {{**data, "score": len(os.environ)}}

class Lead:
    kind = "lead"
    codec = Codec(Scored, upcasts=[Upcast("Scored", 1, moved)])

    def __init__(self):
        self.made = time.time()

    @on(Scored)
    def scored(self, event):
        self.score = 0

    @property
    def age(self):
        return time.monotonic()
"""
    found = [each for each in checked(tmp_path, History.of(store), text).findings if each.kind == "call"]
    assert {each.handler for each in found} == {"Lead.__init__", "Lead.age", "the upcast of Scored from version 1"}


def test_a_function_over_frozen_states_counts(tmp_path: Path, history: History) -> None:
    text = "import random\nfrom whence import Model\ndef step(state, event):\n    return state + random.randint(1, 9)\n"
    text += "count = Model.of_function('lead', 0, step)\n"
    found = checked(tmp_path, history, text, "count").findings
    assert [each.problem for each in found][:1] == ["calls random.randint()"]
    assert found[0].handler == "step"


class Scored(msgspec.Struct, frozen=True):
    score: int
    lines: list[str] = []


class Clean:
    """Everything that looks like an impurity and is none."""

    kind = "lead"
    order = "occurred"
    score = 0

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.days: list[Any] = []

    @on("Opened")
    def opened(self, event: Any) -> None:
        import random
        import uuid
        from datetime import datetime, timedelta
        from zoneinfo import ZoneInfo

        time = event.time
        self.days.append(time.astimezone(ZoneInfo("Europe/Berlin")).date() + timedelta(1))
        self.days.append(datetime.fromisoformat("2025-01-01").date())
        self.seen |= set(event.data["tags"])
        self.first = sorted(self.seen)[0]
        self.draw = random.Random(event.position).random() + random.Random(4).choice([1, 2])
        self.id = uuid.uuid5(uuid.NAMESPACE_URL, event.id)
        self.data = {**event.data, "more": 1}
        self.open = open_(event.data)

    @on(Scored)
    def scored(self, event: Scored, recorded: Any) -> None:
        self.score = event.score
        self.lines = [*event.lines, recorded.actor]
        self.lines.sort(key=str)

    @property
    def is_warm(self) -> bool:
        return self.score > 50


def open_(data: Any) -> Any:
    """A function with a name that is near one of the list."""
    open = data.get
    return open("campaign")


def test_what_is_pure_raises_no_alarm(history: History) -> None:
    found = check_model(history, Clean)
    assert found.is_pure, found
    assert (found.entities, found.events, found.unseen_types, found.in_processes) == (2, 4, (), True)


def test_models_in_toml_and_the_built_in_one_are_pure(history: History) -> None:
    table = {"rule": [{"on": "Scored", "set": {"score": "$score"}}]}
    assert check_model(history, built_in("lead")).is_pure
    assert check_model(history, from_toml("lead", table)).is_pure


def test_a_model_that_no_other_process_can_load_is_watched_here(history: History) -> None:
    import time

    class Local(Clean):
        @on("Opened")
        def opened(self, event: Any) -> None:
            self.at = time.time()

    found = check_model(history, Local)
    assert not found.in_processes
    assert [(each.problem, each.handler) for each in found.findings] == [("calls time.time()", "Local.opened")]
    assert check_model(history, Model.of_function("lead", 0, lambda state, event: state + 1)).is_pure


def test_a_model_that_hangs_fails_or_breaks_says_so(tmp_path: Path, history: History) -> None:
    text = HEAD + MODEL
    (tmp_path / "crm.py").write_text(text + "        while True:\n            pass\n")
    model = load_model("crm.py:Lead", tmp_path)
    with pytest.raises(InvalidModel, match="takes too long on a sample"):
        check_model(history, model, named="crm.py:Lead", folder=tmp_path, timeout_s=1)
    (tmp_path / "crm.py").write_text(text + "        raise KeyError('x')\n")
    with pytest.raises(FoldFailed, match=r"Handler: Lead\.opened, Problem: KeyError"):
        check_model(history, model, named="crm.py:Lead", folder=tmp_path)
    (tmp_path / "crm.py").write_text(text + "        import os\n        os._exit(3)\n")
    with pytest.raises(InvalidModel, match="exit code 3"):
        check_model(history, model, named="crm.py:Lead", folder=tmp_path)


CLEAN = ["tests.ask.test_history:Lead", "tests.test_app:Deal", "tests.ask.test_bpi2012:Application"]


@pytest.mark.parametrize("named", CLEAN)
def test_the_models_of_other_tests_raise_no_alarm(named: str) -> None:
    model = load_model(named, Path.cwd())
    store = MemoryStore()
    entity = f"{model.kind}:1"
    data = {"lead": "1", "deal": "1", "score": 1, "points": 1, "amount": 1, "amount_minor": 1, "stage": "won"}
    for type in ("LeadScored", "EmailOpened", "DealOpened", "DealMoved", "A_SUBMITTED", "A_APPROVED", "O_SENT"):
        store.append([Event(type, {**data, "owner": "anna", "campaign": "spring"}, [entity], version=1)])
    found = check_model(History.of(store), model, named=named)
    assert found.is_pure, found
    assert found.events == 7


def test_the_models_of_the_documentation_raise_no_alarm(tmp_path: Path) -> None:
    store = MemoryStore()
    for entity in ("lead:1", "deal:1"):
        store.append([Event("Scored", {"score": 60}, [entity])])
        store.append([Event("EmailOpened", {"campaign": "spring"}, [entity])])
        store.append([Event("DealOpened", {"deal": "1", "owner": "anna", "amount_minor": 1}, [entity])])
    count = 0
    for document in DOCUMENTS:
        for number, block in enumerate(blocks(document)):
            for name in re.findall(r'^class (\w+):\n    kind = "', block.body, re.MULTILINE):
                if "time.time()" not in block.body:  # the page that shows an impure one
                    file = tmp_path / f"{document.stem.replace('-', '_')}_{number}.py"
                    file.write_text(block.body)
                    named = f"{file}:{name}"
                    assert check_model(History.of(store), load_model(named, tmp_path), named=named).is_pure, named
                    count += 1
    assert count >= 3


def test_handlers_that_are_partials_or_callable_objects_are_run_as_ever(tmp_path: Path, history: History) -> None:
    text = """
import functools
from whence import on

def add(by, self, event):
    self.score = by

class Adding:
    def __call__(self, state, event):
        state.score = 2

class Lead:
    kind = "lead"
    score = 0
    one = on("Scored")(functools.partial(add, 1))
    other = on("Opened")(Adding())
"""
    assert checked(tmp_path, history, text).is_pure

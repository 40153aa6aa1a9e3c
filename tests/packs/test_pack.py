"""A pack that is installed: found by its entry point, its decisions and tables as commands and from Python, its states
as the models of its kinds, and what happens when it is not as it should be."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date
from importlib import metadata
from pathlib import Path
from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

import whence
from tests.packs import tickets
from tests.packs.conftest import bring
from whence.cli import run
from whence.codec import Codec
from whence.errors import IdConflict, InvalidConfig, InvalidInput, InvalidModel, Refused
from whence.history import History
from whence.pack import Asked, Pack, decision, load, table
from whence.stores.memory import MemoryStore
from whence.testing import PackSuite

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """The program in a folder of its own, where the tickets are used."""
    folder = tmp_path / "desk"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def typed(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(arguments)
        return (code, *capsys.readouterr())

    assert typed("init", "--pack", "tickets", "--zone", "UTC")[0] == 0
    return typed


@pytest.fixture
def db(tmp_path: Path) -> Iterator[whence.Whence]:
    with whence.open(tmp_path / "desk.db", create=True) as db:
        yield db


@pytest.mark.usefixtures("installed")
class TestTickets(PackSuite):
    @pytest.fixture(autouse=True)
    def found(self, installed: Path) -> None:
        type(self).pack = load("tickets")


def test_its_decisions_and_tables_are_commands(call: Call) -> None:
    assert call("tickets", "open", "42", "It burns", "--urgency", "high", "--by", "ben", "--time", "2026-01-05")[0] == 0
    assert call("tickets", "open", "ticket:43", "It is out", "--time", "2026-01-06")[0] == 0
    code, out, _ = call("tickets", "backlog", "--at", "2026-01-08", "--json")
    assert code == 0
    waiting = [json.loads(line) for line in out.splitlines()]
    assert [(each["ticket"], each["urgency"], each["days"]) for each in waiting] == [
        ("42", "high", 4),
        ("43", "normal", 3),
    ]
    assert call("tickets", "close", "42", "--reason", "out")[0] == 0
    assert "43" in call("tickets", "backlog")[1]


def test_what_the_rules_do_not_allow_ends_with_1_and_says_why(call: Call) -> None:
    code, _, err = call("tickets", "close", "7", "--reason", "x")
    assert code == 1
    assert "No such ticket (Ticket: 7)" in err
    assert "Open it first." in err


def test_its_states_are_the_models_of_its_kinds(call: Call) -> None:
    call("tickets", "open", "42", "It burns", "--by", "ben")
    assert json.loads(call("state", "ticket:42", "--json")[1])["status"] == "open"
    code, out, _ = call("why", "ticket:42", "status")
    assert code == 0
    assert "ticket.Opened" in out
    assert "ben" in out


def test_a_choice_is_one_of_those_named(call: Call) -> None:
    code, _, err = call("tickets", "open", "42", "x", "--urgency", "extreme")
    assert code == 2
    assert "normal" in err


def test_what_has_to_be_told_is_asked_for(call: Call) -> None:
    code, _, err = call("tickets", "open", "42")
    assert (code, "Missing argument 'SUBJECT'" in err) == (2, True)
    call("tickets", "open", "42", "It burns")
    code, _, err = call("tickets", "close", "42")
    assert (code, "Missing option '--reason'" in err) == (2, True)


def test_packs_shows_what_is_in_one_and_checks_its_scenarios(call: Call) -> None:
    assert "tickets" in call("packs")[1]
    code, out, _ = call("packs", "tickets", "--json")
    parts = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [each["what"] for each in parts if each["part"] == "scenario"] == ["holds"] * 4
    assert [each["name"] for each in parts if each["part"] == "event"] == ["ticket.Opened", "ticket.Closed"]
    parts = [json.loads(line) for line in call("packs", "leads", "--json")[1].splitlines()]
    assert {each["what"][-1] for each in parts if each["part"] in ("state", "decision", "table")} == {"."}


def test_a_pack_that_is_broken_spoils_no_other_command(call: Call, installed: Path) -> None:
    from whence.cli import packs

    bring(installed, "whence_broken", "broken", "1 / 0\n")
    packs.names.cache_clear()
    assert call("log")[0] in (0, 1)
    assert call("--help")[0] == 0
    code, _, err = call("broken", "open")
    assert code == 2
    assert "division by zero" in err


def test_a_pack_that_is_not_installed_is_refused_by_name(call: Call) -> None:
    Path("whence.toml").write_text('store = "whence.db"\n[pack.ticket]\n')
    code, _, err = call("state", "ticket:42")
    assert code == 2
    assert "No such pack is installed" in err
    assert "Did you mean tickets?" in err
    assert any("ticket" in each for each in whence.app.Config.nearest().problems())


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("ticket", "No such command 'ticket'. Did you mean tickets?\n"),
        ("setings", "No such command 'setings'. Did you mean settings?\n"),
        ("improt", "No such command 'improt'. Did you mean import?\n"),
        ("xyzzy", "No such command 'xyzzy'.\n"),
    ],
)
def test_a_mistyped_pack_is_named_as_commands_are(call: Call, typed: str, said: str) -> None:
    code, out, err = call(typed, "backlog")
    assert (code, out) == (2, "")
    assert said in err


def test_the_exam_of_a_pack_needs_pytest_alone() -> None:
    asked = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "from whence.testing import PackSuite\n"
        "try: from whence.testing import StoreSuite\n"
        "except ImportError: print('stores need it')\n"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == "stores need it\n"


def test_a_decision_says_who_and_what_it_was_made_on(db: whence.Whence) -> None:
    db.decide(tickets.open_, "42", "It burns", by="ben", time="2026-01-05T09:00:00Z")
    done = db.decide(tickets.close, 42, reason="out", by="anna")
    event = db.event(done.positions[0])
    assert (event.actor, event.data) == ("anna", {"ticket": "42", "reason": "out"})
    assert event.basis is not None
    assert event.basis.reads == ("status",)


def test_a_key_makes_a_retry_safe(db: whence.Whence) -> None:
    first = db.decide(tickets.open_, "42", "It burns", key="form-1")
    again = db.decide(tickets.open_, "42", "It burns", key="form-1")
    assert (again.positions, again.attempts) == (list(first.positions), 0)
    assert db.store.head() == 1
    with pytest.raises(IdConflict, match="another request"):
        db.decide(tickets.open_, "42", "It floods", key="form-1")


def test_a_retry_is_answered_with_its_own_append_alone_however_long_its_key(db: whence.Whence) -> None:
    first = db.decide(tickets.open_, "42", "It burns", key="form")
    db.decide(tickets.open_, "43", "It burns", key="form/2")
    assert db.decide(tickets.open_, "42", "It burns", key="form").positions == list(first.positions)
    longest = "k" * 200
    once = db.decide(tickets.open_, "44", "It burns", key=longest)
    assert db.decide(tickets.open_, "44", "It burns", key=longest).positions == list(once.positions)


def test_of_racers_one_wins(db: whence.Whence) -> None:
    def attempt(number: int) -> bool:
        try:
            return bool(db.decide(tickets.open_, "42", f"by {number}").positions)
        except Refused:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(24))) == 1
    assert db.store.head() == 1


def test_what_a_decision_is_not_told_is_said(db: whence.Whence) -> None:
    with pytest.raises(InvalidModel, match="reason"):
        db.decide(tickets.close, "42")
    with pytest.raises(InvalidConfig, match="No such pack"):
        db.decide("nobody.close", "42")


def test_functions_that_are_no_decision_and_no_table_are_refused() -> None:
    class Stateless:
        kind = "ticket"

    def without_codec(ticket: Stateless, id: str) -> None: ...
    def without_state(id: str) -> None: ...
    def with_reserved(ticket: tickets.Ticket, id: str, *, by: str) -> None: ...
    def of_rows(asked: Asked) -> int: ...

    namespace = {"Stateless": Stateless, "tickets": tickets, "Asked": Asked}
    for function, meaning in (
        (without_codec, "names its events"),
        (without_state, "first told a state"),
        (with_reserved, "has a meaning already"),
    ):
        function.__globals__.update(namespace)
        with pytest.raises(InvalidModel, match=meaning):
            decision(function)
    with pytest.raises(InvalidModel, match="what its rows are"):
        table(of_rows)
    with pytest.raises(InvalidModel, match="one command of a name"):
        Pack(name="twice", title="t", states=(tickets.Ticket,), decisions=(tickets.close, tickets.close))


def test_a_scenario_that_is_not_true_says_what_comes_instead() -> None:
    (opened, *_) = tickets.PACK.scenarios
    wrong = msgspec.structs.replace(opened, then=[tickets.Opened("1", "Other")])
    assert re.search(r"It comes to .*Help.*; expected: .*Other", wrong.problem())
    never = msgspec.structs.replace(opened, then=(), refused="never")
    assert re.search("It is not refused, .*; expected: refused with 'never'", never.problem())
    nothing = msgspec.structs.replace(opened, then=())
    assert nothing.problem().endswith("; expected: no event")


def test_packs_ends_with_one_where_a_scenario_does_not_hold(call: Call, installed: Path) -> None:
    wrong = (installed / "whence_tickets.py").read_text() + (
        "\n\nPACK = msgspec.structs.replace(PACK, scenarios=[msgspec.structs.replace(PACK.scenarios[0], then=())])\n"
    )
    (installed / "whence_tickets.py").write_text(wrong)
    sys.modules.pop("whence_tickets", None)
    code, out, _ = call("packs", "tickets", "--json")
    assert (code, "expected: no event" in out) == (1, True)


class Counted(msgspec.Struct, frozen=True):
    usual: str
    tickets: int


@table
def counted(asked: Asked) -> Iterable[Counted]:
    """How many tickets there are."""
    yield Counted(getattr(asked.as_configured(tickets.Ticket), "_usual", "—"), len(asked.states(tickets.Ticket)))


def test_what_is_configured_is_found_on_the_states_by_decisions_and_tables() -> None:
    pack = Pack(
        name="tickets",
        title="t",
        states=(tickets.Ticket,),
        decisions=(tickets.close,),
        tables=(counted,),
        configure=lambda table: [type("Configured", (tickets.Ticket,), {"_usual": table["usual"]})],
    )
    made = pack.configured({"usual": "high"})
    assert pack.configured({}) is pack
    assert made.decisions[0].function is tickets.close.function
    assert made.decisions[0].state is made.states[0]
    assert issubclass(made.states[0], tickets.Ticket)
    asked = Asked(History.of(MemoryStore()), 0, UTC, made.states)
    assert counted(asked) == [Counted("high", 0)]
    assert counted(msgspec.structs.replace(asked, configured=())) == [Counted("—", 0)]


def test_a_pack_without_anything_to_configure_refuses_keys(call: Call) -> None:
    with Path("whence.toml").open("a") as file:
        file.write('colour = "red"\n')
    code, _, err = call("tickets", "backlog")
    assert code == 2
    assert "nothing to configure" in err
    assert "colour" in err


def test_a_recorded_field_of_a_type_with_a_dot_is_found(db: whence.Whence) -> None:
    db.append(whence.Event("lead.Scored", {"score": 5}, ["lead:1"]))
    assert db._split("lead.Scored.score") == ("lead.Scored", "score")
    assert db._split("CrmScored.of.now") == ("CrmScored", "of.now")


# What a pack gets wrong.

SHOP = '''
from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal
import msgspec
from whence import Codec, Tag, on
from collections.abc import Sequence
from msgspec import Meta, field
from whence.pack import Asked, Pack, Share, Written, decision, table

class Sold(msgspec.Struct, frozen=True):
    event_type: ClassVar[str] = "shop.Sold"
    shop: Annotated[str, Tag]

class Shop:
    kind = "shop"
    codec = Codec(Sold)
    def __init__(self) -> None:
        self.sold = 0
    @on(Sold)
    def counted(self, event: Sold) -> None:
        self.sold += 1

class Row(msgspec.Struct, frozen=True):
    shop: str

@decision
def sell(shop: Shop, id: str, what: str, *, rate: float = 1.0, decision: str = "", self: str = "") -> Sold:
    """Sell."""
    return {"fail": lambda: 1 / 0, "five": lambda: 5, "other": lambda: Sold("b")}.get(what, lambda: Sold(id))()

@table
def sales(asked: Asked, *, what: str = "", table: str = "", over: float = 0) -> Iterable[Row]:
    """Sales."""
    return {"fail": lambda: 1 / 0, "five": lambda: [5], "none": lambda: None}.get(what, lambda: [Row("a")])()

class Shift(msgspec.Struct, frozen=True):
    name: str
    began_us: int = field(name="began")
    open_s: float | None
    sold: Share | None
    number: int
    many: int

@table
def shifts(
    asked: Asked,
    names: Annotated[Sequence[str | int], Written(value="NAME")],
    *,
    only: Annotated[list[str], Written("--only-this", "WORD"), "again and again"] = (),
    number: Annotated[int, Meta(ge=1, le=9)] = 1,
) -> Iterable[Shift]:
    """Shifts."""
    for each in names:
        if not only or each in only:
            yield Shift(each, 1_767_600_000_000_000, 5400.0, 0.25, 1234, 1234)

class Measured(msgspec.Struct, frozen=True):
    what: str
    number_of: float
    value: Any

@table
def measured(
    asked: Asked, which: Literal["all", "none"], other: Literal["a", "b"] | None = None, *, times: int = 1
) -> Iterable[Measured]:
    """Measured."""
    for value in (0.00042, 70.0001, 70.0002, 0.1 + 0.2, -0.0, -1e-12, 1234567.8912, 12.5):
        yield Measured("a", value, {} if value < 1 else {"a": 1})

PACK = Pack(
    name="shops", title="Shops", states=(Shop,), decisions=(sell,), tables=(sales, shifts, measured),
    commands="whence_tickets_shops:COMMANDS",
)

def count(db: Any, form: str, what: str, *, steps: list[int] = ()) -> int:
    """Count."""
    if what == "usage":
        import click
        raise click.UsageError("Say something else.")
    if what == "known":
        db.event("none")
    return {"fail": lambda: 1 / 0}.get(what, lambda: 0)()

def __getattr__(name: str) -> Any:
    from whence.cli.packs import pack_command
    if name == "COMMANDS":
        return (pack_command("shops")(count),)
    raise AttributeError(name)
'''


@pytest.fixture
def shops(call: Call, installed: Path) -> Call:
    from whence.cli import packs

    bring(installed, "whence_tickets_shops", "shops", SHOP)
    packs.names.cache_clear()
    return call


def test_what_a_pack_fails_with_is_said_with_its_place(shops: Call) -> None:
    for command in (("sell", "a", "fail"), ("sales", "--what", "fail"), ("count", "fail")):
        code, _, err = shops("shops", *command)
        assert code == 2
        said = " ".join(err.split())
        assert f"Command: whence shops {command[0]}, Place: whence_tickets_shops.py:" in said
        assert "Problem: ZeroDivisionError" in said


def test_what_ends_a_command_of_its_own_on_purpose_is_said_as_it_is(shops: Call) -> None:
    code, _, err = shops("shops", "count", "usage")
    assert (code, "The pack fails" in err, "Say something else." in err) == (2, False, True)
    assert "The pack fails" not in shops("shops", "count", "known")[2]
    assert shops("shops", "count", "x")[0] == 0


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("sell", "a", "five"), "A decision comes to events"),
        (("sell", "a", "other"), "The event is about another entity"),
        (("sales", "--what", "five"), "A table gives rows of its class"),
        (("sales", "--what", "none"), "A table gives rows of its class"),
    ],
)
def test_a_pack_that_gives_something_else_is_told_so(shops: Call, command: tuple[str, ...], said: str) -> None:
    code, _, err = shops("shops", *command)
    assert (code, said in err) == (2, True)
    assert shops("log", "--json")[1] == ""


def test_marks_say_how_a_parameter_is_written_and_names_and_marks_how_a_field_is_shown(shops: Call) -> None:
    code, out, _ = shops("shops", "shifts", "a", "b", "c", "--only-this", "a", "--only-this", "b", "--zone", "UTC")
    assert code == 0
    heading, first, *_ = (line.split("  ") for line in out.splitlines())
    assert [cell.strip() for cell in heading if cell] == ["name", "began", "open", "sold", "number", "many"]
    shown = ["a", "2026-01-05 08:00:00", "1 h 30 min", "25.0%", "1234", "1,234"]
    assert [cell.strip() for cell in first if cell.strip()] == shown
    row = json.loads(shops("shops", "shifts", "a", "--json")[1])
    assert (row["began"], row["open_s"], row["sold"]) == ("2026-01-05T08:00:00Z", 5400.0, 0.25)
    assert "1<=x<=9" in shops("shops", "shifts", "a", "--number", "10")[2]
    assert "NAME..." in shops("shops", "shifts")[2]


def test_numbers_are_shown_as_fine_as_they_differ_and_objects_as_json(shops: Call) -> None:
    code, out, _ = shops("shops", "measured", "all")
    assert code == 0
    assert [line.split(maxsplit=2) for line in out.splitlines()[1:-1]] == [
        ["a", "0.00042", "{}"],
        ["a", "70.0001", '{"a": 1}'],
        ["a", "70.0002", '{"a": 1}'],
        ["a", "0.3", "{}"],
        ["a", "0", "{}"],
        ["a", "0", "{}"],
        ["a", "1,234,567.891", '{"a": 1}'],
        ["a", "12.5", '{"a": 1}'],
    ]


def test_an_argument_says_what_it_may_be_and_a_number_without_bounds_names_none(shops: Call) -> None:
    shown = " ".join(shops("shops", "measured", "--help")[1].split())
    assert "{all|none} [{a|b}]" in shown
    assert "<=" not in shown
    assert "is not a valid integer." in shops("shops", "measured", "all", "--times", "x")[2]


@pytest.mark.parametrize(
    ("hint", "bounds"),
    [("int", {"gt": 0}), ("float", {"ge": 0}), ("str", {"min_length": 1}), ("bool", {"le": 1})],
)
def test_a_bound_that_nothing_would_check_is_refused(hint: str, bounds: dict[str, int]) -> None:
    space = {
        "Ticket": tickets.Ticket,
        "Closed": tickets.Closed,
        "Annotated": Annotated,
        "bound": msgspec.Meta(**bounds),
    }  # type: ignore[arg-type]
    exec(f"def close(ticket: Ticket, id: str, *, over: Annotated[{hint}, bound]) -> Closed: ...", space)
    with pytest.raises(InvalidModel, match="is not checked"):
        decision(space["close"])  # type: ignore[arg-type]


def test_a_value_of_another_type_is_refused_from_python_with_what_is_wanted() -> None:
    def book(room: tickets.Ticket, id: str, day: date, *, either: date | str | None = None) -> None:
        return None

    asked = decision(book).asked
    with pytest.raises(InvalidInput, match=r"Of: book, Parameter: day, Value: '2026-04-01', .*Give a date: date\("):
        asked("red", "2026-04-01")
    asked("red", date(2026, 4, 1), either="2026-04-01")


def test_the_bounds_of_a_number_hold_from_python_too(db: whence.Whence) -> None:
    asked = Asked(History.of(MemoryStore()), 0, UTC)

    @table
    def bounded(asked: Asked, *, upto: Annotated[list[int] | None, Meta(ge=0, le=9)] = None) -> Iterable[Counted]:
        return [Counted(str(upto), 0)]

    @decision
    def close(ticket: tickets.Ticket, id: str, times: Annotated[int, Meta(ge=1)] = 1) -> tickets.Closed:
        return tickets.Closed(id, str(times))

    assert bounded(asked, upto=[0, 9]) == [Counted("[0, 9]", 0)]
    assert bounded(asked) == [Counted("None", 0)]
    for wrong in (-1, 10):
        with pytest.raises(InvalidInput, match=f"upto, Value: {wrong}, Least: 0, Most: 9"):
            bounded(asked, upto=[1, wrong])
    with pytest.raises(InvalidInput, match="beyond its bounds"):
        db.decide(close, "42", 0)


def test_an_option_may_be_called_as_a_parameter_of_whence_itself(shops: Call) -> None:
    assert shops("shops", "sell", "a", "x", "--decision", "y", "--self", "z")[0] == 0
    assert shops("shops", "sales", "--table", "x")[0] == 0


@pytest.mark.parametrize("number", ["nan", "inf", "1e400"])
def test_what_is_no_number_is_refused(shops: Call, number: str) -> None:
    for command in (("sell", "a", "x", "--rate", number), ("sales", "--over", number)):
        code, _, err = shops("shops", *command)
        assert (code, "is not a number" in err) == (2, True)


def test_a_value_of_an_option_that_has_to_be_told_may_begin_with_a_minus(call: Call) -> None:
    call("tickets", "open", "42", "Help")
    code, out, err = call("tickets", "close", "42", "--reason", "- cold again", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["data"]["reason"] == "- cold again"


def test_an_imported_event_that_lacks_a_field_of_its_class_is_told_what_its_mapping_leaves_out(call: Call) -> None:
    Path("old.csv").write_text("what,ticket,subject\nticket.Opened,42,Help\n")
    mapping = Path("old.toml")
    mapping.write_text('type = "what"\ntags = ["ticket:{ticket}"]\n')
    assert call("import", "old.csv", "--mapping", "old.toml", "--store", "bad.db")[0] == 0
    code, _, err = call("tickets", "backlog", "--store", "bad.db")
    assert (code, "Object missing required field `ticket`" in err) == (5, True)
    said = " ".join(err.split())
    assert "or, if an import brought it, name all fields in its mapping's data; whence show @2 prints" in said
    mapping.write_text(mapping.read_text() + 'data = ["ticket", "subject"]\n')
    assert call("import", "old.csv", "--mapping", "old.toml", "--store", "good.db")[0] == 0
    assert "Help" in call("tickets", "backlog", "--store", "good.db")[1]


@pytest.mark.parametrize("name", ["zone", "json", "csv", "entity", "help", "as_json"])
def test_a_parameter_has_no_name_that_every_command_uses(name: str) -> None:
    space = {"Ticket": tickets.Ticket, "Closed": tickets.Closed, "str": str}
    exec(f"def close(ticket: Ticket, id: str, *, {name}: str) -> Closed: ...", space)
    with pytest.raises(InvalidModel, match="has a meaning already"):
        decision(space["close"])  # type: ignore[arg-type]


def test_what_is_next_after_init_is_of_the_pack(call: Call) -> None:
    assert "whence packs tickets" in call("init", "other", "--pack", "tickets", "--zone", "UTC")[1]
    assert "whence append" in call("init", "plain", "--zone", "UTC")[1]
    assert "whence append" in call("init", "plain", "--pack", "tickets")[1]  # whence.toml was there, and has it not
    for folder in ("plain", "new"):
        code, _, err = call("init", folder, "--pack", "ticket")
        assert (code, "No such pack is installed" in err) == (2, True)
    assert not Path("new").exists()


def test_the_command_that_the_page_teaches_works(call: Call, installed: Path) -> None:
    from whence.cli import packs

    page = Path(__file__).parents[2] / "docs/packs/write-a-pack.md"
    (taught,) = re.findall(r"^<!-- not run -->\n```python\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S)
    (installed / "whence_tickets_commands.py").write_text(taught)
    desk = """PACK = Pack(name="desk", title="Desk", states=(), commands="whence_tickets_commands:COMMANDS")\n"""
    bring(installed, "whence_tickets_desk", "desk", "from whence.pack import Pack\n" + desk)
    packs.names.cache_clear()
    for id in ("42", "43"):
        assert call("tickets", "open", id, "It burns")[0] == 0
    line = ("desk", "close-all", "42", "43", "--reason", "out", "--by", "anna", "--json")
    code, out, _ = call(*line)
    assert (code, [json.loads(row) for row in out.splitlines()]) == (
        0,
        [{"ticket": "42", "closed_now": True}, {"ticket": "43", "closed_now": True}],
    )
    assert [json.loads(row)["actor"] for row in call("log", "--type", "ticket.Closed", "--json")[1].splitlines()] == [
        "anna",
        "anna",
    ]
    assert call(*line)[0] == 1
    assert "TICKET... " in " ".join(call("desk", "close-all", "--help")[1].split())


SURVEYS = '''
from collections.abc import Iterable
from typing import Annotated, ClassVar

import msgspec

from whence import Codec, Tag, on
from whence.errors import InvalidConfig
from whence.pack import Asked, Pack, Scenario, decision, table

class Answered(msgspec.Struct, frozen=True):
    event_type: ClassVar[str] = "survey.Answered"
    survey: Annotated[str, Tag]
    stars: int

class Survey:
    kind = "survey"
    codec = Codec(Answered)
    most = 5

    def __init__(self) -> None:
        self.stars = 0

    @on(Answered)
    def answered(self, event: Answered) -> None:
        self.stars = event.stars

class Row(msgspec.Struct, frozen=True):
    survey: str
    stars: int

@decision
def answer(survey: Survey, id: str, stars: int) -> Answered:
    """How a customer was content."""
    return Answered(id, min(stars, survey.most))

@table
def surveys(asked: Asked) -> Iterable[Row]:
    """How all were content."""
    return [Row(id, each.stars) for id, each in asked.states(Survey).items()]

def configured(table):
    if not isinstance(table["most"], int):
        raise InvalidConfig("Not a number of stars", key="most")
    return [type("Configured", (Survey,), {"most": table["most"]})]

def count(db, form: str) -> int:
    """Count the surveys."""
    print(len(db.asked().states(Survey)))
    return 0

PACK = Pack(
    name="tickets.surveys", title="Surveys", states=(Survey,), decisions=(answer,), tables=(surveys,),
    scenarios=(Scenario("answered", answer.asked("1", 4), then=[Answered("1", 4)]),),
    configuration="# most = 5   # stars", commands="whence_tickets_surveys:COMMANDS",
    keys=("most",), configure=configured,
)

def __getattr__(name: str):
    from whence.cli.packs import pack_command
    if name == "COMMANDS":
        return (pack_command("tickets")(count),)
    raise AttributeError(name)
'''


@pytest.fixture
def extended(call: Call, installed: Path) -> Call:
    bring(installed, "whence_tickets_surveys", "tickets.surveys", SURVEYS)
    return call


def test_an_extension_adds_to_a_pack_that_is_there(extended: Call, tmp_path: Path) -> None:
    extended("tickets", "open", "42", "The oven smokes")
    code, _, err = extended("tickets", "answer", "42", "4")
    assert (code, err) == (0, "")
    assert extended("tickets", "surveys", "--csv")[1] == "survey,stars\n42,4\n"
    assert extended("tickets", "count")[1] == "1\n"
    assert extended("state", "survey:42", "--json")[0] == 0
    shown = extended("packs", "tickets", "--csv")[1]
    assert all(each in shown for each in ("ticket.Opened", "survey.Answered", "scenario,answered,holds"))
    assert "surveys" not in extended("packs", "--csv")[1]
    assert extended("init", "new", "--pack", "tickets")[0] == 0
    assert "# most = 5   # stars" in Path("new/whence.toml").read_text()


def test_a_pack_is_found_with_its_extensions_by_one_look_at_what_is_installed(
    extended: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = list[str]()

    def counted(*, group: str) -> metadata.EntryPoints:
        looks.append(group)
        return entry_points(group=group)

    entry_points = metadata.entry_points
    monkeypatch.setattr(metadata, "entry_points", counted)
    assert [each.name for each in load("tickets").extensions] == ["tickets.surveys"]
    assert looks == ["whence.packs"]


def test_a_command_of_an_extension_takes_the_place_of_a_decision_of_what_it_extends(
    call: Call, installed: Path
) -> None:
    source = """
import rich_click as click

from whence.pack import Pack

PACK = Pack(name="tickets.loud", title="Loud", states=(), commands="whence_tickets_loud:COMMANDS")

@click.command("open")
@click.argument("ticket")
def opened(ticket: str) -> int:
    print(f"TICKET {ticket}!")
    return 0

COMMANDS = (opened,)
"""
    bring(installed, "whence_tickets_loud", "tickets.loud", source)
    assert call("tickets", "open", "42") == (0, "TICKET 42!\n", "")
    assert "decision,whence tickets open," in call("packs", "tickets", "--csv")[1]


def test_events_that_no_state_goes_by_are_of_the_pack_and_of_what_it_extends() -> None:
    names = Pack(name="tickets.names", title="Names", states=(), codec=Codec(tickets.Closed))
    assert names.events == ("ticket.Closed",)
    plain = Pack(name="tickets", title="Tickets", states=())
    assert plain.extended([names]).events == ("ticket.Closed",)


def test_an_extension_is_configured_by_its_own_keys(extended: Call) -> None:
    config = Path("whence.toml")
    config.write_text('store = "whence.db"\n[pack.tickets]\nmost = 3\n')
    assert extended("tickets", "answer", "42", "4")[0] == 0
    assert extended("tickets", "surveys", "--csv")[1] == "survey,stars\n42,3\n"
    config.write_text('store = "whence.db"\n[pack.tickets]\nmost = "3"\n')
    assert "Key: most)" in extended("tickets", "surveys")[2]
    config.write_text('store = "whence.db"\n[pack.tickets]\nmots = 3\n')
    assert "Table: [pack.tickets], Key: mots" in extended("tickets", "surveys")[2]
    assert "Did you mean most?" in extended("tickets", "surveys")[2]


def test_a_state_is_configured_by_one_pack() -> None:
    class Desk:
        kind = "desk"

    def pack(name: str, key: str) -> Pack:
        return Pack(
            name=name, title="", states=(), keys=(key,), configure=lambda table: [type("Configured", (Desk,), {})]
        )

    desk = Pack(name="desk", title="", states=(Desk,)).extended([pack("desk.a", "a"), pack("desk.b", "b")])
    assert issubclass(desk.configured({"a": 1}).states[0], Desk)
    with pytest.raises(InvalidModel, match="Two configure one state"):
        desk.configured({"a": 1, "b": 1})


def test_the_keys_of_an_extension_stand_before_the_tables_of_what_it_adds_to() -> None:
    def pack(name: str, configuration: str) -> Pack:
        return Pack(name=name, title="", states=(), configuration=configuration)

    tickets = pack("tickets", "late = 2\n\n# How urgent each is.\n[scorecard.ticket]\nrule = []\n")
    shops = pack("tickets.shops", "# A shop.\n# [pack.tickets.shop.NAME]\n# city = 'Bern'\n")
    surveys = pack("tickets.surveys", "most = 5   # stars\n")
    assert tickets.extended([shops, surveys]).configuration == (
        "late = 2\n\nmost = 5   # stars\n\n# How urgent each is.\n[scorecard.ticket]\nrule = []\n\n"
        "# A shop.\n# [pack.tickets.shop.NAME]\n# city = 'Bern'\n"
    )


def test_a_pack_that_repeats_its_line_in_whence_toml_is_told_so_and_no_file_is_left(
    call: Call, installed: Path
) -> None:
    source = (
        'from whence.pack import Pack\nPACK = Pack(name="again", title="", states=(), configuration="[pack.again]")'
    )
    bring(installed, "whence_tickets_again", "again", source)
    code, _, err = call("init", "new", "--pack", "again")
    assert code == 2
    assert "What a pack writes into whence.toml cannot be read (Pack: again, Problem: " in err
    assert "stands below a line [pack.again] and does not repeat it" in err
    assert not Path("new").exists()


def test_an_extension_that_is_named_as_a_pack_is_told_what_it_adds_to(extended: Call) -> None:
    for line in (("packs", "tickets.surveys"), ("init", "new", "--pack", "tickets.surveys")):
        code, _, err = extended(*line)
        assert code == 2
        assert "An extension is used with the pack that it adds to: tickets." in err


def test_what_an_extension_repeats_is_refused(extended: Call, installed: Path) -> None:
    bring(installed, "whence_tickets_twice", "tickets.twice", SURVEYS.replace("tickets.surveys", "tickets.twice"))
    code, _, err = extended("tickets", "surveys")
    assert (code, "A pack has one kind of a name (Pack: tickets, Name: survey" in err) == (2, True)


def test_an_extension_of_commands_alone_that_is_not_installed_does_not_pass_its_exam(extended: Call) -> None:
    class Exam(PackSuite):
        pack = Pack(name="tickets.nowhere", title="Nowhere", states=())

    with pytest.raises(AssertionError):
        Exam().test_it_is_found_by_its_name()
    Exam.pack = Pack(name="tickets.surveys", title="Surveys", states=())
    Exam().test_it_is_found_by_its_name()


def test_a_key_belongs_to_one_of_them(extended: Call, installed: Path) -> None:
    more = 'from whence.pack import Pack\nPACK = Pack(name="tickets.more", title="More", states=(), keys=("most",))\n'
    bring(installed, "whence_tickets_more", "tickets.more", more)
    assert "A pack has one key of a name (Pack: tickets, Name: most" in extended("tickets", "surveys")[2]


def test_an_extension_that_cannot_be_loaded_is_named(extended: Call, installed: Path) -> None:
    bring(installed, "whence_tickets_broken", "tickets.broken", "PACK = 1 / 0\n")
    code, _, err = extended("tickets", "surveys")
    assert (code, "The pack cannot be loaded (Pack: tickets.broken" in err) == (2, True)
    assert "cannot be loaded" not in "".join(extended("log")[1:])

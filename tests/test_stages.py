"""Stages: what may move where, which of them end it and how, and what whence.toml may say of them."""

from __future__ import annotations

from typing import Any

import pytest

from whence.errors import InvalidConfig, Refused
from whence.stages import Stages

TICKETS = Stages(
    moves={"open": ("waiting", "closed"), "waiting": ("open", "closed", "spam"), "closed": ("open",), "spam": ()},
    ends={"closed": ("closed",), "spam": ("spam",)},
)


def said(table: dict[str, Any]) -> Stages:
    return Stages.of_table(table, TICKETS, name="pack.tickets", example='open = ["closed"]')


def test_a_move_that_is_allowed_is_not_refused_and_from_an_unknown_stage_each_is() -> None:
    TICKETS.must_allow("open", "waiting", ticket="42")
    TICKETS.must_allow("elsewhere", "spam", ticket="42")
    TICKETS.must_allow(None, "spam", ticket="42")


def test_another_move_is_refused_with_what_moves_and_where_it_may_go() -> None:
    with pytest.raises(Refused, match=r"Ticket: 42, Stage: open, To: spam.*it may go to: waiting, closed"):
        TICKETS.must_allow("open", "spam", ticket="42")
    with pytest.raises(Refused, match="it may go to: no other"):
        TICKETS.must_allow("spam", "open", ticket="42")
    with pytest.raises(Refused, match=r"No such stage .*Did you mean closed"):
        TICKETS.must_allow("open", "closd", ticket="42")


def test_it_ends_in_the_first_stage_of_such_an_end_that_it_may_move_to() -> None:
    stages = Stages({"a": ("b",), "b": ("d",), "c": (), "d": ()}, {"done": ("c", "d")})
    assert stages.to_end("done", "b") == "d"
    assert stages.to_end("done", "d") is None
    assert stages.to_end("done", "d", "d") is None
    with pytest.raises(Refused, match="From a it may go to: b"):
        stages.to_end("done", "a")
    with pytest.raises(Refused, match=r"not such an end .*There are: c, d"):
        stages.to_end("done", "b", "a")
    with pytest.raises(Refused, match="From d it may go to: no other"):
        stages.to_end("done", "d", "c")


def test_stages_are_in_their_order_and_those_that_only_events_name_behind_them() -> None:
    assert TICKETS.first == "open"
    assert TICKETS.in_order({"zebra", "spam", "ant"}) == ["open", "waiting", "closed", "spam", "ant", "zebra"]
    assert TICKETS.is_before("open", "closed")
    assert not TICKETS.is_before("closed", "open")
    assert TICKETS.is_before("ant", "open")
    assert [TICKETS.outcome(each) for each in ("open", "spam", "ant", None)] == ["open", "spam", "open", "open"]


def test_a_table_says_other_stages_and_other_ends() -> None:
    assert said({}) == TICKETS
    table = {"stages": {"in": ["out", "bin"], "out": [], "bin": []}, "closed": ["out"], "spam": "bin"}
    assert said(table) == Stages({"in": ("out", "bin"), "out": (), "bin": ()}, {"closed": ("out",), "spam": ("bin",)})


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"stages": []}, r"Not a table of stages .*Key: stages\). Write \[pack.tickets.stages\] with open = "),
        ({"stages": {}}, "Not a table of stages"),
        ({"stages": {"open": "closed"}}, r"Not a list of stages .*Key: stages.open"),
        ({"stages": {"open": ["opn"], "closed": [], "spam": []}}, r"Key: stages.open, .*Did you mean open"),
        ({"stages": {"open": []}}, "Key: closed, Stage: closed"),
        ({"closed": "done"}, "No such stage .*Key: closed"),
        ({"closed": []}, "No stage ends it so .*closed = "),
        ({"closed": ["closed", "spam"]}, "not both closed and spam"),
    ],
)
def test_what_is_wrong_in_the_table_is_refused_with_its_key(table: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidConfig, match=message):
        said(table)


def test_an_end_that_names_no_stage_is_the_one_it_is_in_or_the_first_of_them() -> None:
    stages = Stages({"open": (), "spam": (), "closed": ()}, {"done": ("closed", "spam")})
    assert (stages.end("done", "spam"), stages.end("done", "open"), stages.end("done", None)) == (
        "spam",
        "closed",
        "closed",
    )

"""Two sides as lists of lines: who finds whom, what is left, and that it always adds up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.matching.items import item
from whence.errors import InvalidInput
from whence.matching.comparing import _out_of_order, compare
from whence.matching.sides import Item, Side


def test_lines_that_share_a_key_are_matched_with_the_one_amount_that_it_names() -> None:
    lines = [item(1, 1000, id="ch_1", group="po_1"), item(2, -30, id="fee_1", group="po_1"), item(3, 500, group="po_2")]
    bank = [item(1, 970, id="po_1", day=3), item(2, 499, id="po_2", day=3)]
    found = compare(Side("stripe", lines), Side("bank", bank), passes=["group"])
    assert [(len(each.here), each.off_minor) for each in found.matches] == [(2, 0), (1, -1)]
    assert [(each.what, each.effect_minor) for each in found.differences] == [("amount", {"EUR": -1})]
    turned = compare(Side("bank", bank), Side("stripe", lines), passes=["group"])
    assert [each.effect_minor for each in turned.differences] == [{"EUR": 1}]


def test_a_line_is_called_by_one_key_at_most() -> None:
    here = [item(1, 1, group="a"), item(2, 1, group="g"), item(3, 1)]
    found = compare(Side("x", here), Side("y", [item(1, 1, id="a", group="g")]), passes=["group"])
    assert [[each.number for each in match.here] for match in found.matches] == [[1]]
    assert found.unexplained() == {}


def test_the_same_amount_is_matched_with_the_nearest_day_first() -> None:
    here = [item(1, 100, day=1), item(2, 100, day=5), item(3, 100, day=20)]
    there = [item(1, 100, day=4), item(2, 100, day=2), item(3, 100, day=25)]
    found = compare(Side("a", here), Side("b", there), passes=["days"], days=3)
    assert {(each.here[0].number, each.there[0].number) for each in found.matches} == {(1, 2), (2, 1)}
    assert found.kinds == {"missing-here": 1, "missing-there": 1}


def test_lines_that_both_have_an_id_are_not_matched_by_their_amount() -> None:
    found = compare(Side("a", [item(1, 100, id="x")]), Side("b", [item(1, 100, id="y")]))
    assert found.kinds == {"missing-here": 1, "missing-there": 1}
    own = Side("b", [item(1, 100, id="y")], ids_shared=False)
    assert compare(Side("a", [item(1, 100, id="x")]), own).differences == []


def test_a_sum_of_several_is_a_guess() -> None:
    here = [item(1, 100), item(2, 250), item(3, 999)]
    found = compare(Side("a", here), Side("b", [item(1, 350, day=2)]))
    assert [(each.is_guess, len(each.here)) for each in found.matches] == [(True, 2)]
    assert found.kinds == {"missing-there": 1}


def test_exact_copies_on_both_sides_are_no_duplicates() -> None:
    twice = [item(1, 100, id="x"), item(2, 100, id="x")]
    assert compare(Side("a", twice), Side("b", list(twice))).differences == []
    assert compare(Side("a", twice), Side("b", twice[:1])).kinds == {"duplicate-here": 1}


def test_a_payout_without_a_key_is_named_and_tied_by_the_running_balance() -> None:
    lines = [
        item(1, 1000, category="charge"),
        item(2, -1000, id="po_1", category="payout"),
        item(3, -5, id="po_2", category="payout"),
    ]
    told = [Item(*(getattr(each, name) for name in Item.__struct_fields__[:-1]), balance_minor=0) for each in lines[1:]]
    found = compare(Side("stripe", [lines[0], *told]), Side("bank", []))
    assert [(each.item.id, each.ties) for each in found.unkeyed] == [("po_1", True), ("po_2", False)]


@given(st.lists(st.integers(0, 50), unique=True))
def test_the_lines_in_another_place_are_as_few_as_can_be(numbers: list[int]) -> None:
    moved = _out_of_order(numbers)
    stay = [number for place, number in enumerate(numbers) if place not in moved]
    assert stay == sorted(stay)
    best = [1] * len(numbers)
    for place, number in enumerate(numbers):
        best[place] = 1 + max((best[before] for before in range(place) if numbers[before] < number), default=0)
    assert len(stay) == max(best, default=0)


ITEMS = st.lists(
    st.builds(
        item,
        st.integers(1, 99),
        st.integers(-50, 50).filter(bool),
        id=st.sampled_from(["", "a", "b", "c"]),
        group=st.sampled_from(["", "a", "g"]),
        day=st.integers(1, 9),
    ),
    max_size=8,
)


@given(ITEMS, ITEMS, st.booleans())
def test_one_side_and_all_differences_are_always_the_other_side(
    here: list[Item], there: list[Item], shared: bool
) -> None:
    found = compare(Side("a", here, ids_shared=shared), Side("b", there, ids_shared=shared), order=True)
    assert found.unexplained() == {}
    used = [each for match in found.matches for each in match.here]
    assert len(used) == len({id(each) for each in used}) <= len(here)
    assert len({each.difference for each in found.differences}) == len(found.differences)


def test_sides_that_are_said_to_share_ids_and_share_none_are_told_apart() -> None:
    ours, theirs = [item(1, 5, id="t-1")], [item(2, 5, id="9001")]
    assert compare(Side("a", ours), Side("b", theirs)).is_without_a_shared_id
    assert not compare(Side("a", ours), Side("b", theirs, ids_shared=False)).is_without_a_shared_id
    assert not compare(Side("a", ours), Side("b", [item(2, 5, id="t-1")])).is_without_a_shared_id


def test_a_pass_that_there_is_not_is_refused() -> None:
    with pytest.raises(InvalidInput, match="exact, id, group, days, sums"):
        compare(Side("a", []), Side("b", []), passes=["guess"])

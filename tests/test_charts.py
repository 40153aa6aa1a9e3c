"""Charts that several subjects may draw."""

from __future__ import annotations

from datetime import UTC

import pytest

pytest.importorskip("plotly")

from whence.charts import Bars, Day, Flow, Mark, MarkKind, days_and_marks, heat_map, sankey, share_bars
from whence.duration import DAY_US


def test_a_flow_goes_from_a_node_to_one_of_the_next_depth() -> None:
    (made,) = sankey([Flow(0, "A", "B", 3), Flow(0, "A", "(end)", 1), Flow(1, "B", "A", 2)], align="left").data
    ends = [
        (made.node.label[one], made.node.label[two])
        for one, two in zip(made.link.source, made.link.target, strict=True)
    ]
    assert ends == [("A", "B"), ("A", "(end)"), ("B", "A")]
    assert tuple(made.link.value) == (3, 1, 2)
    assert len(made.node.label) == 4


def test_bars_of_several_groups_stand_side_by_side_in_the_order_of_their_names() -> None:
    groups = [Bars(name, [100.0, 25.0], ["4", "1"], [[4], [1]]) for name in ("May", "June")]
    drawn = share_bars(["1. Seen", "2. Bought"], groups, "", hover="%{customdata[0]}")
    assert [(each.name, list(each.y), list(each.x)) for each in drawn.data] == [
        ("May", ["1. Seen", "2. Bought"], [100, 25]),
        ("June", ["1. Seen", "2. Bought"], [100, 25]),
    ]
    assert drawn.layout.showlegend


def test_rows_of_a_heat_map_may_be_of_different_lengths() -> None:
    (made,) = heat_map({"May": [(1.0, "1 %"), (2.0, "2 %")], "June": [(3.0, "3 %")]}, "", darkest=3, unit="month").data
    assert [list(row) for row in made.z] == [[1.0, 2.0], [3.0, None]]
    assert [list(row) for row in made.text] == [["1 %", "2 %"], ["3 %", ""]]


def test_a_heat_map_says_what_a_colour_means_in_words_or_by_a_scale() -> None:
    for width, has_scale in ((2, False), (40, True)):
        cells = [(float(place), f"{place} %") for place in range(width)]
        (made,) = heat_map({"May": cells}, "", darkest=3, unit="week", suffix=" %").data
        assert (bool(made.texttemplate), made.showscale) == (not has_scale, has_scale)


def test_days_have_the_mean_of_the_week_around_them_and_a_mark_with_a_title_a_line() -> None:
    days = [Day(number * DAY_US, mean, count) for number, mean, count in ((0, 0.2, 10), (1, 0.5, 20), (9, 0.9, 5))]
    up, none = MarkKind("raises it", "#1b7f4d", "triangle-up"), MarkKind("chance", "#66727f", "line-ns-open")
    marks = [Mark(DAY_US, up, ["@1", "a = <1>"], "a +30"), Mark(2 * DAY_US, none, ["@2"])]
    made = days_and_marks(days, marks, [up, none], UTC, y="share", scale=100, decimals=1, unit="decisions")
    means, smooth, raised, chance = made.data
    assert list(means.y) == [20, 50, 90]
    assert list(smooth.y) == pytest.approx([40, 40, 90])
    assert means.x[1] == "1970-01-02T12:00:00"
    assert (raised.x, raised.customdata) == (("1970-01-02T00:00:00",), ("@1<br>a = &lt;1&gt;",))
    assert chance.name == "chance"
    assert [each.text for each in made.layout.annotations] == ["a +30"]
    assert [each.x0 for each in made.layout.shapes] == ["1970-01-02T00:00:00"]

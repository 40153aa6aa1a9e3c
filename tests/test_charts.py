"""Charts that several subjects may draw."""

from __future__ import annotations

import pytest

pytest.importorskip("plotly")

from whence.charts import Flow, heat_map, sankey


def test_a_flow_goes_from_a_node_to_one_of_the_next_depth() -> None:
    (made,) = sankey([Flow(0, "A", "B", 3), Flow(0, "A", "(end)", 1), Flow(1, "B", "A", 2)], align="left").data
    ends = [
        (made.node.label[one], made.node.label[two])
        for one, two in zip(made.link.source, made.link.target, strict=True)
    ]
    assert ends == [("A", "B"), ("A", "(end)"), ("B", "A")]
    assert tuple(made.link.value) == (3, 1, 2)
    assert len(made.node.label) == 4


def test_rows_of_a_heat_map_may_be_of_different_lengths() -> None:
    (made,) = heat_map({"May": [(1.0, "1 %"), (2.0, "2 %")], "June": [(3.0, "3 %")]}, "", darkest=3, unit="month").data
    assert [list(row) for row in made.z] == [[1.0, 2.0], [3.0, None]]
    assert [list(row) for row in made.text] == [["1 %", "2 %"], ["3 %", ""]]


def test_a_heat_map_says_what_a_colour_means_in_words_or_by_a_scale() -> None:
    for width, has_scale in ((2, False), (40, True)):
        cells = [(float(place), f"{place} %") for place in range(width)]
        (made,) = heat_map({"May": cells}, "", darkest=3, unit="week", suffix=" %").data
        assert (bool(made.texttemplate), made.showscale) == (not has_scale, has_scale)

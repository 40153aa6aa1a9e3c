"""Things that are joined by twos."""

from __future__ import annotations

from whence.groups import Groups


def test_what_is_joined_through_others_is_one_group_and_the_rest_stands_alone() -> None:
    groups = Groups[str]()
    for one, other in ("ab", "cd", "xy", "bc", "ad"):
        groups.join(one, other)
    assert sorted(map(sorted, groups)) == [["a", "b", "c", "d"], ["x", "y"]]
    assert sorted(groups.of("d")) == ["a", "b", "c", "d"]
    assert groups.of("z") == ["z"]

"""How far each entity gets from step to step, by hand; tests/packs/funnels follows every start of many at random."""

from __future__ import annotations

import numpy as np

from whence.chains import NEVER, OUT, Chains, Events, Order, chains, chains_within, first_chains


def ints(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


FIRST, SECOND = (ints(0, 0, 1), ints(10, 50, 20)), (ints(0, 2), ints(55, 5))
"""Entity 0 does the first step at 10 and at 50, 1 at 20; 0 does the second at 55, 2 at 5."""


def test_without_a_window_the_first_start_counts() -> None:
    found, reached = first_chains([FIRST, SECOND], 3)
    assert (found.who.tolist(), found.times.tolist()) == ([0, 1], [[10, 55], [20, NEVER]])
    assert (reached, found.levels.tolist(), found.starts_us.tolist()) == ([2, 2], [2, 1], [10, 20])


def test_within_a_window_a_later_start_may_get_further() -> None:
    found, _ = chains_within([FIRST, SECOND], 3, window_us=9)
    assert found.times.tolist() == [[50, 55], [20, NEVER]]
    nearer, _ = chains_within([FIRST, SECOND], 3, window_us=4)
    assert nearer.times.tolist() == [[10, NEVER], [20, NEVER]]


def test_from_one_step_to_another_it_took_so_long_whichever_came_first() -> None:
    found = Chains(ints(0, 1, 2), np.array([[10, 30], [25, 20], [5, NEVER]], np.int64))
    assert (found.took_us(0, 1).tolist(), found.took_us(1, 0).tolist()) == ([20, 5], [20, 5])


def test_over_all_events_the_order_and_what_ends_an_attempt_decide() -> None:
    between, second = 0, 2
    events = Events(ints(0, 0, 0), ints(1, 2, 3), ints(1, between, second))

    def levels(order: Order, events: Events = events) -> list[int]:
        return chains(events, 2, order, window_us=None, period=None).levels.tolist()

    assert (levels("ordered"), levels("strict")) == ([2], [1])
    assert levels("ordered", Events(events.who, events.time_us, ints(1, OUT, second))) == [1]
    backwards = Events(events.who, events.time_us, ints(second, between, 1))
    assert (levels("ordered", backwards), levels("any", backwards)) == ([1], [2])


def test_starts_lie_within_a_period_its_ends_included() -> None:
    events = Events(ints(0, 1, 2), ints(1, 2, 3), ints(1, 1, 1))
    assert chains(events, 1, "ordered", window_us=None, period=(2, 3)).who.tolist() == [1, 2]

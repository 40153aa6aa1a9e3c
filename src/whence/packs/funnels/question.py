"""What a funnel is asked for: its steps, in which order they lie, the window from the start, and what ends an attempt.
The touchpoints are asked who did each step, and when; whence.chains works out how far each customer gets. Of the steps
Visited, SignedUp and Bought, that is, for the customers of the numbers 4, 7 and 9:

    who   times: Visited  SignedUp  Bought
      4              100     NEVER   NEVER        visited, and went no further
      7              120       250   NEVER
      9              130       140     400        got to the end

So 3 customers got to the first step, 2 to the second, and 1 to the last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import msgspec

from whence.chains import OUT, Array, Chains, Events, Order, chains, chains_within, first_chains
from whence.duration import us_of
from whence.errors import InvalidQuery
from whence.moments import Span
from whence.packs.touchpoints.statements import statement
from whence.packs.touchpoints.step import SPAN, STEP, Step, Steps, steps_of
from whence.packs.touchpoints.touchpoints import Touchpoints

How = Annotated[Order, "how steps may lie"]
Within = Annotated[str | None, SPAN, "so long after the start the last step still counts: '30 days'"]
Exclude = Annotated[Sequence[str | Step], STEP, "an event that ends an attempt; may be given again"]


class Question(msgspec.Struct, frozen=True):
    """What is asked, of which touchpoints; the window is in microseconds."""

    asked: Touchpoints
    steps: tuple[Step, ...]
    order: Order
    window_us: int | None
    exclude: tuple[Step, ...]

    @classmethod
    def of(cls, asked: Touchpoints, steps: Steps, order: Order, within: str | None, exclude: Any) -> Question:
        """What is meant by what people say. Raises InvalidQuery and InvalidTime."""
        if order not in ("ordered", "strict", "any"):
            raise InvalidQuery("No such order", order=order, remedy="Say ordered, strict or any.")
        return cls(
            asked=asked,
            steps=tuple(asked.known(each) for each in steps_of(steps)),
            order=order,
            window_us=None if within is None else us_of(within),
            exclude=tuple(asked.known(each) for each in steps_of(exclude)) if exclude else (),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """What the steps are called."""
        return tuple(each.name for each in self.steps)

    @property
    def starting(self) -> tuple[Step, ...]:
        """The steps with which one may begin."""
        return self.steps if self.order == "any" else self.steps[:1]

    def chains(self, period: Span | None = None) -> tuple[Chains, list[int] | None]:
        """How far each customer gets who starts in a period; and how many did each step at all, whatever else they did,
        where that is known without asking more."""
        types = [type for step in self.steps for type in step.types]
        are_apart = len(types) == len(set(types))  # no event may count as two steps
        if self.order != "ordered" or self.exclude or not are_apart:
            return self._over_all_events(period), None
        steps = self._who_did_each(period)
        if self.window_us is None:
            found, did_each = first_chains(steps, self.asked.size)
        else:
            found, did_each = chains_within(steps, self.asked.size, self.window_us)
        return found, None if period else did_each

    def _who_did_each(self, period: Span | None) -> Iterator[tuple[Array, Array]]:
        """Who did each step, and when; the starts within the period alone."""
        for number, step in enumerate(self.steps):
            who, time_us = self.asked.who_and_when(step)
            if number == 0 and period is not None:
                within = (time_us >= period.first_us) & (time_us <= period.last_us)
                who, time_us = who[within], time_us[within]
            yield who, time_us

    def _over_all_events(self, period: Span | None) -> Chains:
        """The chains over all events that matter, in order: steps, what ends an attempt, and, where each step is to be
        the very next event, all others too. An event has a bit for each step that it counts as."""
        parts = [(self.asked.rows_of_step(each), 1 << number) for number, each in enumerate(self.steps)]
        parts += [(self.asked.rows_of_step(each), OUT) for each in self.exclude]
        if self.order == "strict":
            parts.append((self.asked.rows(), 0))
        rows = " UNION ALL ".join(f"SELECT *, {bit}::BIGINT AS mask FROM ({select})" for select, bit in parts)
        query = statement(__package__, "events_in_order", events=rows, last=OUT)
        events = Events(*self.asked.arrays(query, "who", "time_us", "mask"))
        bits = events.mask & ~OUT
        if self.order == "any" and (bits & (bits - 1)).any():  # one that has two bits
            remedy = "In any order a step stands once; ask for it in order, or with conditions."
            raise InvalidQuery("An event counts as two steps", remedy=remedy)
        within = None if period is None else (period.first_us, period.last_us)
        return chains(events, len(self.steps), self.order, self.window_us, within)

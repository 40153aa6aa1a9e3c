"""What a funnel is asked for: its steps, in which order they lie, the window from the start, what ends an attempt, and
the period in which it starts. How far each customer gets is worked out by whence.chains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import msgspec

from whence.chains import OUT, Array, Chains, Events, Order, chains, chains_within, first_chains
from whence.duration import us_of
from whence.errors import InvalidQuery
from whence.moments import span_of
from whence.pack import Written
from whence.packs.touchpoints.statements import statement
from whence.packs.touchpoints.step import SPAN, STEP, Step, Steps, steps_of
from whence.packs.touchpoints.touchpoints import Touchpoints

How = Annotated[Order, "how steps may lie"]
Within = Annotated[str | None, SPAN, "so long after the start the last step still counts: '30 days'"]
Exclude = Annotated[Sequence[str | Step], STEP, "an event that ends an attempt; may be given again"]
Period = Annotated[str | None, Written(value="PERIOD"), "starts in this: 2026-01, or A..B"]
Span = tuple[int, int]


class Question(msgspec.Struct, frozen=True):
    """Times are in microseconds, a period has both its ends in it."""

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
        """How far each customer gets who starts in a period; and how many did each step at all, where that is known
        without asking more."""
        types = [type for step in self.steps for type in step.types]
        are_apart = len(types) == len(set(types))  # no event may count as two steps
        if self.order != "ordered" or self.exclude or not are_apart:
            return self._over_all_events(period), None
        steps = self._who_did_each(period)
        if self.window_us is None:
            found, did = first_chains(steps, self.asked.size)
        else:
            found, did = chains_within(steps, self.asked.size, self.window_us)
        return found, None if period else did

    def _who_did_each(self, period: Span | None) -> Iterator[tuple[Array, Array]]:
        """Who did each step, and when; the starts within the period alone."""
        for number, step in enumerate(self.steps):
            who, time_us = self.asked.who_and_when(step)
            if number == 0 and period is not None:
                within = (time_us >= period[0]) & (time_us <= period[1])
                who, time_us = who[within], time_us[within]
            yield who, time_us

    def _over_all_events(self, period: Span | None) -> Chains:
        """The chains over all events that matter, in order: steps, what ends an attempt, and, where each step is to be
        the very next event, all others too. An event has a bit for each step that it counts as."""
        parts = [(self.asked.rows_of_step(each), 1 << number) for number, each in enumerate(self.steps)]
        parts += [(self.asked.rows_of_step(each), OUT) for each in self.exclude]
        if self.order == "strict":
            parts.append((self.asked.rows(), 0))
        events = " UNION ALL ".join(f"SELECT *, {bit}::BIGINT AS mask FROM ({select})" for select, bit in parts)
        query = statement(__package__, "events_in_order", events=events, last=OUT)
        found = Events(*self.asked.arrays(query, "who", "time_us", "mask"))
        counted = found.mask & ~OUT
        if self.order == "any" and (counted & (counted - 1)).any():
            remedy = "In any order a step stands once; ask for it in order, or with conditions."
            raise InvalidQuery("An event counts as two steps", remedy=remedy)
        return chains(found, len(self.steps), self.order, self.window_us, period)


def period_of(asked: Touchpoints, said: str | None) -> Span | None:
    """The period that a text says: 2026-01, or A..B. Raises InvalidQuery and InvalidTime."""
    if said is None:
        return None
    first, dots, last = said.partition("..")
    if not first or (dots and not last):
        remedy = "Write 2026-01, or 2026-01-05..2026-01-11: from the first to the last."
        raise InvalidQuery("A period has a beginning and an end", period=said, remedy=remedy)
    begin = span_of(first, zone=asked.zone)
    last_us = (span_of(last, zone=asked.zone) if dots else begin).last_us
    if last_us < begin.first_us:
        raise InvalidQuery("The period ends before it begins", period=said, remedy=f"Did you mean {last}..{first}?")
    return begin.first_us, last_us

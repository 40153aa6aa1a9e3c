"""What a funnel comes to, said as plainly as possible: every start of every customer is followed event by event."""

from __future__ import annotations

from collections.abc import Sequence

Event = tuple[int, int, str]
"""When, at which position, and what."""


def chain(
    events: Sequence[Event], steps: Sequence[str], order: str, window: int | None, exclude: str | None = None
) -> list[int]:
    """The times of the steps that one customer gets to; empty for one who does not begin."""
    rank = {step: number for number, step in reversed(list(enumerate(steps)))}
    ordered = sorted(events, key=lambda event: (event[0], rank.get(event[2], len(steps)), event[1]))
    best: list[int] = []
    for start, (begun, _, type) in enumerate(ordered):
        if type not in steps if order == "any" else type != steps[0]:
            continue
        found = _followed(ordered[start:], steps, order)
        ends = [time for time, _, kind in ordered[start + 1 :] if kind == exclude][:1]
        out = _place(ordered, start, exclude)
        kept = []
        for place in found:
            time = ordered[start + place][0]
            if (window is not None and time - begun > window) or (ends and start + place >= out):
                break
            kept.append(time)
        if len(kept) > len(best):
            best = kept
    return best


def _place(ordered: Sequence[Event], start: int, exclude: str | None) -> int:
    return next((n for n in range(start + 1, len(ordered)) if ordered[n][2] == exclude), len(ordered))


def _followed(events: Sequence[Event], steps: Sequence[str], order: str) -> list[int]:
    """The places of the steps from a start on, as far as they come."""
    found: list[int] = []
    for step in steps:
        if order == "any":
            place = next((n for n, event in enumerate(events) if event[2] == step), None)
        elif order == "strict":
            place = len(found) if len(found) < len(events) and events[len(found)][2] == step else None
        else:
            after = found[-1] + 1 if found else 0
            place = next((n for n in range(after, len(events)) if events[n][2] == step), None)
        if place is None:
            break
        found.append(place)
    return found

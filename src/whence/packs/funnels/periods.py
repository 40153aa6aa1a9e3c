"""The periods in which the starts of a funnel lie, as people say them: a month, one day to another, or the versions
of the settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from whence.clock import LATEST_US
from whence.errors import InvalidQuery
from whence.moments import Span, day_of, period_of
from whence.packs.touchpoints.touchpoints import Touchpoints

VERSIONS = "versions"
"""Stands for the periods between changes of the settings."""


def periods_of(asked: Touchpoints, texts: Sequence[str]) -> list[tuple[str | None, Span | None]]:
    """The periods, each with its name; where none is said, one without name or bounds. Raises InvalidQuery and
    InvalidTime."""
    if list(texts) == [VERSIONS]:
        return list(_versions(asked))
    return [(each, period_of(each, zone=asked.zone)) for each in texts] or [(None, None)]


def _versions(asked: Touchpoints) -> Iterator[tuple[str, Span]]:
    """The periods between the changes of settings, named by the change that begins each; of changes in the same
    microsecond by the last."""
    query = asked.db.config.settings_query()
    if query is None:
        remedy = 'Name them in whence.toml: settings = ["PromptChanged"].'
        raise InvalidQuery("No events are known to change the settings", remedy=remedy)
    changes = list(asked.history.events(query, order="occurred"))
    if not changes and not any(asked.db.history().events(query)):
        types = ", ".join(asked.db.config.settings) or "those of packs"
        remedy = 'Name what does in whence.toml: settings = ["PromptChanged"]; whence types lists what there is.'
        raise InvalidQuery("No event ever changed the settings", settings=types, remedy=remedy)
    names = ["before", *(f"@{each.position} {each.type} {day_of(each.time_us, asked.zone)}" for each in changes)]
    bounds = pairwise([-LATEST_US, *(each.time_us for each in changes), LATEST_US + 1])
    for name, (first_us, following_us) in zip(names, bounds, strict=True):
        if first_us < following_us:
            yield name, Span(first_us, following_us - 1)

"""Attribution: which channels the conversions are owed to, under one model or several side by side.

Each conversion is worth 1. It is shared among the customer's touchpoints before it, within a window; those of its own
moment count, itself does not:

| model | credit |
|---|---|
| `first` | all to the first touchpoint |
| `last` | all to the last |
| `linear` | the same to each |
| `decay` | halved by each half-life (7 days), by whole hours; ages count from the youngest touchpoint |
| `position` | 40 % to the first, 40 % to the last, 20 % to those between; of two, half to each ("U-shaped") |

A model of one's own is a function from the ages of the touchpoints in whole hours, the oldest first, to whole weights.
Credits are millionths that add up to the conversion exactly: what is left by rounding goes to the last touchpoints, a
millionth each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Annotated, Literal, get_args

import msgspec
import numpy as np

from whence.duration import HOUR_US, us_of
from whence.errors import InvalidQuery
from whence.pack import Share, Written
from whence.packs.touchpoints.statements import statement
from whence.packs.touchpoints.step import FIELD, SPAN, STEP, Step
from whence.packs.touchpoints.touchpoints import Array, Touchpoints
from whence.scoring.decay import half_life_table

Model = Callable[[Sequence[int]], Sequence[int]]
Known = Literal["first", "last", "linear", "decay", "position"]
MODELS: tuple[Known, ...] = get_args(Known)
WHOLE, WEIGHT_MAX = 1_000_000, 1_000_000_000_000
NONE = "(none)"


class Credit(msgspec.Struct, frozen=True):
    """What a channel is owed under a model: how many conversions, which share of all, and of a field's sum how much."""

    model: str
    channel: str
    conversions: Decimal
    share: Share
    total: Decimal | None = None


class _Shared(msgspec.Struct, frozen=True):
    """Conversions, each with its touchpoints in a row, or with one of no channel: where those of each begin, how many
    there are, and their ages, -1 where there is none."""

    begins: Array
    sizes: Array
    hours: Array


def attribution(
    asked: Touchpoints,
    conversion: Annotated[str | Step, STEP],
    touches: Annotated[Sequence[str | Step], Written("--touch", "STEP"), "what may have helped; may repeat"],
    *,
    channel: Annotated[str | None, FIELD, "the field that names the channel; else the event type does"] = None,
    models: Annotated[Sequence[Known | Model], Written("--model"), "only this model; may be given again"] = MODELS,
    within: Annotated[str, SPAN, "so long before a conversion touchpoints count"] = "30 days",
    half_life: Annotated[str, SPAN, "after so long decay has halved a credit"] = "7 days",
    total: Annotated[str | None, FIELD, "a field of conversions to share out too"] = None,
) -> list[Credit]:
    """$ whence journeys attribution Bought --touch 'Visited|Read' --channel source
    $ whence journeys attribution Bought --touch Visited --channel source --model first --model decay --total amount

    Which channels the conversions are owed to.

    Each conversion is worth 1 and shared among the customer's touchpoints before it. first and last: all to one;
    linear: the same to each; decay: halved by each half-life before the conversion, by whole hours; position: 40 % to
    the first, 40 % to the last, the rest to those between. Shares add up exactly. (none): no touchpoint came before,
    or those that did name no channel. Without --model all models stand side by side.
    """
    converted = asked.known(conversion)
    touched = [asked.known(each) for each in ([touches] if isinstance(touches, (str, Step)) else touches)]
    if not touched:
        raise InvalidQuery("Nothing may have helped", remedy='Name touchpoints: ["EmailClicked", "AdClicked|AdSeen"].')
    half_life_hours = us_of(half_life) // HOUR_US
    if half_life_hours < 1:
        raise InvalidQuery("A half-life is an hour or more", half_life=half_life)
    _refuse_unknown(models)
    if channel:
        asked.having(channel, touched)
    # The rows: each conversion's touchpoints.
    columns = {"channel": channel} if channel else {}
    query = statement(
        __package__,
        "conversions_with_touchpoints",
        conversions=asked.amounts(converted, total),
        touches=" UNION ".join(f"SELECT * FROM ({asked.rows_of_step(each, columns)})" for each in touched),
        channel="channel" if channel else "type",
        window_us=us_of(within),
        none=NONE,
    )
    rows = asked.sql(query)
    # Where each conversion begins.
    who, position, hours = (rows.column(name).to_numpy() for name in ("who", "position", "hours"))
    is_another = (who[1:] != who[:-1]) | (position[1:] != position[:-1])
    begins = np.flatnonzero(np.r_[True, is_another][: len(who)])
    shared = _Shared(begins, np.diff(np.r_[begins, len(who)]), hours)
    # What each model owes.
    found: list[Credit] = []
    for model in models if len(begins) else ():
        credits = _exact(_weights(model, shared, half_life_hours), shared)
        asked.segments.register("journeys_credits", rows.append_column("credit", [credits]))
        sums = asked.sql(statement(__package__, "credits_by_channel", credits="journeys_credits")).to_pylist()
        for row in sums:
            if not channel and row["channel"] != NONE:
                row["channel"] = asked.segments.types[int(row["channel"])]
        found += [
            Credit(
                model=model if isinstance(model, str) else model.__name__,
                channel=row["channel"],
                conversions=Decimal(row["conversions"]).scaleb(-6),
                share=round(row["conversions"] / (WHOLE * len(begins)), 6),
                total=None if total is None else row["total"].scaleb(-12).quantize(Decimal("0.000001")),
            )
            for row in sorted(sums, key=lambda row: (-row["conversions"], row["channel"]))
        ]
    return found


def _refuse_unknown(models: Sequence[Known | Model]) -> None:
    for each in models:
        if isinstance(each, str) and each not in MODELS:
            remedy = f"Say {', '.join(MODELS)}, or pass a function from ages in hours to weights."
            raise InvalidQuery("No such model of attribution", model=each, remedy=remedy)


def _weights(model: Known | Model, shared: _Shared, half_life_hours: int) -> Array:
    """What each touchpoint weighs."""
    if not isinstance(model, str):
        return _by_function(model, shared)
    sizes = np.repeat(shared.sizes, shared.sizes)  # for each touchpoint, of how many it is one
    place = np.arange(len(sizes)) - np.repeat(shared.begins, shared.sizes)
    is_first, is_last = place == 0, place == sizes - 1
    match model:
        case "first":
            weights: Array = is_first.astype(np.int64)
        case "last":
            weights = is_last.astype(np.int64)
        case "linear":
            weights = np.ones(len(place), np.int64)
        case "decay":
            left = np.frombuffer(half_life_table(half_life_hours), np.int64)
            hours = shared.hours - np.repeat(np.minimum.reduceat(shared.hours, shared.begins), shared.sizes)
            weights = np.where(hours < len(left), left[np.clip(hours, 0, len(left) - 1)], 0)
        case "position":
            weights = np.where(is_first | is_last, WHOLE * 2 // 5, WHOLE // 5 // np.maximum(sizes - 2, 1))
    return weights


def _by_function(model: Model, shared: _Shared) -> Array:
    weights: Array = np.ones(len(shared.hours), np.int64)
    for begin, size in zip(shared.begins.tolist(), shared.sizes.tolist(), strict=True):
        ages = shared.hours[begin : begin + size].tolist()
        if ages == [-1]:  # no touchpoint came before
            continue
        told = list(model(ages))
        if len(told) != size or any(type(each) is not int or not 0 <= each <= WEIGHT_MAX for each in told):
            remedy = f"Return a whole number from 0 to {WEIGHT_MAX:,} for each touchpoint."
            raise InvalidQuery("The model's weights do not fit", model=model.__name__, weights=told, remedy=remedy)
        weights[begin : begin + size] = told
    return weights


def _exact(weights: Array, shared: _Shared) -> Array:
    """The weights as millionths that add up to a whole for each conversion: 1, 1, 1 as 333,333, 333,333, 333,334. Where
    all are nothing, the same to each."""
    begins, sizes = shared.begins, shared.sizes
    sums = np.repeat(np.add.reduceat(weights, begins), sizes)
    weights, sums = np.where(sums == 0, 1, weights), np.where(sums == 0, np.repeat(sizes, sizes), sums)
    credits = weights * WHOLE // sums
    left = WHOLE - np.add.reduceat(credits, begins)  # fewer than there are touchpoints with a weight
    counted = np.cumsum(weights > 0)
    from_end = np.repeat(counted[begins + sizes - 1], sizes) - counted  # 0 for the last with a weight
    found: Array = credits + ((weights > 0) & (from_end < np.repeat(left, sizes)))
    return found

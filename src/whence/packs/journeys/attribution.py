"""Attribution: which channels the conversions are owed to, under one model or several side by side.

Each conversion is worth 1. It is shared among the customer's touchpoints before it, within a window:

| model | credit |
|---|---|
| `first` | all to the first touchpoint |
| `last` | all to the last |
| `linear` | the same to each |
| `decay` | halved by each half-life before the conversion (7 days), by whole hours |
| `position` | 40 % to the first, 40 % to the last, 20 % to those between; of two, half to each ("U-shaped") |

A model of one's own is a function from the ages of the touchpoints in whole hours, the oldest first, to whole weights.
Credits are millionths that add up to the conversion exactly: what is left by rounding goes to the last touchpoints, a
millionth each. A conversion without touchpoints goes to the channel `(none)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Annotated, Literal, get_args

import msgspec
import numpy as np

from whence.duration import HOUR_US, us_of
from whence.errors import InvalidQuery
from whence.pack import Share, Written
from whence.packs.journeys.chain import Array, first_beyond
from whence.packs.journeys.cohorts import refuse_odd
from whence.packs.journeys.sql import statement
from whence.packs.journeys.step import Duration, Field, Step
from whence.packs.journeys.touchpoints import Touchpoints
from whence.scoring.decay import half_life_table

Model = Callable[[Sequence[int]], Sequence[int]]
Known = Literal["first", "last", "linear", "decay", "position"]
MODELS: tuple[Known, ...] = get_args(Known)
WHOLE = 1_000_000
NONE = "(none)"


class Credit(msgspec.Struct, frozen=True):
    """What a channel is owed under a model: how many conversions, which share of all, and of a field's sum how much."""

    model: str
    channel: str
    conversions: Decimal
    share: Share
    total: Decimal | None = None


class _Shared(msgspec.Struct, frozen=True):
    """Conversions, each with its touchpoints in a row: where those of each begin, their channels and ages."""

    count: int
    begins: Array
    sizes: Array
    channels: Array
    hours: Array
    amounts: Array | None


def attribution(
    asked: Touchpoints,
    conversion: Annotated[str | Step, Written(value="STEP")],
    touches: Annotated[Sequence[str | Step], Written("--touch", "STEP"), "what may have helped; may repeat"],
    *,
    channel: Annotated[str | None, Field, "the field that names the channel; else the event type does"] = None,
    models: Annotated[Sequence[Known | Model], Written("--model"), "only this model; may be given again"] = MODELS,
    within: Annotated[str, Duration, "so long before a conversion touchpoints count"] = "30 days",
    half_life: Annotated[str, Duration, "after so long decay has halved a credit"] = "7 days",
    total: Annotated[str | None, Field, "a field of conversions to share out too"] = None,
) -> list[Credit]:
    """$ whence journeys attribution Bought --touch 'Visited|Read' --channel source
    $ whence journeys attribution Bought --touch Visited --channel source --model first --model decay --total amount

    Which channels the conversions are owed to.

    Each conversion is worth 1 and shared among the customer's touchpoints before it. first and last: all to one;
    linear: the same to each; decay: halved by each half-life before the conversion; position: 40 % to the first, 40 %
    to the last, the rest to those between. Shares add up exactly. (none): no touchpoint came before. Without --model
    all models stand side by side.
    """
    converted = asked.known(Step.of(conversion))
    touched = [asked.known(Step.of(each)) for each in touches]
    if not touched:
        raise InvalidQuery("Nothing may have helped", remedy='Name touchpoints: ["EmailClicked", "AdClicked|AdSeen"].')
    hours = us_of(half_life) // HOUR_US
    if hours < 1:
        raise InvalidQuery("A half-life is an hour or more", half_life=half_life)
    shared, names = _shared(asked, converted, touched, channel, us_of(within), total)
    found: list[Credit] = []
    for model in models:
        credits = _credits(model, shared, int(hours))
        found += _sums(model if isinstance(model, str) else model.__name__, shared, credits, names)
    return found


def _shared(
    asked: Touchpoints, converted: Step, touched: Sequence[Step], channel: str | None, window_us: int, total: str | None
) -> tuple[_Shared, list[str]]:
    """The conversions with their touchpoints, and the names of the channels by number."""
    for field, steps in ((total, [converted]), (channel, touched)):
        if field:
            asked.having(field, steps)
    amount = {"amount": total} if total else {}
    rows = asked.sql(
        statement("amounts").format(touchpoints=_with_amount(asked.rows_of_step(converted, amount), total))
    )
    refuse_odd(rows.column("odd").to_pylist(), str(total))
    columns = {"channel": channel or "type"}
    parts = " UNION ALL ".join(f"SELECT * FROM ({asked.rows_of_step(each, columns)})" for each in touched)
    helped = asked.sql(f"SELECT DISTINCT ON (who, position) * FROM ({parts}) ORDER BY who, position")
    told = helped.column("channel").combine_chunks().dictionary_encode()
    names = [NONE if each is None else str(each) for each in told.dictionary.to_pylist()]
    if channel is None:
        names = [asked.segments.types[int(each)] for each in told.dictionary.to_pylist()]
    codes = told.indices.fill_null(len(names)).to_numpy(zero_copy_only=False)
    names += [NONE]
    who, time_us, position = (helped.column(name).to_numpy() for name in ("who", "time_us", "position"))
    order = np.lexsort((position, time_us, who))
    who, time_us, position, codes = who[order], time_us[order], position[order], codes[order]
    by_whom, when, where, amounts = (rows.column(name).to_numpy() for name in ("who", "time_us", "position", "amount"))
    turn = np.lexsort((where, when, by_whom))
    by_whom, when, where, amounts = by_whom[turn], when[turn], where[turn], amounts[turn]
    both = np.lexsort(
        (
            np.r_[position, where],
            np.r_[np.zeros(len(who), int), np.ones(len(when), int)],
            np.r_[time_us, when],
            np.r_[who, by_whom],
        )
    )
    before = np.cumsum(both < len(who))  # of the same moment, what may have helped comes before what it led to
    high = before[both >= len(who)] if len(both) else np.zeros(0, np.int64)
    first = np.searchsorted(who, by_whom, side="left")
    high = np.maximum(high, first)
    low = first_beyond(time_us, first, high, when - window_us - 1)
    sizes = high - low
    begins = np.r_[0, np.cumsum(sizes)[:-1]] if len(sizes) else np.zeros(0, np.int64)
    places = np.arange(int(sizes.sum())) - np.repeat(begins - low, sizes)
    hours = (np.repeat(when, sizes) - time_us[places]) // HOUR_US
    return _Shared(len(when), begins, sizes, codes[places], hours, amounts if total else None), names


def _with_amount(rows: str, total: str | None) -> str:
    return rows if total else f"SELECT *, NULL::VARCHAR AS amount FROM ({rows})"


def _credits(model: str | Model, shared: _Shared, half_life_hours: int) -> Array:
    """The millionths of each touchpoint."""
    if callable(model):
        return _by_function(model, shared)
    sizes, begins = shared.sizes, shared.begins
    last = begins + sizes - 1
    some = sizes > 0
    weights = np.zeros(int(sizes.sum()), np.int64)
    if model in ("first", "position"):
        weights[begins[some]] += WHOLE
    if model in ("last", "position"):
        weights[last[some]] += WHOLE
    if model == "linear":
        weights[:] = WHOLE
    elif model == "decay":
        table = np.frombuffer(half_life_table(half_life_hours), np.int64)
        weights = np.where(shared.hours < len(table), table[np.minimum(shared.hours, len(table) - 1)], 0)
    elif model == "position":
        between = np.repeat(np.maximum(sizes - 2, 1), sizes)
        inner = np.ones(len(weights), bool)
        inner[begins[some]] = inner[last[some]] = False
        weights = np.where(inner, WHOLE // 5 // between, weights * 2 // 5)
    elif model not in MODELS:
        remedy = f"Say {', '.join(MODELS)}, or pass a function from ages in hours to weights."
        raise InvalidQuery("No such model of attribution", model=model, remedy=remedy)
    return _exact(weights, shared)


def _by_function(model: Model, shared: _Shared) -> Array:
    weights = np.zeros(len(shared.hours), np.int64)
    for begin, size in zip(shared.begins.tolist(), shared.sizes.tolist(), strict=True):
        if size:
            told = list(model(shared.hours[begin : begin + size].tolist()))
            if len(told) != size or any(type(each) is not int or each < 0 for each in told):
                remedy = "Return a whole number from 0 for each touchpoint."
                raise InvalidQuery("The model's weights do not fit", model=model.__name__, weights=told, remedy=remedy)
            weights[begin : begin + size] = told
    return _exact(weights, shared)


def _exact(weights: Array, shared: _Shared) -> Array:
    """The weights as millionths that add up to a whole for each conversion; where all are nothing, the same to each."""
    sizes, begins = shared.sizes, shared.begins
    some = sizes > 0
    sums = np.zeros(len(sizes), np.int64)
    sums[some] = np.add.reduceat(weights, begins[some]) if some.any() else 0
    nothing = np.repeat(sums == 0, sizes)
    weights = np.where(nothing, 1, weights)
    sums = np.where(sums == 0, sizes, sums)
    credits = _share_of(weights, np.repeat(sums, sizes))
    given = np.zeros(len(sizes), np.int64)
    given[some] = np.add.reduceat(credits, begins[some]) if some.any() else 0
    left = np.where(some, WHOLE - given, 0)  # fewer than there are touchpoints with a weight
    counted = np.cumsum(weights > 0)
    from_end = np.repeat(counted[(begins + sizes - 1)[some]], sizes[some]) - counted  # 0 for the last with a weight
    return credits + ((weights > 0) & (from_end < np.repeat(left, sizes)))


def _share_of(weights: Array, sums: Array) -> Array:
    """weights · WHOLE / sums, cut off; by parts where the product could be too large."""
    if not len(weights) or int(weights.max()) < 2**62 // WHOLE:
        found: Array = weights * WHOLE // sums
        return found
    return np.array([int(w) * WHOLE // int(s) for w, s in zip(weights, sums, strict=True)], np.int64)


def _sums(model: str, shared: _Shared, credits: Array, names: Sequence[str]) -> Iterator[Credit]:
    millionths = np.zeros(len(names), np.int64)
    np.add.at(millionths, shared.channels, credits)
    alone = shared.sizes == 0
    millionths[-1] += WHOLE * int(np.count_nonzero(alone))
    totals: list[int] | None = None
    if shared.amounts is not None:
        money = np.zeros(len(names), object)
        each = credits.astype(object) * np.repeat(shared.amounts, shared.sizes).astype(object)
        np.add.at(money, shared.channels, each)
        money[-1] += WHOLE * int(shared.amounts[alone].sum())
        totals = money.tolist()
    sums: dict[str, list[int]] = {}
    for number, name in enumerate(names):
        both = sums.setdefault(name, [0, 0])
        both[0] += int(millionths[number])
        both[1] += totals[number] if totals else 0
    for name, (conversions, money_of) in sorted(sums.items(), key=lambda item: (-item[1][0], item[0])):
        if conversions:
            total = None if totals is None else Decimal(money_of).scaleb(-12).quantize(Decimal("0.000001"))
            share = round(conversions / (WHOLE * shared.count), 6)
            yield Credit(model, name, Decimal(conversions).scaleb(-6), share, total)

"""A balance over time as a line of steps, and what happened to it as a waterfall. What is drawn is asked of the
history, as of any moment; how a picture looks and is saved is left to whence.picture."""

from __future__ import annotations

import os
from collections import Counter
from datetime import date
from typing import Any

from whence.clock import to_datetime
from whence.errors import NotKnown
from whence.moments import day_of
from whence.money import amount_text, decimal_of
from whence.pack import Asked
from whence.packs.balances.entries import from_own_side, refuse_backwards
from whence.picture import COLOURS, GUIDE, graphs, laid_out, plain, save

UP, DOWN, SUM = "#1b7f4d", "#b3261e", COLOURS[0]
POINTS_MAX = 5_000
"""So many points are drawn; of more, the last of each day."""
MARKED_MAX = 60
"""Up to so many points are marked, so that the last one, which no line leaves, is seen."""


def balance_over_time(asked: Asked, account: str, *, currency: str | None = None) -> Any:
    """The balance of an account or group as a line of steps, one line a currency, or only that of one. Raises NotKnown,
    and MissingExtra without plotly."""
    go = graphs()
    lines: dict[str, dict[int, int]] = {}
    running = Counter[str]()
    for each in from_own_side(asked, account, as_one=True):
        if currency in (None, each.currency):
            running[each.currency] += each.amount_minor
            lines.setdefault(each.currency, {})[each.time_us] = running[each.currency]
    if not lines:
        raise NotKnown("Nothing was posted to it by then", account=account, remedy="Ask about another, or later.")
    figure = go.Figure()
    for number, (code, after) in enumerate(lines.items()):
        if len(after) > POINTS_MAX:
            after = dict({day_of(us, asked.zone): (us, minor) for us, minor in after.items()}.values())
        times = [to_datetime(us).astimezone(asked.zone).replace(tzinfo=None) for us in after]
        amounts = [float(decimal_of(minor, code)) for minor in after.values()]
        mode = "lines+markers" if len(after) <= MARKED_MAX else "lines"
        line = {"shape": "hv", "color": COLOURS[number % len(COLOURS)], "width": 1.8}
        figure.add_scatter(x=times, y=amounts, mode=mode, name=code, line=line, cliponaxis=False)
    laid_out(figure, "", next(iter(lines)) if len(lines) == 1 else "", dates=True)
    figure.update_layout(showlegend=len(lines) > 1, yaxis={"tickformat": ",~f"})
    return figure


def waterfall(asked: Asked, account: str, *, since: date, currency: str | None = None) -> Any:
    """What was there, what each category added or took since a day, and what is there: in one currency, which has to be
    named where there are several. Raises NotKnown, and MissingExtra without plotly."""
    go = graphs()
    refuse_backwards(asked, since)
    opening = Counter[str]()
    moved: dict[str, Counter[str]] = {}
    for each in from_own_side(asked, account, as_one=True):
        if day_of(each.time_us, asked.zone) < since:
            opening[each.currency] += each.amount_minor
        else:
            moved.setdefault(each.currency, Counter())[each.posted.category] += each.amount_minor
    known = sorted(opening.keys() | moved.keys())
    code = currency or (known[0] if len(known) == 1 else "")
    if code not in known:
        remedy = f"Name a currency: {', '.join(known)}." if known else "Ask about another account, or later."
        raise NotKnown("Not clear what is to be drawn", account=account, currency=currency, remedy=remedy)
    parts = moved.get(code, Counter()).most_common()
    steps = [opening[code], *(minor for _, minor in parts)]
    names = ["opening", *(plain(name) for name, _ in parts), "closing"]
    total = sum(steps)
    figure = go.Figure()
    figure.add_waterfall(
        x=names,
        measure=["absolute", *["relative"] * len(parts), "total"],
        y=[*(float(decimal_of(minor, code)) for minor in steps), 0],
        text=[amount_text(minor, code) for minor in (*steps, total)],
        textposition="outside",
        cliponaxis=False,
        connector={"line": {"color": GUIDE, "width": 1}},
        increasing={"marker": {"color": UP}},
        decreasing={"marker": {"color": DOWN}},
        totals={"marker": {"color": SUM}},
    )
    laid_out(figure, "", code)
    figure.update_layout(showlegend=False, yaxis={"tickformat": ",~f"}, margin={"t": 48})
    return figure


def save_balance(
    asked: Asked, account: str, path: str | os.PathLike[str], *, since: date | None = None, currency: str | None = None
) -> None:
    """Write the picture of an account as .html or .png: its balance over time, or with `since` the waterfall from that
    day on. Raises as whence.picture.save does."""
    if since is None:
        figure, title = balance_over_time(asked, account, currency=currency), f"Balance of {account}"
    else:
        figure = waterfall(asked, account, since=since, currency=currency)
        title = f"{account} since {since.isoformat()}"
    save(figure, path, "ledger", title)

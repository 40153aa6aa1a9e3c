"""The commands of who comes back: each makes one call and shows what came of it, as touchpoints.asking says."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from whence.cli import screen
from whence.cli.command import counted, draw, drawn
from whence.cli.packs import cells_of, columns_of
from whence.cli.screen import Column, Form
from whence.packs.retention.cohorts import Cohort, Retained, cohorts, retention
from whence.packs.retention.customers import Customer, customers
from whence.packs.retention.pictures import cohorts_figure, retention_figure
from whence.packs.touchpoints.asking import asking, count_shown, head_text, rows
from whence.packs.touchpoints.touchpoints import Touchpoints


def show_cohorts(asked: Touchpoints, form: Form, *, pictures: Sequence[str], **told: Any) -> int:
    found = cohorts(asked, **told)
    unit, is_money = told["unit"], told["total"] is not None
    if form == "json":
        screen.json_lines(map(msgspec.structs.asdict, found))
    else:
        width = max((len(each.values) for each in found), default=0)
        columns = [Column("began", "cyan"), Column("customers", "yellow", right=True)]
        columns += [Column(str(number), right=True) for number in range(width)]

        def shown(row: Cohort, value: int | Decimal) -> object:
            if form != "screen":
                return value
            return f"{value:,}" if is_money else f"{value / row.customers:.1%}"

        lines = (
            [row.began.isoformat(), row.customers]
            + [shown(row, value) for value in row.values]
            + [""] * (width - len(row.values))
            for row in found
        )
        screen.table(columns, lines, form, caption=head_text(asked, f"by {unit}", zoned=True))
    if found and found[-1].is_open and form == "screen":
        then = "at the last touchpoint" if asked.moment.is_now else "then"
        screen.note(f"The last {unit} of each row was not over {then}.")
    draw(pictures, "cohorts", f"Cohorts by {unit}", lambda: cohorts_figure(found, unit), head_text(asked))
    return count_shown(len(found), form)


def show_retention(asked: Touchpoints, form: Form, *, pictures: Sequence[str], **told: Any) -> bool:
    found = retention(asked, **told)
    if form == "screen" and not pictures and not any(row.eligible for row in found):
        return bool(count_shown(0, form))
    kind, unit = told["kind"], told["unit"]
    columns = [Column(unit, "cyan", right=True), *columns_of(Retained, form)[1:]]
    caption = head_text(asked, f"{kind} retention", zoned=True)
    screen.table(columns, map(cells_of(Retained, form, asked.zone), found), form, caption=caption)
    draw(pictures, "retention", f"Retention ({kind})", lambda: retention_figure(found, kind, unit), head_text(asked))
    return any(row.eligible for row in found)


def show_customers(asked: Touchpoints, form: Form, **told: Any) -> int:
    found = customers(asked, **told)
    return rows(asked, form, Customer, found, counted(len(found), "customer"))


COMMANDS = (
    asking(cohorts, show_cohorts, drawn),
    asking(retention, show_retention, drawn),
    asking(customers, show_customers),
)

"""The page of the evidence, to be read, printed and signed: its tables, but for the entries, and whether the history as
it was known at the close still comes to what was signed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, tzinfo
from decimal import Decimal
from html import escape
from importlib import resources
from string import Template
from typing import Any

from whence import markup
from whence.app import Whence
from whence.clock import to_us
from whence.events import Recorded
from whence.moments import day_of, second_of
from whence.packs.book.periods import PeriodClosed
from whence.packs.evidence.sheets import Sheet

STYLE, BODY = (
    resources.files("whence.packs.evidence").joinpath(name).read_text("utf-8") for name in ("page.css", "page.html")
)
LONG = 70
"""So many characters are a long text; a digest has 64."""
PROVED = "The history as it was known then still comes to these figures: it was added up again for this page."
NOT_PROVED = "THE HISTORY AS IT WAS KNOWN THEN DOES NOT COME TO THESE FIGURES ANY MORE."
SINCE = "What was recorded after the close is listed below, and is not in these figures."

_DIGEST = re.compile(r"[0-9a-f]{64}")
_DAY, _MOMENT = re.compile(r"\d{4}-\d\d-\d\d"), re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
_PART = re.compile(r"[:~/_](?=\w)")
"""Behind these a long name may be broken, as between words."""


def page_of(
    db: Whence,
    signed: PeriodClosed,
    closing: Recorded,
    *,
    shown: Sequence[Sheet],
    entries: int,
    is_proved: bool,
) -> str:
    """The whole page as HTML: what was signed, by the event that closed the period, and these tables. It names how many
    entries there are, which stand in a file beside it."""
    zone = db.config.zone
    since = [SINCE] if any(sheet.name == "since-close" and sheet.rows for sheet in shown) else []
    tables = "\n".join(f"<h2>{escape(sheet.title)}</h2>\n{_table(sheet, zone)}" for sheet in shown)
    told = {
        "period": signed.period,
        "first_day": day_of(signed.first_us, zone).isoformat(),
        "last_day": day_of(signed.last_us, zone).isoformat(),
        "closed": second_of(closing.recorded_us, zone),
        "by": closing.actor or "nobody named",
        "reviewed_by": signed.reviewed_by,
        "transactions": f"{signed.transactions:,}",
        "at_position": f"{signed.at_position:,}",
        "proof": " ".join([PROVED if is_proved else NOT_PROVED, *since]),
        "sha256": signed.sha256,
        "tables": markup.Html(tables),
        "entries": f"{entries:,}",
        "store": db.store.identity().store_id,
        "zone": str(zone),
    }
    body = Template(BODY.strip()).substitute({name: markup.cell(value) for name, value in told.items()})
    return markup.document(f"Ledger {signed.period}", STYLE, body)


def _table(sheet: Sheet, zone: tzinfo) -> str:
    """A table of the page, amounts to the right, and long texts with room for some words a line."""
    if not sheet.rows:
        return "<p>None.</p>"
    columns = list(enumerate(zip(*sheet.rows, strict=True)))
    classes = {place: "n" for place, column in columns if any(map(_is_number, column))}
    classes |= {place: "long" for place, column in columns if max(len(str(value)) for value in column) > LONG}
    rows = ([markup.Html(_shown(value, zone)) for value in row] for row in sheet.rows)
    return markup.scrolling(markup.table(sheet.columns, rows, classes=classes, totals=sheet.total_rows))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def _shown(value: Any, zone: tzinfo) -> str:
    """A value as HTML: a moment in the zone, and a long name with places at which it may be broken."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal() | int():
            return f"{value:,}"
    if isinstance(value, datetime) or _MOMENT.fullmatch(value):
        return f"<time>{second_of(to_us(value), zone)}</time>"
    if _DAY.fullmatch(value):
        return f"<time>{value}</time>"
    if _DIGEST.fullmatch(value):
        return f"<code>{value}</code>"
    return _PART.sub(r"\g<0><wbr>", escape(value))

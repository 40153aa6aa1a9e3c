"""`whence sql` and `du`: the history in columns, and what takes the space."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import rich_click as click

from whence.cli import exits, screen
from whence.cli.command import as_form, at_store, command, form_of, opened, option
from whence.cli.screen import Column

if TYPE_CHECKING:
    from whence.segments.reading import Segments
    from whence.usage import Share, Usage


@command(
    "sql",
    "whence sql 'select type, count(*) as n from events group by type order by n desc'",
    "whence sql 'select entity, max(time) as last from EmailOpened group by entity order by last limit 9'",
    "whence sql --schema",
    brief="Ask the whole history in SQL, in columns.",
)
@click.argument("query", required=False, metavar="[SELECT|-]")
@option("--schema", "schema", is_flag=True, help="The views and their columns instead.")
@option(
    "--kind",
    envvar="WHENCE_SQL_KIND",
    metavar="KIND",
    help="Whose entities the column entity names; else the main one.",
)
@option(
    "--no-build", "no_build", envvar="WHENCE_SQL_NO_BUILD", is_flag=True, help="Write no segments, whatever is missing."
)
@at_store
@as_form
def sql(
    query: str | None,
    schema: bool,
    kind: str | None,
    no_build: bool,
    store: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Asks one SELECT, by DuckDB, of a view for each event type (the fields of its data beside position, entity, time,
    recorded, id, actor, cause, correlation, tags and meta), of `events`, a row for each event, or of `entity_events`, a
    row for each event and entity. Times are in UTC. A - reads the SELECT from the standard input.

    What is asked are segments: Parquet files in the folder STORE.segments, which any tool may read. Those that are
    missing are built first; newer events are joined in, and the answer says which position it is for. The folder may be
    deleted at any time. Ends with 1 when no row comes back."""
    form = form_of(as_json, as_csv)
    if schema == (query is not None):
        raise click.UsageError("Give a SELECT, or --schema.")
    text = sys.stdin.read() if query == "-" else query
    with opened(store) as db:
        with screen.progress("Building segments") as told:
            segments = db.segments(kind, build=not no_build, progress=told)
        with segments:
            if text is None:
                columns = [Column("view", "bold"), Column("column", "cyan"), Column("type", "green")]
                count = screen.table(columns, segments.schema(), form, caption=_caption(segments))
                return exits.OK
            found = segments.sql(text)
            columns = [
                Column(name, right=_is_number(str(kind)))
                for name, kind in zip(found.column_names, found.schema.types, strict=True)
            ]
            rows = (
                tuple(map(_shown, row))
                for batch in found.to_batches()
                for row in zip(*map(_cells, batch.columns), strict=True)
            )
            count = screen.table(columns, rows, form, caption=_caption(segments))
            return exits.OK if count else exits.NO


def _cells(column: Any) -> list[Any]:
    return column.to_pylist()  # type: ignore[no-any-return]


def _caption(segments: Segments) -> str:
    there = f"as of @{segments.head}" if segments.head else "the store is empty"
    built = f", up to @{segments.built} from segments of {segments.kind}" if segments.built else ""
    return f"{there}{built}; times in UTC"


def _is_number(kind: str) -> bool:
    return kind.startswith(("int", "uint", "double", "float", "decimal"))


def _shown(value: Any) -> Any:
    """A cell as it is printed: a time with its zone, and a whole decimal, as sums are, as an integer."""
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value


@command("du", "whence du", "whence du --store leads.db --json", brief="What takes the space, and what an event costs.")
@at_store
@as_form
def du(store: str | None, as_json: bool, as_csv: bool) -> int:
    """Reads the whole store and says how many bytes its event types and kinds of tags take: of data, of the rest of the
    envelope, and in segments; below that what the files of the log, the segments and the snapshots take. The log's
    files also hold its index and what is kept for changes under way."""
    form = form_of(as_json, as_csv)
    with opened(store) as db:
        with screen.progress("Reading") as told:
            found = db.usage(told)
        columns = [
            Column("what"),
            Column("name", "bold"),
            Column("events", "yellow", right=True),
            Column("data", right=True),
            Column("envelope", right=True),
            Column("an_event", right=True),
            Column("share", "green", right=True),
            Column("segments", right=True),
        ]
        count = screen.table(columns, _rows(found, form), form)
        if form == "screen" and count:
            _totals(found)
        elif not count:
            screen.note("The store is empty. Add events with whence append or whence import.")
        return exits.OK if count else exits.NO


def _rows(found: Usage, form: screen.Form) -> Iterator[tuple[Any, ...]]:
    total = sum(share.bytes for share in found.types) or 1
    for what, shares in (("type", found.types), ("tag", found.kinds)):
        for share in shares:
            yield (what, *_row(share, total, form))


def _row(share: Share, total: int, form: screen.Form) -> tuple[Any, ...]:
    size = size_text if form == "screen" else int
    return (
        share.name,
        f"{share.events:,}" if form == "screen" else share.events,
        size(share.data_bytes),
        size(share.envelope_bytes),
        round(share.bytes / share.events),
        f"{share.bytes / total:.0%}" if form == "screen" else round(share.bytes / total, 4),
        None if share.segment_bytes is None else size(share.segment_bytes),
    )


def _totals(found: Usage) -> None:
    each = found.events or 1
    screen.dim(f"The log: {size_text(found.log_bytes)}, {found.log_bytes / each:,.0f} bytes an event")
    if found.segment_bytes:
        more = found.segment_bytes / (found.log_bytes or 1)
        said = f"{found.segment_bytes / each:,.1f} bytes an event, {more:.0%} of the log"
        screen.dim(f"Segments: {size_text(found.segment_bytes)}, {said}")
    if found.snapshot_bytes:
        more = found.snapshot_bytes / (found.log_bytes or 1)
        screen.dim(f"Snapshots: {size_text(found.snapshot_bytes)}, {more:.0%} of the log")


def size_text(count: int) -> str:
    """So many bytes as people read them, in powers of 1,000."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:,.0f} {unit}" if unit == "B" or size >= 100 else f"{size:,.1f} {unit}"


COMMANDS = (sql, du)

"""`whence import` and `export`: files in and out."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import tzinfo
from errno import ENOSPC
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import rich_click as click

from whence.cli import exits, screen
from whence.cli.command import (
    as_form,
    at_moment,
    at_store,
    by_actor,
    command,
    configured,
    events_text,
    form_of,
    in_zone,
    moment_of,
    opened,
    option,
    rows_text,
    times_in,
)
from whence.cli.reading import TAGS, TIME, TYPE, WHO, words
from whence.cli.screen import Column, Form
from whence.clock import to_us
from whence.errors import CannotWrite, InvalidInput, StoreError
from whence.files.exporter import FORMATS
from whence.moments import text_of
from whence.wholefile import whole_file

if TYPE_CHECKING:
    from whence.config import Config
    from whence.files.importer import ImportReport, OnError, Preview, PreviewRow

_TAG = re.compile(r"[A-Za-z]\w*:")


@command(
    "import",
    "whence import crm.csv --preview",
    "whence import crm.csv --mapping crm --by ann",
    brief="Record the rows of a CSV or JSON lines file.",
)
@click.argument("file", metavar="FILE|-")
@option("--mapping", metavar="NAME", help=r"\[import.NAME] in whence.toml, or a .toml file; else the only one.")
@option("--preview", is_flag=True, help="Check every row and show the first events; write nothing.")
@option("-n", "--rows", type=click.IntRange(1), default=10, metavar="N", help="So many events in the preview.")
@by_actor("actor", help="Who imports.")
@option(
    "--on-error",
    type=click.Choice(["refuse-row", "refuse-file"]),
    default="refuse-row",
    help="Whether a bad row is refused alone or with the whole file.",
)
@at_store
@in_zone
@as_form
def import_(
    file: str,
    mapping: str | None,
    preview: bool,
    rows: int,
    actor: str | None,
    on_error: OnError,
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Records one event a row, as a mapping in whence.toml says: which column is the type, the time, a tag. Plain or
    gzip; - is standard input. Importing again appends only what is new. Ends with 1 when rows were refused; each is
    named with its line and the reason. A missing store is made, and said so."""
    from whence.app import check_file

    form, config = form_of(as_json, as_csv), configured(zone)
    if preview:
        return _show_preview(config, file, mapping, rows, form)
    check_file(file, mapping=mapping, config=config)
    _note_no_tags(config, mapping)
    with opened(store, zone=zone, create=True) as db:
        try:
            with screen.progress(f"Importing {file}") as told:
                report = db.import_file(file, mapping=mapping, actor=actor, on_error=on_error, progress=told)
        except (StoreError, KeyboardInterrupt):
            screen.note("Whatever was appended until now is kept. Import the same file again: it goes on from there.")
            raise
        _show_report(report, form)
    return exits.NO if report.refused_count else exits.OK


def _note_no_tags(config: Config, mapping: str | None) -> None:
    """Say of a mapping without tags what will be missed, before it is in use."""
    used = config.mapping(mapping)
    if used.type is not None and not used.tags:
        screen.note(
            f"The mapping {used.name} names no tags, so its events concern no entity: state, states and why will not "
            'find them. Write tags = ["lead:{column}"] into it.'
        )


def _show_preview(config: Config, file: str, mapping: str | None, rows: int, form: Form) -> int:
    from whence.app import preview_file

    with screen.progress(f"Checking {file}") as told:
        found = preview_file(file, mapping=mapping, rows=rows, config=config, progress=told)
    columns = [Column("line", "yellow", right=True), TIME, TYPE, TAGS, WHO, Column("data")]
    if form == "screen":
        shown = (_preview_row(row, config.zone, words) for row in found.events)
        screen.table(columns, shown, form, cut=True, below=True, caption=times_in(config.zone))
        _show_refused([(row.line, row.problem or "") for row in found.problems], found.refused_kinds)
        screen.note("Nothing was written. It is told as for a new store: rows that yours has already count too.")
    else:
        both = sorted((*found.events, *found.problems), key=lambda row: row.line)
        screen.table(
            [*columns, Column("problem")],
            ((*_preview_row(row, config.zone, lambda data: data), row.problem) for row in both),
            form,
        )
    _show_preview_counts(found, form)
    _note_no_tags(config, mapping)
    return exits.NO if found.refused else exits.OK


def _show_preview_counts(found: Preview, form: Form) -> None:
    """The last line: in JSON an object of the counts, in CSV a note, since it is no row."""
    good, first = found.rows - found.refused, found.first_refused_line
    if form == "json":
        counts = {"rows": found.rows, "would_append": good, "refused": found.refused, "first_refused_line": first}
        screen.json_lines([counts])
        return
    where = f" (first: line {first})" if first is not None else ""
    text = f"{rows_text(found.rows)}: {good:,} would be appended, {found.refused:,} refused{where}"
    (screen.note if form == "csv" else screen.dim)(text if found.rows else "no rows")


def _preview_row(row: PreviewRow, zone: tzinfo, data_form: Callable[[Any], Any]) -> tuple[Any, ...]:
    if (event := row.event) is None:
        return row.line, None, None, None, None, None
    time = None if event.time is None else text_of(to_us(event.time), zone)
    return row.line, time, event.type, " ".join(event.tags), event.actor, data_form(event.data)


def _show_report(report: ImportReport, form: Form) -> None:
    _show_refused(report.refused, report.refused_kinds)
    _show_notes(report)
    if form == "screen":
        screen.styled(
            f"{rows_text(report.rows)}: {report.appended:,} appended, {report.already:,} already there, "
            f"{report.refused_count:,} refused  ({report.events_per_s:,.0f} rows/s)",
            "green",
        )
        if report.import_id is not None:
            screen.dim(f"import:{report.import_id}")
        return
    left_out = {"refused_kinds"} if form == "json" else {"refused_kinds", "refused"}
    facts = {name: getattr(report, name) for name in report.__struct_fields__ if name not in left_out}
    if form == "json":
        facts["refused"] = [{"line": line, "reason": reason} for line, reason in report.refused]
    screen.table([Column(name) for name in facts], [tuple(facts.values())], form)


def _show_refused(rows: list[tuple[int, str]], counts: dict[str, int]) -> None:
    """The first rows of each kind of refusal, and how many more there are of it, as the counts of kinds say."""
    from whence.files.importer import REFUSED_OF_A_KIND, kind_of_refusal

    kinds: dict[str, list[tuple[int, str]]] = {}
    for line, reason in rows:
        kinds.setdefault(kind_of_refusal(reason), []).append((line, reason))
    for kind, refused in kinds.items():
        for line, reason in refused[:REFUSED_OF_A_KIND]:
            screen.failure(f"line {line}: {reason}")
        if (more := counts.get(kind, len(refused)) - REFUSED_OF_A_KIND) > 0:
            screen.note(f"and {more:,} more like these")


def _show_notes(report: ImportReport) -> None:
    if report.cut_off_line is not None:
        screen.note(f"From line {report.cut_off_line} on nothing is read: get the whole file and import it again.")
    if report.cut_digits:
        screen.note(f"{report.cut_digits:,} times had more digits than microseconds; the full text is kept in meta.")
    if report.ambiguous_times:
        screen.note(f"{report.ambiguous_times:,} local times come twice in the night the clock is set back: the first.")
    if report.imported_before_as is not None:
        screen.note(
            f"This very file was imported before, as the source {report.imported_before_as}: its rows are now there "
            f"twice. To undo it: whence copy STORE NEW --without import:{report.import_id}."
        )
    if report.recorded_not_kept:
        screen.note(
            f"The recorded time and the basis of {report.recorded_not_kept:,} events were not kept: the store holds "
            "something else than the beginning of the file. Import it into a new store to keep them."
        )


@command(
    "export",
    "whence export events.jsonl",
    "whence export - lead:42 --format csv",
    brief="Write events to a file.",
)
@click.argument("file", metavar="[FILE|-]", default="-")
@click.argument("tags", nargs=-1, metavar="[TAG]...")
@option("--type", "types", multiple=True, metavar="TYPE", help="Only events of this type; may be given again.")
@option("--format", type=click.Choice(FORMATS), help="Else by the file's ending, else jsonl.")
@at_moment
@at_store
@in_zone
def export(
    file: str,
    tags: tuple[str, ...],
    types: tuple[str, ...],
    format: str | None,
    at: str | None,
    clock: str,
    store: str | None,
    zone: str | None,
) -> int:
    """Writes the events that carry all the tags, as JSON lines, CSV or CloudEvents 1.0; - is standard output. Every
    format imports back with nothing lost. Cells are written as they are, formulas too."""
    _refuse_tag(file, tags)
    chosen = format or ("csv" if file.endswith(".csv") else "jsonl")
    with opened(store, zone=zone) as db:
        moment = moment_of(db, at, clock)
        with nullcontext(sys.stdout.buffer) if file == "-" else new_file(file) as out:
            count = db.export(out, *tags, types=types, format=chosen, at=moment)
    screen.note(f"Wrote {events_text(count)}.")
    return exits.OK


def _refuse_tag(file: str, tags: tuple[str, ...]) -> None:
    """Raise InvalidInput when the name of the file is missing and a tag stands in its place."""
    if _TAG.match(file):
        remedy = f"Name the file first: whence export - {' '.join((file, *tags))}; or write ./{file}."
        raise InvalidInput("A tag stands where the file should", file=file, remedy=remedy)


@contextmanager
def new_file(file: str) -> Iterator[BinaryIO]:
    """A file that appears under its name when it is whole, and not at all when something fails before. Raises
    CannotWrite, also for a file that is there."""
    path = Path(file)
    try:
        _refuse_existing(path)
        with whole_file(path) as out:
            yield out
            _refuse_existing(path)
    except OSError as problem:
        remedy = "Free some space." if problem.errno == ENOSPC else "Name a file in a writable folder."
        raise CannotWrite("The file cannot be written", path=file, problem=problem.strerror, remedy=remedy) from None


def _refuse_existing(path: Path) -> None:
    if os.path.lexists(path):
        raise CannotWrite("The file is there already", path=path, remedy="Name a new one, or delete it first.")


COMMANDS = (import_, export)

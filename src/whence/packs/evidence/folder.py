"""The folder of the evidence: the page, its tables as CSV, and the digests of all files, its own and those that were
posted or compared. The same history gives the same bytes."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

import msgspec

from whence.app import Whence
from whence.cell import write_csv
from whence.errors import CannotWrite
from whence.packs.book.periods import PeriodClosed
from whence.packs.closing.signing import closed, proved
from whence.packs.evidence.page import page_of
from whence.packs.evidence.sheets import Sheet, sheets_of, sources
from whence.query import Query
from whence.wholefile import whole_folder

PAGE, DIGESTS = "index.html", "digests.json"


def evidence(db: Whence, period: str, folder: str | os.PathLike[str]) -> list[Path]:
    """Write the evidence of a closed period into a folder of its own, whole or not at all, and return its files.

    Raises NotKnown for a period that is not closed, and CannotWrite where something else is in the folder's place, or
    a file in the folder that is no evidence.
    """
    history = db.history()
    signed = closed(history, period)
    query = Query.of(types=[PeriodClosed.event_type], tags=[f"period:{signed.period}"])
    closing = next(iter(history.events(query)))
    sheets, compared = sheets_of(db, signed), sources(db)
    *shown, entries = sheets
    shown.append(Sheet("files", "Files that were posted or compared", ("file", "SHA-256"), compared))
    page = page_of(db, signed, closing, shown=shown, entries=len(entries.rows), is_proved=proved(history, signed))
    files = {PAGE: page.encode(), **{f"{sheet.name}.csv": _csv(sheet) for sheet in sheets}}
    digests = {
        "store": db.store.identity().store_id,
        "period": signed.period,
        "at_position": signed.at_position,
        "transactions": signed.sha256,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
        "sources": [{"file": file, "sha256": digest} for file, digest in compared],
    }
    files[DIGESTS] = msgspec.json.format(msgspec.json.encode(digests), indent=1) + b"\n"
    place = Path(folder)
    try:
        _refuse_what_is_there(place, signed.period)
        whole_folder(place, files)
    except OSError as problem:
        remedy = "Name another folder."
        raise CannotWrite(
            "The evidence cannot be written", folder=place, problem=problem.strerror, remedy=remedy
        ) from None
    return [place / name for name in sorted(files)]


def _csv(sheet: Sheet) -> bytes:
    written = io.StringIO()
    write_csv(written, sheet.columns, sheet.rows)
    return written.getvalue().encode()


def _refuse_what_is_there(folder: Path, period: str) -> None:
    """Raise CannotWrite for anything but an empty folder or the evidence of the same period alone."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    try:
        digests = msgspec.json.decode((folder / DIGESTS).read_bytes())
        own = {DIGESTS, *digests["files"]} if digests["period"] == period else set[str]()
    except (OSError, msgspec.DecodeError, KeyError, TypeError):
        own = set()
    if not own:
        raise CannotWrite("Something else is in the folder's place", folder=folder, remedy="Name another folder.")
    if added := sorted(each.name for each in folder.iterdir() if each.name not in own):
        remedy = "Keep it elsewhere, or name another folder."
        raise CannotWrite("The folder has more than the evidence", folder=folder, file=added[0], remedy=remedy)

"""Posting a file by the rules of its source: every line once, however often the file is posted, and every line that is
not posted named. What a line comes to is left to sources, and what the laws allow to the book."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import msgspec

from whence.app import Whence
from whence.clock import SystemClock
from whence.errors import IdConflict, InvalidConfig, InvalidInput, Refused
from whence.files.importer import kind_of_refusal
from whence.files.rows import Given
from whence.grammar import id_to_raw, raw_to_id
from whence.packs.ledger.book import Book, Draft
from whence.packs.ledger.events import CODEC, FilePosted, Posted
from whence.packs.ledger.lines import Line
from whence.packs.ledger.sources import PostingSource

BATCH = 2000
REFUSED_SHOWN = 1000
ATTEMPTS_MAX = 20


class Report(msgspec.Struct):
    """What became of a file. `refused` are the lines that were not posted, with the reason, the first 1,000 of them;
    `kinds` counts all by what they have in common. `conflicts` of them are there already with another content."""

    file: str
    source: str
    lines: int = 0
    posted: int = 0
    already: int = 0
    conflicts: int = 0
    refused_count: int = 0
    refused: list[tuple[int, str]] = []
    kinds: dict[str, int] = {}
    cut_off_line: int | None = None
    sha256: str = ""

    def refuse(self, line: int, reason: str) -> None:
        self.refused_count += 1
        kind = kind_of_refusal(reason)
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if len(self.refused) < REFUSED_SHOWN:
            self.refused.append((line, reason))


def source_of(db: Whence, name: str) -> PostingSource:
    """The source of this name in whence.toml. Raises InvalidConfig."""
    tables: Mapping[str, Any] = db.config.packs.get("ledger", {}).get("source", {})
    if name not in tables:
        remedy = f"There are: {', '.join(tables)}." if tables else f"Describe it under [pack.ledger.source.{name}]."
        raise InvalidConfig("No such source", source=name, remedy=remedy)
    return PostingSource(name, tables[name], db.config.zone)


def post_file(db: Whence, source: str | PostingSource, given: Given, *, by: str | None = None) -> Report:
    """Post each line of a file that is not posted yet, and say what became of all. Raises InvalidFile and InvalidConfig
    before anything is posted."""
    rules = source_of(db, source) if isinstance(source, str) else source
    file, book = rules.open(given), Book(db)
    report = Report(file.name, rules.name)
    correlation = f"posting:{raw_to_id(SystemClock().new_id())}"
    lines = iter(file)
    while batch := list(islice(lines, BATCH)):
        drafts = dict[str, tuple[Line, Draft]]()
        for line, draft in _drafts(rules, batch, report):
            _take(drafts, line, draft, report)
        _post(db, book, drafts, report, by, correlation)
    report.sha256 = file.sha256
    if report.posted:
        done = (report.sha256, report.lines, report.posted, report.already, report.refused_count)
        db.append(CODEC.event(FilePosted(file.name, rules.name, *done), actor=by, correlation=correlation))
    return report


def preview_file(db: Whence, source: str | PostingSource, given: Given) -> tuple[list[tuple[int, Draft]], Report]:
    """What each line would come to, and which lines are refused; nothing is posted, and no account is looked at."""
    rules = source_of(db, source) if isinstance(source, str) else source
    file = rules.open(given)
    report = Report(file.name, rules.name)
    drafts = dict[str, tuple[Line, Draft]]()
    for line, draft in _drafts(rules, file, report):
        _take(drafts, line, draft, report)
    found = [(line.number, draft) for line, draft in drafts.values()]
    report.sha256 = file.sha256
    return found, report


def _drafts(rules: PostingSource, lines: Any, report: Report) -> Iterator[tuple[Line, Draft]]:
    for line in lines:
        report.lines += 1
        if line.cut_off:
            report.cut_off_line = line.number
        if line.problem is not None:
            report.refuse(line.number, line.problem)
            continue
        try:
            draft = rules.draft(line)
        except (InvalidInput, Refused) as problem:
            report.refuse(line.number, str(problem))
        else:
            yield line, draft


def _take(drafts: dict[str, tuple[Line, Draft]], line: Line, draft: Draft, report: Report) -> None:
    """One more draft, unless a line of this id came before."""
    before = drafts.setdefault(draft.posted.transaction, (line, draft))
    if before[0] is line:
        return
    if before[1].posted == draft.posted and before[1].time_us == draft.time_us:
        report.already += 1
    else:
        _conflict(report, line, draft, f"line {before[0].number}")


def _post(
    db: Whence,
    book: Book,
    drafts: dict[str, tuple[Line, Draft]],
    report: Report,
    by: str | None,
    correlation: str,
) -> None:
    """Post what is not there yet."""
    for attempt in range(1, ATTEMPTS_MAX + 1):
        new = _new(db, drafts, report)
        if not new:
            return
        try:
            outcomes = book.post_all([draft for _, draft in new], by=by, correlation=correlation)
        except IdConflict:  # somebody else posts the same file: look again
            if attempt == ATTEMPTS_MAX:
                raise
            drafts = {draft.posted.transaction: (line, draft) for line, draft in new}
            continue
        for (line, _), outcome in zip(new, outcomes, strict=True):
            if outcome.refused is None:
                report.posted += 1
            else:
                report.refuse(line.number, str(outcome.refused))
        return


def _new(db: Whence, drafts: dict[str, tuple[Line, Draft]], report: Report) -> list[tuple[Line, Draft]]:
    """The drafts that are not there; of the others it is counted whether they are the same."""
    raw = {id_to_raw(id): id for id in drafts}
    there = {raw[each]: position for each, position in db.store.positions_of(list(raw)).items()}
    for id, position in there.items():
        line, draft = drafts[id]
        event = next(iter(db.store.read(after=position - 1, upto=position)))
        stored = msgspec.convert(event.data, Posted) if event.type == Posted.event_type else None
        same = stored is not None and msgspec.structs.replace(stored, dated=None) == draft.posted
        if same and (draft.time_us is None or (stored is not None and stored.dated) or event.time_us == draft.time_us):
            report.already += 1
        else:
            _conflict(report, line, draft, f"@{position}")
    return [pair for id, pair in drafts.items() if id not in there]


def _conflict(report: Report, line: Line, draft: Draft, before: str) -> None:
    report.conflicts += 1
    facts = {"id": draft.posted.transaction, "before": before}
    remedy = "A correction is another transaction; ask the source which is right."
    report.refuse(line.number, str(IdConflict("This id is there with another content", remedy=remedy, **facts)))

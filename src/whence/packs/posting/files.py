"""Posting a file by the rules of its source: every line once, however often the file is posted, and every line that is
not posted named. What a line comes to is left to whence.packs.sources, and what the laws allow to batches."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

import msgspec

from whence.app import Whence
from whence.clock import SystemClock, to_us
from whence.errors import IdConflict, InvalidInput, Refused
from whence.events import Recorded
from whence.files.importer import kind_of_refusal
from whence.files.rows import Given, RawRow
from whence.grammar import id_to_raw, raw_to_id
from whence.moneyfiles.banks import BankFile
from whence.moneyfiles.lines import File
from whence.packs.ledger.events import Posted
from whence.packs.posting.batches import BatchBook
from whence.packs.posting.events import CODEC, FilePosted
from whence.packs.sources.source import Draft, PostingSource

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

    def repeated(self, line: int, draft: Draft, before: str, *, same: bool) -> None:
        """A line whose id came `before`: with the same content it is there already, else it is a conflict."""
        if same:
            self.already += 1
            return
        self.conflicts += 1
        facts = {"id": draft.posted.transaction, "before": before}
        remedy = "A correction is another transaction; ask the source which is right."
        self.refuse(line, str(IdConflict("This id is there with another content", remedy=remedy, **facts)))


Drafts = dict[str, tuple[int, Draft]]
"""What lines come to, by the transaction's id, each with its line."""


def post_file(db: Whence, source: str | PostingSource, given: Given, *, by: str | None = None) -> Report:
    """Post each line of a file that is not posted yet, and say what became of all. Raises InvalidFile and InvalidConfig
    before anything is posted."""
    rules, file, report = _opened(db, source, given)
    book, lines = BatchBook(db), iter(file)
    correlation = f"posting:{raw_to_id(SystemClock().new_id())}"
    while batch := list(islice(lines, BATCH)):
        _post(db, book, _drafts(rules, batch, report), report, by, correlation)
    report.refused.sort()
    report.sha256 = file.sha256
    if report.posted:
        done = (report.sha256, report.lines, report.posted, report.already, report.refused_count)
        db.append(CODEC.event(FilePosted(file.name, rules.name, *done), actor=by, correlation=correlation))
    return report


def preview_file(db: Whence, source: str | PostingSource, given: Given) -> tuple[list[tuple[int, Draft]], Report]:
    """What each line would come to, and which lines are refused; nothing is posted. No account,
    closed period or transaction that is there already is looked at."""
    rules, file, report = _opened(db, source, given)
    found = list(_drafts(rules, file, report).values())
    report.sha256 = file.sha256
    return found, report


def _opened(db: Whence, source: str | PostingSource, given: Given) -> tuple[PostingSource, File | BankFile, Report]:
    if isinstance(source, str):
        source = PostingSource(source, db.config.table_of_pack("ledger", "source", source), db.config.zone)
    file = source.open(given)
    return source, file, Report(file.name, source.name)


def _drafts(rules: PostingSource, lines: Iterable[RawRow], report: Report) -> Drafts:
    """What the lines come to, each once: one that comes to nothing is refused, one that came before is counted."""
    found: Drafts = {}
    for row in lines:
        report.lines += 1
        if row.cut_off:
            report.cut_off_line = row.line
        if row.problem is not None:
            report.refuse(row.line, row.problem)
            continue
        try:
            draft = rules.draft(row)
        except (InvalidInput, Refused) as problem:
            report.refuse(row.line, str(problem))
            continue
        line, before = found.setdefault(draft.posted.transaction, (row.line, draft))
        if before is not draft:
            same = (before.posted, before.time_us) == (draft.posted, draft.time_us)
            report.repeated(row.line, draft, f"line {line}", same=same)
    return found


def _post(db: Whence, book: BatchBook, drafts: Drafts, report: Report, by: str | None, correlation: str) -> None:
    """Post what is not there yet, and count what becomes of it. Raises IdConflict where others come first too often."""
    for attempt in range(1, ATTEMPTS_MAX + 1):
        drafts = _new_ones(db, drafts, report)
        if not drafts:
            return
        try:
            outcomes = book.post_all([draft for _, draft in drafts.values()], by=by, correlation=correlation)
        except IdConflict:  # somebody else posts the same file: look again
            if attempt == ATTEMPTS_MAX:
                raise
            continue
        for (line, _), outcome in zip(drafts.values(), outcomes, strict=True):
            if isinstance(outcome, Refused):
                report.refuse(line, str(outcome))
            else:
                report.posted += 1
        return


def _new_ones(db: Whence, drafts: Drafts, report: Report) -> Drafts:
    """The drafts whose ids are not there yet; it reports the others, as the same or as conflicts."""
    raw = {id_to_raw(id): id for id in drafts}
    there = {raw[each]: position for each, position in db.store.positions_of(list(raw)).items()}
    for id, position in there.items():
        line, draft = drafts[id]
        event = next(iter(db.store.read(after=position - 1, upto=position)))
        report.repeated(line, draft, f"@{position}", same=_is_same(draft, event))
    return {id: each for id, each in drafts.items() if id not in there}


def _is_same(draft: Draft, event: Recorded) -> bool:
    """Whether an event is what a draft comes to. One that was dated into the open period has its own time beside."""
    if event.type != Posted.event_type:
        return False
    posted = msgspec.convert(event.data, Posted)
    own_us = event.time_us if posted.dated is None else to_us(posted.dated)
    return msgspec.structs.replace(posted, dated=None) == draft.posted and draft.time_us in (None, own_us)

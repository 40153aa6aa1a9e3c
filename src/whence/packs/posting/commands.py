"""The command that posts a file, and what it says of it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated

import msgspec

from whence.app import Whence
from whence.cli import exits, screen
from whence.cli.command import as_form, counted
from whence.cli.packs import pack_command, show_rows
from whence.cli.screen import Column, Form
from whence.money import decimal_of
from whence.packs.book.commands import by_whom
from whence.packs.posting.files import Report, post_file, preview_file

BY_RULES_ALONE = (
    "Nothing was posted, and the rules alone are looked at: posting may refuse a line for its accounts or a closed "
    "period, and passes over what is there already."
)


class DraftRow(msgspec.Struct, frozen=True):
    line: int
    transaction: str
    category: str
    account: str
    amount: Decimal


@pack_command("ledger", by_whom, as_form)
def post(
    db: Whence,
    form: Form,
    source: str,
    file: str,
    *,
    preview: Annotated[bool, "show what each line would become, and post nothing"] = False,
    by: str | None = None,
) -> int:
    """$ whence ledger post bank statement.csv --preview
    $ whence ledger post bank statement.csv --by anna

    Post a file by the rules of its source.

    Each line becomes a balanced transaction by the posting rules of the source in whence.toml, once, however often the
    file is posted; - is what comes in by a pipe. A line that no rule takes, that does not balance, or that the accounts
    do not allow is refused by name. Ends with 1 when a line is refused. --preview looks at the rules alone: posting may
    still refuse a line for its accounts or a closed period, and passes over what is there already.
    """
    if preview:
        drafts, report = preview_file(db, source, file)
        rows = (
            DraftRow(line, made.transaction, made.category, each.account, decimal_of(each.amount_minor, each.currency))
            for line, (made, *_) in drafts
            for each in made.postings
        )
        show_rows(DraftRow, rows, form, db.config.zone)
        _note(report, f"{len(drafts):,} would be posted")
        if form == "screen":
            screen.note(BY_RULES_ALONE)
    else:
        report = post_file(db, source, file, by=by)
        facts = msgspec.to_builtins(report)
        if form == "json":
            screen.json_lines([facts])
        else:
            if form == "csv":
                del facts["refused"], facts["kinds"]  # they are no cells, and are noted
                screen.table([Column(name) for name in facts], [tuple(facts.values())], form)
            _note(report, f"{report.posted:,} posted, {report.already:,} already there")
    return exits.NO if report.refused_count else exits.OK


def _note(report: Report, done: str) -> None:
    for said in _said(report, done):
        screen.note(said)


def _said(report: Report, done: str) -> Iterator[str]:
    digest = f"SHA-256 {report.sha256[:16]}…"
    yield f"{counted(report.lines, 'line')} of {report.file}: {done}, {report.refused_count:,} refused. {digest}"
    for line, reason in report.refused[:10]:
        yield f"line {line}: {reason}"
    if report.refused_count > 10:
        for kind, count in sorted(report.kinds.items(), key=lambda each: -each[1]):
            yield f"{count:,} times: {kind}"
    if report.cut_off_line is not None:
        yield f"The file is cut off in line {report.cut_off_line}: get it whole, and post it again."


COMMANDS = (post,)

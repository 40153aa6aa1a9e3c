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
from whence.cli.screen import Form
from whence.money import decimal_of
from whence.packs.book.commands import by_whom
from whence.packs.posting.files import Report, post_file, preview_file


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
    do not allow is refused by name. Ends with 1 when a line is refused.
    """
    if preview:
        drafts, report = preview_file(db, source, file)
        rows = (
            DraftRow(line, made.transaction, made.category, each.account, decimal_of(each.amount_minor, each.currency))
            for line, (made, *_) in drafts
            for each in made.postings
        )
        show_rows(DraftRow, rows, form, db.config.zone)
    else:
        report = post_file(db, source, file, by=by)
    if form == "json" and not preview:
        screen.json_lines([msgspec.to_builtins(report)])
    else:
        for said in _report(report, preview):
            screen.note(said)
    return exits.NO if report.refused_count else exits.OK


def _report(report: Report, preview: bool) -> Iterator[str]:
    told = "" if preview else f"{report.posted:,} posted, {report.already:,} already there, "
    digest = f"SHA-256 {report.sha256[:16]}…"
    yield f"{counted(report.lines, 'line')} of {report.file}: {told}{report.refused_count:,} refused. {digest}"
    for line, reason in report.refused[:10]:
        yield f"line {line}: {reason}"
    if report.refused_count > 10:
        for kind, count in sorted(report.kinds.items(), key=lambda each: -each[1]):
            yield f"{count:,} times: {kind}"
    if report.cut_off_line is not None:
        yield f"The file is cut off in line {report.cut_off_line}: get it whole, and post it again."


COMMANDS = (post,)

"""What commands print: tables that are coloured and fitted in a terminal, plain and complete when piped, or JSON lines
or CSV when asked for; and notes and progress, on standard error. What stands in them is left to the commands."""

from __future__ import annotations

import codecs
import errno
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate, chain, islice
from typing import IO, TYPE_CHECKING, Any, Literal

import msgspec

from whence.cell import as_json, json_text, write_csv

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

Form = Literal["screen", "json", "csv"]
Progress = Callable[[int, int | None], None]

Words = Sequence[tuple[str, str]]
"""A line in parts, each with its style."""

PAGE_ROWS = 200
WIDEST = 4 * 1024 * 1024
"""Without a terminal no line is cut: none is longer than this, since no event is."""
GAP = 2
LAST_LEAST = 30
"""So many characters make it worth to keep the last column of a table whose rows are cut beside the others."""


class Column(msgspec.Struct, frozen=True):
    """A column: its name (a key in JSON), its colour, whether it stands to the right (and is then never narrowed), and
    how narrow a terminal may make it."""

    name: str
    style: str = ""
    right: bool = False
    least: int = 8


Rows = Iterable[Sequence[Any]]


def make_ready() -> None:
    """Let standard output take every character, and the standard streams be there, before a command prints.

    A character that the output's encoding lacks is written as JSON escapes it, so that `--json` stays JSON. A stream
    that was closed (`>&-`) is opened on nothing, before the file of a store could get its number.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 - as long as the process
    if isinstance(sys.stdout, io.TextIOWrapper):
        codecs.register_error("whence.escaped", _escaped)
        sys.stdout.reconfigure(errors="whence.escaped")


def _escaped(problem: UnicodeError) -> tuple[str, int]:
    if not isinstance(problem, UnicodeEncodeError):
        raise problem
    return json.dumps(problem.object[problem.start : problem.end])[1:-1], problem.end


def table(
    columns: Sequence[Column], rows: Rows, form: Form, *, cut: bool = False, below: bool = False, caption: str = ""
) -> int:
    """Print rows as they come and return how many there were. With `cut`, a terminal shows one line a row; with `below`
    too, it has the last column on a line of its own where there is no room beside the others.

    The caption stands below a table on the screen, never in JSON or CSV.
    """
    if form == "json":
        return json_lines(dict(zip((c.name for c in columns), row, strict=True)) for row in rows)
    if form == "csv":
        return write_csv(sys.stdout, [column.name for column in columns], rows)
    count = _fitted(columns, rows, cut, below) if sys.stdout.isatty() else _plain(columns, rows)
    if caption and count:
        dim(caption)
    return count


def json_lines(values: Iterable[Any]) -> int:
    """Print one JSON value a line and return how many there were; what is not printable is escaped."""
    count = 0
    for count, value in enumerate(values, 1):  # noqa: B007 - the last number is the count
        text = json_text(value)
        print(text if text.isprintable() else "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text))
    return count


def shown(value: Any) -> str:
    """A value for the eye: text as it is, everything else as JSON, — for nothing, control characters made visible."""
    if value is None:
        return "—"
    text = value if isinstance(value, str) else as_json(value)
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def pair(key: str, value: Any) -> str:
    """A field as `whence append` takes it: `campaign=spring`, `score=60`, `note="two words"`."""
    if isinstance(value, str) and value and not re.search(r"\s", value) and not _is_json(value):
        return f"{key}={shown(value)}"
    return f"{key}={json.dumps(value, ensure_ascii=False, separators=(',', ':'))}"


def styled(text: str, style: str, *, file: IO[str] | None = None, end: str = "\n") -> None:
    """Print text, in a colour where the stream is a terminal, with control characters made visible."""
    stream, text = file or sys.stdout, shown(text)
    if not stream.isatty():
        stream.write(text + end)
        return
    from rich.console import Console
    from rich.text import Text

    Console(file=stream, highlight=False).print(Text(text, style), end=end, soft_wrap=True)


def lines(several: Iterable[Words]) -> None:
    """Print each on one line, which a terminal cuts where it ends."""
    console = _console()
    for words in several:
        console.print(_text(words))


def tree(root: Words, below: Iterable[tuple[int, Words]]) -> None:
    """Print a line, and beneath it others as its branches, each at its depth from 1 on; a terminal cuts long lines."""
    from rich.tree import Tree

    path = [Tree(_text(root), guide_style="dim")]
    for depth, words in below:
        del path[depth:]
        path.append(path[-1].add(_text(words)))
    _console().print(path[0])


def _console() -> Console:
    """A console as wide as the terminal; without one, as wide as any line."""
    from rich.console import Console

    return Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else WIDEST)


def _text(words: Words) -> Text:
    from rich.text import Text

    return Text("  ", no_wrap=True, overflow="ellipsis").join(Text(shown(text), style) for text, style in words)


def dim(text: str) -> None:
    """A line below or above a table that explains it."""
    styled(text, "dim")


UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EBADF, errno.EPIPE}


def is_of_output(problem: BaseException) -> bool:
    """Whether an output or a working file cannot be written, or nobody reads it any more."""
    return isinstance(problem, OSError) and problem.errno in UNWRITABLE


def note(text: str) -> None:
    """Tell the person something that is not part of the answer, on standard error."""
    sys.stdout.flush()  # so that what was printed before it stands above it
    styled(text, "dim", file=sys.stderr)


def failure(text: str, remedy: str = "") -> None:
    """One clear message on standard error: the fact, and below it what to do."""
    sys.stdout.flush()
    styled("error: ", "bold red", file=sys.stderr, end="")
    styled(text, "", file=sys.stderr)
    if remedy:
        styled(f"  {remedy}", "cyan", file=sys.stderr)


@contextmanager
def progress(title: str) -> Iterator[Progress | None]:
    """A bar on standard error, with the time left, that is told (done, total or None); None where it is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    times = (TimeElapsedColumn(), TextColumn("left:", style="dim"), TimeRemainingColumn())
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), *times)
    with Bar(*columns, console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _pages(rows: Rows) -> Iterator[list[list[str]]]:
    source = iter(rows)
    while page := [[shown(cell) for cell in row] for row in islice(source, PAGE_ROWS)]:
        yield page


def _plain(columns: Sequence[Column], rows: Rows) -> int:
    """Aligned by spaces, complete however wide; a later page only ever widens a column."""
    widths = [len(column.name) for column in columns]
    header, count = [[column.name for column in columns]], 0
    for page in _pages(rows):
        widths = [max(w, *(len(row[i]) for row in page)) for i, w in enumerate(widths)]
        count += len(page)
        for row in chain(header, page):
            cells = (
                cell.rjust(width) if column.right else cell.ljust(width)
                for cell, width, column in zip(row, widths, columns, strict=True)
            )
            print("  ".join(cells).rstrip())
        header = []
    return count


def _fitted(columns: Sequence[Column], rows: Rows, cut: bool, below: bool) -> int:
    """Coloured, and never wider than the terminal: long cells are folded or, with `cut`, ended by `…`. The columns that
    there is no room for are named at the end."""
    from rich.console import Console

    console, count, shown = Console(highlight=False), 0, len(columns)
    widths = [len(column.name) for column in columns]
    for page in _pages(rows):
        widths = [max(w, *(len(row[i]) for row in page)) for i, w in enumerate(widths)]
        if count == 0:
            below = below and console.width - sum(widths[:-1]) - GAP * len(widths) < min(widths[-1], LAST_LEAST)
            shown = len(columns) if below else _how_many_fit(columns, widths, console.width)
        if below:
            _print_below(console, columns, widths, page, count == 0)
        else:
            cells = [row[:shown] for row in page]
            fitted = fitting(columns[:shown], widths[:shown], console.width)
            _print_grid(console, columns[:shown], fitted, cells, cut, count == 0)
        count += len(page)
    if shown < len(columns):
        names = ", ".join(column.name for column in columns[shown:])
        dim(f"no room for: {names} (choose columns, widen the terminal, or use --json)")
    return count


def _how_many_fit(columns: Sequence[Column], widths: Sequence[int], total: int) -> int:
    """How many columns, from the first on, a terminal has room for at their narrowest; one at least."""
    ends = list(accumulate(GAP + least for least in _narrowest(columns, widths)))
    return max(1, sum(end - GAP <= total for end in ends))


def _narrowest(columns: Sequence[Column], widths: Sequence[int]) -> list[int]:
    return [w if c.right else min(w, c.least) for c, w in zip(columns, widths, strict=True)]


def fitting(columns: Sequence[Column], widths: Sequence[int], total: int) -> list[int]:
    """Widths that fit into the total with their gaps, by narrowing the widest that may be narrower."""
    fitted = list(widths)
    least = _narrowest(columns, widths)
    room = total - GAP * (len(fitted) - 1)
    while sum(fitted) > room and (loose := [i for i, w in enumerate(fitted) if w > least[i]]):
        fitted[max(loose, key=fitted.__getitem__)] -= 1
    return fitted


def _print_grid(
    console: Console, columns: Sequence[Column], widths: list[int], page: list[list[str]], cut: bool, header: bool
) -> None:
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), show_header=header, header_style="dim")
    for column, width in zip(columns, widths, strict=True):
        justify: Literal["left", "right"] = "right" if column.right else "left"
        overflow: Literal["ellipsis", "fold"] = "ellipsis" if cut else "fold"
        grid.add_column(column.name, style=column.style, justify=justify, overflow=overflow, no_wrap=cut, width=width)
    for row in page:
        grid.add_row(*(Text(cell) for cell in row))
    console.print(grid)


def _print_below(
    console: Console, columns: Sequence[Column], widths: list[int], page: list[list[str]], header: bool
) -> None:
    """Each row on one line but for its last cell, which is cut to the line below."""
    from rich.text import Text

    upper = fitting(columns[:-1], widths[:-1], console.width)
    if header:
        _print_grid(console, columns[:-1], upper, [], True, True)
    indent = " " * (upper[0] + GAP)
    for row in page:
        _print_grid(console, columns[:-1], upper, [row[:-1]], True, False)
        if row[-1]:
            console.print(Text(indent + row[-1], columns[-1].style), no_wrap=True, overflow="ellipsis")

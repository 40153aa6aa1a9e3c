"""Long answers page by page, as git shows them: in a terminal through WHENCE_PAGER, else PAGER, else less. What goes
into a pipe or a file never passes a pager."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator

SETTINGS = {"LESS": "FRX", "LV": "-c"}
"""As git sets them where the person has not: an answer of one screen is simply printed, colours go through."""


@contextlib.contextmanager
def paged() -> Iterator[None]:
    """What is printed meanwhile goes through the pager, if this is a terminal and there is one.

    Raises BrokenPipeError when the person closes the pager early, as a pipe does whose reader has gone.
    """
    command = _command() if sys.stdout.isatty() else []
    if not command:
        yield
        return
    terminal = sys.stdout
    pager = Pager(command)
    sys.stdout = pager
    try:
        yield
    except Closed:
        raise BrokenPipeError from None
    finally:
        sys.stdout = terminal
        pager.finish()


class Closed(Exception):
    """The pager was closed. Not a BrokenPipeError, which rich would answer by ending the process with 1."""


class Pager(io.TextIOBase):
    """A stream into a pager, which the first text starts; it says that it is a terminal, since it ends in one."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._process: subprocess.Popen[str] | None = None

    def write(self, text: str) -> int:
        if self._process is None:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, text=True, encoding="utf-8", env={**SETTINGS, **os.environ}
            )
        with _closed_is_said():
            return self._process.stdin.write(text)  # type: ignore[union-attr]

    def flush(self) -> None:
        if self._process is not None:
            with _closed_is_said():
                self._process.stdin.flush()  # type: ignore[union-attr]

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return sys.__stdout__.fileno()  # type: ignore[union-attr]

    def finish(self) -> None:
        """Wait until the person has closed the pager; what it does with Ctrl-C is its own affair."""
        if self._process is None:
            return
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()  # type: ignore[union-attr]
        while self._process.poll() is None:
            with contextlib.suppress(KeyboardInterrupt):
                self._process.wait()


@contextlib.contextmanager
def _closed_is_said() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise Closed from None


def _command() -> list[str]:
    """The pager's words; none where it is not there, or is "" or cat, or the terminal cannot do it."""
    named = os.environ.get("WHENCE_PAGER", os.environ.get("PAGER", "less"))
    words = shlex.split(named)
    useless = not words or words == ["cat"] or os.environ.get("TERM") == "dumb"
    return [] if useless or shutil.which(words[0]) is None else words

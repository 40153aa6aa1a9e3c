"""The documentation runs. Each document is a story told in one empty folder: its files are written, its commands typed
and its Python executed, top to bottom, and what comes out is compared with what the page shows.

    ```console          `$ command`, then its output; `…` stands for anything, alone in a line for any lines; where a
                        page leaves the output out, how the command ended is what is compared
    ```console exit=2   the commands of this block end with 2
    ```python           run as a script; a block `output` behind it is what it prints
    <!-- file: NAME --> before a block: the block is that file
    <!-- add to: NAME --> before a block: the block is added at the end of that file
    <!-- not run -->    before a block: the block is for reading only
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("docs", "docs/howto", "docs/packs")
DOCUMENTS = [ROOT / "README.md", *(path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.md")))]
INSTALLING = {"PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1", "PIP_QUIET": "1"}
INSTALLING |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
"""What a page installs comes into its story's folder, and nothing is fetched for it."""
LANGUAGES = {"console", "python", "output", "toml", "csv", "json", "sh", "text", ""}
BLOCK = re.compile(r"(?:^<!-- (?P<note>[^\n]*) -->\n+)?^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$", re.M | re.S)
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)(?:#[^)]*)?\)")


class Block(NamedTuple):
    line: int
    note: str
    language: str
    options: str
    body: str


def blocks(document: Path) -> Iterator[Block]:
    text = document.read_text(encoding="utf-8")
    for found in BLOCK.finditer(text):
        language, _, options = found["info"].strip().partition(" ")
        yield Block(text[: found.start("info")].count("\n") + 1, found["note"] or "", language, options, found["body"])


def transcript(body: str) -> Iterator[tuple[str, str]]:
    """The (command, expected output) pairs of a console block; a command may go on after a backslash."""
    for part in re.split(r"^\$ ", body, flags=re.M)[1:]:
        lines = part.split("\n")
        count = next(number for number, line in enumerate(lines, 1) if not line.endswith("\\"))
        yield "\n".join(lines[:count]), "\n".join(lines[count:])


def pattern(expected: str) -> re.Pattern[str]:
    """What output looks like this: spaces count as one, `…` is anything."""
    lines = []
    for line in expected.strip("\n").split("\n"):
        if line.strip() == "…":
            lines.append(r"(?:[^\n]*\n)*")
        else:
            words = [r"[^\n]*".join(map(re.escape, word.split("…"))) for word in line.split()]
            lines.append(r"[ ]+".join(words) + r"\n")
    return re.compile("".join(lines))


def matches(expected: str, actual: str) -> bool:
    plain = "".join(" ".join(line.split()) + "\n" for line in actual.strip("\n").split("\n"))
    return pattern(expected).fullmatch(plain) is not None


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("WHENCE_", "PYTEST"))}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    environment |= {"COLUMNS": "100", "NO_COLOR": "1", "PYTHONPATH": str(folder), "TZ": "UTC"}
    environment |= {"PIP_TARGET": str(folder), **INSTALLING}
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        text=True,
        encoding="utf-8",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_does_what_it_shows(document: Path, tmp_path: Path) -> None:
    shutil.copy(ROOT / "docs/pipeline.csv", tmp_path)
    printed = ""
    for block in blocks(document):
        place = f"{document.relative_to(ROOT)}:{block.line}"
        assert block.language in LANGUAGES, f"{place} has an unknown language: {block.language}"
        if block.note == "not run":
            continue
        if block.note.startswith("file: "):
            (tmp_path / block.note.removeprefix("file: ")).write_text(block.body, encoding="utf-8")
        elif block.note.startswith("add to: "):
            with (tmp_path / block.note.removeprefix("add to: ")).open("a", encoding="utf-8") as file:
                file.write("\n" + block.body)
        elif block.language == "console":
            code = int(block.options.removeprefix("exit=") or 0)
            for command, expected in transcript(block.body):
                done = run(["bash", "-c", command], tmp_path)
                assert done.returncode == code, f"{place}\n$ {command}\nended with {done.returncode}:\n{done.stdout}"
                if expected.strip():
                    assert matches(expected, done.stdout), f"{place}\n$ {command}\nprinted:\n{done.stdout}"
        elif block.language == "python":
            done = run([sys.executable, "-W", "error", "-c", block.body], tmp_path)
            printed = done.stdout
            assert done.returncode == 0, f"{place}\n{printed}"
        elif block.language == "output":
            assert matches(block.body, printed), f"{place} prints:\n{printed}"


@pytest.mark.parametrize(
    "document",
    [*DOCUMENTS, ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_what_a_document_links_to_is_there(document: Path) -> None:
    for target in LINK.findall(document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_the_reference_says_what_the_code_says() -> None:
    done = run([sys.executable, str(ROOT / "docs/reference.py"), "--check"], ROOT)
    assert done.returncode == 0, done.stdout


def test_the_architecture_names_files_that_are_there() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for name in set(re.findall(r"`([a-z_/]+\.py)`", text)):
        assert (ROOT / "src/whence" / name).exists(), f"ARCHITECTURE.md names {name}"


def test_the_loose_comparison_is_not_too_loose() -> None:
    assert matches("a   b\n…\nz", "a b\n1\n2\nz\n")
    assert matches("@… made", "@12 made\n")
    assert not matches("a b", "a b\nc\n")
    assert not matches("60", "61")
    assert not matches("", "something")
    assert matches("", "")

"""What the repository itself promises: nothing of one machine in it, and a list of versions that names no host."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import whence

ROOT = Path(__file__).parents[1]
WORDS_PER_MINUTE = 238
"""The mean of adults who read English non-fiction silently (Brysbaert 2019, Journal of Memory and Language 109)."""
OF_A_MACHINE = re.compile(
    r"/(?:home|Users|work|root)/[\w.-]+/|/tmp/[\w.-]+/|pypi\.org/simple|files\.pythonhosted|--index-url"
)


def tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git clone")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_no_tracked_file_names_a_machine_or_a_registry() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked()
        if path != Path(__file__).resolve()
        for match in OF_A_MACHINE.finditer(path.read_bytes().decode(errors="replace"))
    ]
    assert found == []


def test_constraints_pin_every_version_exactly() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert lines
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9_.-]+==[\w.+!]+", line)] == []


def test_the_public_names_are_exactly_all() -> None:
    if not hasattr(whence, "__all__"):
        assert [name for name in vars(whence) if name in {"Event", "open"}] == [], "public names without __all__"
        return
    missing = [name for name in whence.__all__ if not hasattr(whence, name)]
    modules = {path.stem for path in (ROOT / "src/whence").iterdir()}
    public = {name for name in vars(whence) if not name.startswith("_") and name not in modules | {"annotations"}}
    assert missing == []
    assert public - set(whence.__all__) == set()


def test_the_folder_of_each_pack_is_read_in_ten_minutes() -> None:
    folders = [path for path in (ROOT / "src/whence/packs").iterdir() if (path / "__init__.py").exists()]
    minutes = {path.name: sum(map(words_of, path.rglob("*.*"))) / WORDS_PER_MINUTE for path in folders}
    assert "leads" in minutes
    assert {name: round(taken, 1) for name, taken in minutes.items() if taken > 10} == {}


def words_of(path: Path) -> int:
    """How many names, numbers and words of docstrings and comments are read in a file of Python or SQL. What it
    imports and exports is passed over; `left_minor` is one word."""
    if path.suffix not in (".py", ".sql"):
        return 0
    text = path.read_text()
    passed_over = set[int]()
    if path.suffix == ".py":
        for node in ast.walk(ast.parse(text)):
            exports = isinstance(node, ast.Assign) and isinstance(name := node.targets[0], ast.Name)
            if isinstance(node, ast.Import | ast.ImportFrom) or (exports and name.id == "__all__"):
                passed_over.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    read = [line for number, line in enumerate(text.splitlines(), 1) if number not in passed_over]
    return sum(len(re.findall(r"[A-Za-z0-9']+(?:_[A-Za-z0-9]+)*", line)) for line in read)


def test_no_pack_knows_one_of_another_domain() -> None:
    folder = ROOT / "src/whence/packs"
    points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["whence.packs"]
    modules = {value.split(".")[2].removesuffix(":PACK"): name for name, value in points.items()}
    domains = {module: name.partition(".")[0] for module, name in modules.items()}
    imported = re.compile(r"^ *from whence\.packs(?:\.| import )(\w+)", re.M)
    known = {
        (path.relative_to(folder).parts[0], other)
        for path in folder.rglob("*.py")
        for other in imported.findall(re.sub(r'""".*?"""', "", path.read_text(), flags=re.S))
    }
    assert ("funnels", "touchpoints") in known
    assert [(one, other) for one, other in sorted(known) if domains[one] != domains[other]] == []

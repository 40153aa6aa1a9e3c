"""What the repository itself promises: nothing of one machine in it, and a list of versions that names no host."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import whence

ROOT = Path(__file__).parents[1]
PACK_LINES_MAX = 600
"""So many lines of Python, docstrings and blank ones among them, are read in ten minutes; half of them is code."""
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
    lines = {path.name: sum(len(each.read_text().splitlines()) for each in path.rglob("*.py")) for path in folders}
    assert "leads" in lines
    assert {name: count for name, count in lines.items() if count > PACK_LINES_MAX} == {}


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

"""The tickets as a pack that is installed: an entry point as its package would have it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from whence.cli import packs


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose packages are installed, as pip leaves them, with the tickets in it."""
    site = tmp_path / "site"
    bring(site, "whence_tickets", "tickets", (Path(__file__).parent / "tickets.py").read_text())
    monkeypatch.syspath_prepend(str(site))
    packs.names.cache_clear()
    packs.group.cache_clear()
    yield site
    packs.names.cache_clear()
    packs.group.cache_clear()
    for name in [name for name in sys.modules if name.startswith("whence_tickets")]:
        del sys.modules[name]


def bring(site: Path, module: str, name: str, source: str) -> None:
    """Install a module that brings a pack."""
    told = site / f"{module}-1.0.dist-info"
    told.mkdir(parents=True)
    (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (told / "entry_points.txt").write_text(f"[whence.packs]\n{name} = {module}:PACK\n")
    (site / f"{module}.py").write_text(source)

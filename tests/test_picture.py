"""A figure as a page that works offline, and as PNG, which a browser draws; and what is said where one is missing."""

from __future__ import annotations

import re
import shutil
import struct
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("plotly")

from whence import picture
from whence.errors import CannotWrite, InvalidFile, MissingExtra


@pytest.fixture
def figure() -> Any:
    made = picture.graphs().Figure()
    made.add_bar(x=["<b>seen</b>", "bought"], y=[3, 1])
    return picture.laid_out(made, "step", "people", height=300)


def test_a_page_is_the_same_text_each_time_and_fetches_nothing(figure: Any) -> None:
    text, again = (picture.html(figure, "funnel", "Seen & bought", said=["3 saw it."], footer="@12") for _ in "12")
    assert text == again
    assert 'id="funnel"' in text
    assert "<h1>Seen &amp; bought</h1>" in text
    assert "default-src 'none'" in text
    assert not re.search(r"<(?:script|link|img)[^>]*https?:", text)


def test_a_picture_is_what_its_name_ends_in(figure: Any, tmp_path: Path) -> None:
    picture.save(figure, tmp_path / "funnel.html", "funnel", "Funnel")
    assert (tmp_path / "funnel.html").read_text().startswith("<!doctype html>")
    with pytest.raises(InvalidFile, match=r"Write funnel.html for a page, or funnel.png"):
        picture.save(figure, tmp_path / "funnel.gif", "funnel", "Funnel")
    with pytest.raises(CannotWrite):
        picture.save(figure, tmp_path / "no/funnel.html", "funnel", "Funnel")
    assert [path.name for path in tmp_path.iterdir()] == ["funnel.html"]


def test_a_png_has_the_size_asked_for(figure: Any, tmp_path: Path) -> None:
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        pytest.skip("no chromium is installed (apt-get install chromium)")
    picture.save(figure, tmp_path / "funnel.png", "funnel", "Funnel")
    content = (tmp_path / "funnel.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    assert struct.unpack(">II", content[16:24]) == (2 * picture.PNG_WIDTH, 2 * (300 + 34))
    assert figure.layout.title.text is None


def test_what_is_missing_is_said_with_what_to_do(figure: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kaleido", None)
    with pytest.raises(MissingExtra, match=r"whence\[report\]"):
        picture.png(figure)
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(MissingExtra, match="A picture needs plotly"):
        picture.graphs()


def test_without_a_browser_a_png_says_so(figure: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import kaleido
    from kaleido.errors import ChromeNotFoundError

    def none(*_: Any, **__: Any) -> bytes:
        raise ChromeNotFoundError

    monkeypatch.setattr(kaleido, "calc_fig_sync", none)
    with pytest.raises(MissingExtra, match="apt-get install chromium"):
        picture.png(figure)


def test_a_legend_of_several_lines_leaves_room_for_the_title() -> None:
    room = []
    for names in ("ab", [f"@{number} PriceChanged 2026-01-05" for number in range(10)]):
        made = picture.graphs().Figure([{"type": "bar", "x": [1], "y": [1], "name": name} for name in names])
        titled = picture._titled(picture.laid_out(made, height=300), "Prices")
        room.append((titled.layout.height - 300, titled.layout.margin.t))
    assert room == [(34, 70), (94, 130)]  # ten in four lines, three of which are more than one

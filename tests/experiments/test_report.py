"""The folder of a run: the same bytes from another process, and a report that a real browser opens offline."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.experiments.leads import STORY, V1, V2, card, happened, history
from whence import app
from whence.demo.story import NEXT, STORE_NAME, make
from whence.experiments import Experiment, Run, experiment, report, save, sentences, verdict

HOSTILE = '</script><script>document.title="taken"</script>%{x}'
SAVING = """
from tests.experiments.leads import STORY, V1, V2, history
from whence.experiments import Run, experiment, save
found = experiment(history(STORY), V1, V2, kind="lead", outcome="Won", by="source", samples=50)
save(found, {folder!r}, Run({started}, 1.5))
"""
LISTENING = """<script>
const told = [];
document.addEventListener("securitypolicyviolation", event => told.push("blocked " + event.blockedURI));
addEventListener("error", event => told.push("error " + event.message));
console.error = console.warn = (...words) => told.push("console " + words.join(" "));
addEventListener("load", () => setTimeout(() => {
  const names = performance.getEntriesByType("resource").map(entry => entry.name);
  told.push(...names.filter(name => !/^(data|blob):/.test(name)));
  const page = document.documentElement;
  const said = [innerWidth, page.scrollWidth, document.querySelectorAll(".main-svg .trace").length,
    [...document.querySelectorAll(".told li")].every(line => line.getBoundingClientRect().height > 10),
    [...document.querySelectorAll(".chart")].every(chart =>
      chart.querySelector(".main-svg").getBoundingClientRect().right <= chart.getBoundingClientRect().right + 1),
    told.join("; ") || "nothing"];
  parent.postMessage(said, "*");
}, 500));
</script>"""
FRAME = """<!doctype html><title>frame</title><body style="margin:0">
<script>addEventListener("message", event =>
  document.body.setAttribute("data-said", JSON.stringify(event.data)))</script>
<iframe src="page.html" style="width:{width}px;height:900px;border:0"></iframe></body>"""


def found(**options: object) -> Experiment:
    given = {"kind": "lead", "outcome": "Won", "by": "source", "samples": 50, **options}
    return experiment(history(STORY), V1, V2, **given)  # type: ignore[arg-type]


def test_another_process_with_another_hash_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    files = []
    for number in (1, 2):
        folder = tmp_path / str(number)
        code = SAVING.format(folder=str(folder), started=number * 10**15)
        environment = {**os.environ, "PYTHONHASHSEED": str(number)}
        root = Path(__file__).parents[2]
        subprocess.run([sys.executable, "-c", code], cwd=root, env=environment, check=True, timeout=120)
        files.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert sorted(files[0]) == ["report.html", "result.json", "run.json", "values.parquet"]
    assert files[0].pop("run.json") != files[1].pop("run.json")
    assert files[0] == files[1]


def test_a_row_for_each_entity_is_kept(tmp_path: Path) -> None:
    from pyarrow import parquet

    save(found(), tmp_path, Run(0, 0))
    rows = parquet.read_table(tmp_path / "values.parquet").to_pylist()
    assert [row["entity"] for row in rows] == ["lead:1", "lead:2", "lead:3", "lead:4", "lead:5", "lead:9"]
    assert (rows[1]["baseline"], rows[1]["candidate"], rows[1]["baseline_reached"]) == (0, 80, None)
    assert rows[1]["candidate_reached"].isoformat() == "2026-01-03T00:00:00+00:00"
    kept = json.loads((tmp_path / "result.json").read_bytes())
    assert (kept["head"], kept["candidate"]["card"]["rule"][0]["points"]) == (16, 40)
    assert "values" not in kept


def test_the_report_begins_with_the_sentences_and_what_they_come_to() -> None:
    tried = found()
    page = report(tried)
    body = page[page.index("<body>") :]
    order = [
        body.index(said) for said in (*sentences(tried), verdict(tried).headline, "Right when named", "In pictures")
    ]
    assert order == sorted(order)
    assert "https://" not in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)


def test_a_report_trusts_nothing_that_stands_in_it() -> None:
    events = [*STORY, happened(HOSTILE[:60], 1, "Opened", source=HOSTILE)]
    candidate = card(HOSTILE, Opened=40)
    tried = experiment(history(events), V1, candidate, kind="lead", by="source", samples=0)
    assert HOSTILE not in report(tried)
    assert '<script>document.title="taken"' not in report(tried)


def test_without_threshold_and_outcome_there_is_a_report_too() -> None:
    page = report(experiment(history(STORY), len, {"lead:1": 1.0}, kind="lead", samples=0))
    assert "No outcome was named" in page
    assert 'id="calibration"' not in page


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the experiment that the demo names, made by the very options it names."""
    folder = tmp_path_factory.mktemp("demo")
    make(folder)
    (line,) = (command for _, command in NEXT if command.startswith("experiment "))
    words = shlex.split(line)
    named = {words[at].removeprefix("--"): words[at + 1] for at in range(2, len(words), 2)}
    place = named.pop("save")
    with app.open(str(folder / STORE_NAME), config=app.Config.load(folder / "whence.toml")) as db:
        save(db.experiment("lead", samples=100, **named), folder / place, Run(0, 0))  # type: ignore[arg-type]
    return folder / place / "report.html"


def shown(page: str, folder: Path, width: int) -> list[Any]:
    """What a browser says of a page in a frame of this width; skips where there is none."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no chromium is installed (apt-get install chromium)")
    (folder / "page.html").write_text(page.replace("<title>", LISTENING + "<title>", 1))
    (folder / "frame.html").write_text(FRAME.format(width=width))  # a window cannot be as narrow as a telephone
    options = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --dump-dom"
    line = [browser, *options.split(), f"--user-data-dir={folder / 'profile'}", "--window-size=1500,1000"]
    line += ["--virtual-time-budget=8000", (folder / "frame.html").as_uri()]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=True)
    (said,) = re.findall(r'data-said="(.*?)"', done.stdout)
    found: list[Any] = json.loads(said.replace("&quot;", '"'))
    return found


@pytest.mark.parametrize("width", [400, 1400])
def test_a_browser_shows_it_without_a_network_an_error_or_anything_too_wide(
    demo: Path, tmp_path: Path, width: int
) -> None:
    inner, needed, traces, told, fitting, problems = shown(demo.read_text(), tmp_path, width)
    assert problems == "nothing"
    assert (inner, needed <= width, told, fitting) == (width, True, True, True)
    assert traces >= 12

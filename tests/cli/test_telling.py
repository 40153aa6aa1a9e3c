"""why in sentences and as a page, and without: what a business reader is told, and what a real browser makes of it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from running import Run

from whence.app import open as open_store
from whence.events import Event
from whence.query import Basis, Query

ADDING = """
[model.lead]
[[model.lead.rule]]
on = "Scored"
set = { score = "$score" }
[[model.lead.rule]]
on = "EmailOpened"
add = { score = 5 }
[[model.lead.rule]]
on = "WebinarAttended"
add = { score = 15 }
"""
HOSTILE = '</script><script>document.title="taken"</script>'
LISTENING = """<script>
const asked = [];
document.addEventListener("securitypolicyviolation", event => asked.push(event.blockedURI));
addEventListener("load", () => setTimeout(() => {
  const names = performance.getEntriesByType("resource").map(entry => entry.name);
  asked.push(...names.filter(name => !/^(data|blob):/.test(name)));
  document.body.setAttribute("data-asked", asked.join(" ") || "nothing");
}, 500));
</script>"""


@pytest.fixture
def adding(pipeline: Path) -> Path:
    """The story, with a score that is folded from what happened."""
    with (pipeline / "whence.toml").open("a") as config:
        config.write(ADDING)
    return pipeline


def test_a_sum_is_told_in_sentences(adding: Path, whence: Run) -> None:
    whence("append", "lead:42", "EmailOpened", "--by", "crm", "--time", "2026-01-13")
    told = whence("why", "lead:42", "score", "--plain", "--at", "2026-01-11").out.splitlines()
    assert told[0] == "Lead 42 has a score of 80 (as of end of 2026-01-11)."
    assert told[1] == "scoring set it to 60 on 5 January 2026: scored, entry 2 (by lead rule 1)."
    assert told[2] == "On 8 January 2026, email opened, entry 4 (recorded by crm): added 5 (by lead rule 2)."
    assert "Together: 60 + 5 + 15 = 80." in told


def test_a_value_set_outside_is_told_with_what_is_not_proven(pipeline: Path, whence: Run) -> None:
    told = whence("why", "lead:42", "score", "--plain").out
    assert "scoring set it to 80 on 12 January 2026 (from 60)" in told
    assert "Nothing recorded says what this value was based on." in told
    assert "  webinar attended on 10 January 2026, crm (entry 5" in told
    assert "Recorded later" in told or "recorded later" in told


def test_the_words_of_event_sourcing_are_not_told(adding: Path, whence: Run) -> None:
    told = whence("why", "lead:42", "score", "--plain").out
    assert not re.search(r"\b(event|fold|replay|position|state|entity|basis|head|contribution)s?\b", told)


def test_what_a_decision_looked_at_is_told_below_it(pipeline: Path, whence: Run) -> None:
    with open_store(str(pipeline / "whence.db")) as db:
        basis = Basis(Query.of(tags=["lead:42"]), 6, settings="v2", reads=("score", "campaign"))
        db.store.append([Event("Scored", tags=["lead:42"], data={"score": 90}, actor="scorer")], basis=basis)
    told = whence("why", "lead:42", "score", "--plain").out
    assert "  The settings in force were “v2”." in told
    assert "  scorer looked at score and campaign, as they were then:" in told
    assert "    “score” was 80." in told
    assert "    “campaign” was “spring”." in told
    assert whence("why", "lead:42", "score", "--html", "page.html").code == 0
    page = (pipeline / "page.html").read_text()
    assert "<summary>What scorer looked at for @7: 2 entries</summary>" in page
    assert "“campaign” was “spring”." in page


def test_a_thousand_contributions_are_summed_up(adding: Path, whence: Run) -> None:
    with open_store(str(adding / "whence.db")) as db:
        db.append([Event("EmailOpened", tags=["lead:9"], time="2026-02-01T00:00:00Z") for _ in range(1_000)])
    told = whence("why", "lead:9", "score", "--plain").out.splitlines()
    assert told[0] == "Lead 9 has a score of 5,000."
    assert told[1] == "Before the last 12: 988 times email opened, which came to 4,940."
    assert len(told) < 20


def test_a_page_holds_everything_and_trusts_nothing(adding: Path, whence: Run) -> None:
    whence("append", "lead:42", "Scored", "score=60", "--by", HOSTILE, "--time", "2026-01-13")
    assert whence("why", "lead:42", "score", "--html", "page.html").code == 0
    first = (adding / "page.html").read_text()
    assert HOSTILE not in first
    assert "&lt;/script&gt;" in first
    assert "connect-src" not in first
    assert "default-src 'none'" in first
    whence("why", "lead:42", "score", "--html", "page.html")
    assert (adding / "page.html").read_text() == first


def test_a_page_that_cannot_be_written_is_said_so(adding: Path, whence: Run) -> None:
    done = whence("why", "lead:42", "score", "--html", "none/page.html")
    assert done.code == 4
    assert "The page cannot be written" in done.err
    assert whence("why", "lead:42", "score", "--html", "page.html", "--plain").code == 2


def test_without_plotly_a_page_says_what_to_install(adding: Path, whence: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    done = whence("why", "lead:42", "score", "--html", "page.html")
    assert done.code == 2
    assert 'pip install "whence[report]"' in done.err
    assert not (adding / "page.html").exists()


def chromium() -> str:
    """A browser. Skips where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no chromium is installed (apt-get install chromium)")
    return found


def test_a_browser_draws_the_chart_and_asks_for_nothing(adding: Path, whence: Run, tmp_path: Path) -> None:
    browser = chromium()
    whence("append", "lead:42", "EmailOpened", "--by", HOSTILE, "--time", "2026-01-13")
    whence("why", "lead:42", "score", "--html", "page.html")
    page = adding / "page.html"
    page.write_text(page.read_text().replace("<title>", LISTENING + "<title>", 1))
    options = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --dump-dom"
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    line = [browser, *options.split(), profile, "--virtual-time-budget=5000", page.as_uri()]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=True)
    drawn = done.stdout
    assert 'data-asked="nothing"' in drawn
    assert drawn.count('class="point"') >= 3
    assert "<title>Lead 42" in drawn


def test_a_notebook_gets_a_table_with_everything_escaped(adding: Path, whence: Run) -> None:
    whence("append", "lead:42", "EmailOpened", "--by", HOSTILE, "--time", "2026-01-13")
    with open_store() as db:
        table = db.why("lead:42", "score")._repr_html_()
        left_out = db.without("lead:42", "score", 6)._repr_html_()
    assert table.startswith("<table><caption>lead:42  score = 85</caption>")
    assert "<script>" not in table
    assert "without these 85" in left_out


def test_without_gives_the_value_had_events_not_happened(adding: Path, whence: Run) -> None:
    done = whence("without", "lead:42", "score", "@6", "--json")
    found = json.loads(done.out)
    assert (found["value"], found["without"], found["matters"]) == (80, 80, False)
    found = json.loads(whence("without", "lead:42", "score", "@6", "@5", "--json").out)
    assert (found["without"], [event["position"] for event in found["left_out"]]) == (65, [5, 6])
    assert "without these: 65" in whence("without", "lead:42", "score", "@5", "@6").out


def test_without_any_named_each_is_left_out_by_itself(adding: Path, whence: Run) -> None:
    done = whence("without", "lead:42", "score", "--at", "2026-01-11", "--csv")
    assert done.out.splitlines() == [
        "left_out,value,without,matters,problem",
        "2,80,20,true,",
        "4,80,75,true,",
        "5,80,65,true,",
    ]
    assert whence("without", "lead:42", "score", "--at", "2026-01-11").out.splitlines()[2].split()[-1] == "20"


def test_without_refuses_what_there_is_not(adding: Path, whence: Run) -> None:
    assert "Did you mean score" in whence("without", "lead:42", "scor", "@5").err
    assert whence("without", "lead:42", "score", "@500").code == 1
    assert whence("without", "lead:24", "score").code == 1

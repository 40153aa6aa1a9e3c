"""Leads: where they come from, what is done about them, which stage they are in and why, and whether they are won or
lost.

Read `events`; `meaning` with understood.toml, which events of others are read as which of these; `pipeline`, the stages
and moves that whence.toml may say; `state`, `decisions` and `scenarios`. How others' events are read, and what stages
are, the beginnings of whence.meaning and whence.stages say.
"""

from importlib.resources import files

from whence.pack import Pack
from whence.packs.leads.decisions import DECISIONS
from whence.packs.leads.pipeline import Pipeline
from whence.packs.leads.scenarios import SCENARIOS
from whence.packs.leads.state import Lead, in_pipeline

PACK = Pack(
    name="leads",
    title="A lead pipeline: sources, touches, scores, stages, and what comes of them",
    states=(Lead,),
    decisions=DECISIONS,
    scenarios=SCENARIOS,
    configuration=(files(__package__) / "whence.toml").read_text(encoding="utf-8"),
    configure=lambda table: [in_pipeline(Pipeline.from_table(table))],
)

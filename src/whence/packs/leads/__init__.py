"""Leads: where they come from, what is done about them, which stage they are in and why, and whether they are won or
lost. A pack as anybody could write it.

Read `events`; `meaning`, which events of others are read as which of these, and `understood.toml`, those that need no
line of whence.toml; `pipeline`, stages and moves; `state`, `decisions` and `scenarios`. How an event of another is read
is whence.meaning, and what stages are is whence.stages; neither knows leads. What users may configure stands in
whence.toml. Three extensions are packs of their own: `advancing`, moves from stage to stage and how many are in each;
`conversion`, what comes of leads; and `rescoring`, which records what scorecards and functions give.
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

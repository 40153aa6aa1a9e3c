"""Leads: where they come from, what is done about them, which stage they are in and why, and what becomes of them. A
pack as anybody could write it. Read `events`, `pipeline` (stages and moves), `state`, `decisions`, `tables`,
`scenarios`; then `meaning`, the events of others that the end of `state` reads; then `figures` and `commands`. What
users may configure stands in whence.toml. An extension, `rescoring`, records what scorecards and functions give."""

from importlib.resources import files

from whence.pack import Pack
from whence.packs.leads import decisions, tables
from whence.packs.leads.pipeline import Pipeline
from whence.packs.leads.scenarios import SCENARIOS
from whence.packs.leads.state import Lead, in_pipeline

PACK = Pack(
    name="leads",
    title="A lead pipeline: sources, touches, scores, stages, and what comes of them",
    states=(Lead,),
    decisions=decisions.DECISIONS,
    tables=tables.TABLES,
    scenarios=SCENARIOS,
    configuration=(files(__package__) / "whence.toml").read_text(encoding="utf-8"),
    commands="whence.packs.leads.commands:COMMANDS",
    configure=lambda table: [in_pipeline(Pipeline.from_table(table))],
)

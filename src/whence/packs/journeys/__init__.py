"""Journeys: what customers did over all sources, on one time line, and what came of it. A pack: `whence journeys …`.

    from whence.packs import journeys

    with whence.open("shop.db") as db, journeys.touchpoints(db) as asked:
        found = journeys.funnel(asked, ["Visited", "SignedUp", "Bought"], within="30 days")

Read it in this order: `events`, `state`, `decisions` and `scenarios`, who is who; `people` and `tables`, the names of
each customer; `timeline`, what one customer did. What all did is asked in columns: see the folder `columns`. Questions
of one file are `sessions` (the shortest, it shows how all are made), `paths`, `attribution` and `sequence`; `funnels`
and `returning` are folders, read by themselves. What a function is told and says of itself is its command, too;
`commands` and `pictures` show what is answered.

Whatever is told a step, a field or a period that is none, or that no event has, raises InvalidQuery or InvalidTime.
"""

from whence.pack import Pack
from whence.packs.journeys.attribution import attribution
from whence.packs.journeys.columns.step import Step
from whence.packs.journeys.columns.touchpoints import Touchpoints, touchpoints
from whence.packs.journeys.decisions import identify, separate
from whence.packs.journeys.events import Identified, Separated
from whence.packs.journeys.funnels.dropouts import dropped
from whence.packs.journeys.funnels.durations import times
from whence.packs.journeys.funnels.funnel import funnel
from whence.packs.journeys.paths import paths
from whence.packs.journeys.people import People, pairs_in
from whence.packs.journeys.returning.cohorts import cohorts, retention
from whence.packs.journeys.returning.customers import customers
from whence.packs.journeys.scenarios import SCENARIOS
from whence.packs.journeys.sequence import check
from whence.packs.journeys.sessions import sessions, sessions_by
from whence.packs.journeys.state import Identity, Naming, named_by
from whence.packs.journeys.tables import identities
from whence.packs.journeys.timeline import timeline

PACK = Pack(
    name="journeys",
    title="Customer journeys: one time line over all sources, funnels, retention and attribution",
    states=(Identity,),
    decisions=(identify, separate),
    tables=(identities,),
    scenarios=SCENARIOS,
    configure=lambda table: [named_by(Naming.from_table(table))],
    configuration='# kinds = ["customer", "lead", "visitor"]   # the tags that name customers, the main one first\n'
    '# joined_by = ["FormSent"]                 # event types that join the names they are tagged with\n',
    commands="whence.packs.journeys.commands:COMMANDS",
)

__all__ = [
    "PACK",
    "Identified",
    "Identity",
    "People",
    "Separated",
    "Step",
    "Touchpoints",
    "attribution",
    "check",
    "cohorts",
    "customers",
    "dropped",
    "funnel",
    "identify",
    "identities",
    "pairs_in",
    "paths",
    "retention",
    "separate",
    "sessions",
    "sessions_by",
    "timeline",
    "times",
    "touchpoints",
]

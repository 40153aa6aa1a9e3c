"""Journeys: what customers did over all sources, on one time line, and what came of it. A pack: `whence journeys …`.

    from whence.packs import journeys

    with whence.open("shop.db") as db, journeys.touchpoints(db) as asked:
        found = journeys.funnel(asked, ["Visited", "SignedUp", "Bought"], within="30 days")

Read it in this order: `events`, `state`, `decisions` and `scenarios`, who is who; `people` and `tables`, the names of
each customer; `touchpoints`, what all did, in columns; `step`, and one question, `sessions`, to see how all are made:
what a function is told and says of itself is its command, too. Then `funnel`, with `chain` for how far each gets. The
other questions stand each by itself (`paths`, `cohorts`, `attribution`, `sequence`; `timeline` is of one customer and
needs no columns). `commands` and `pictures` show what they answer.

Whatever is told a step, a field or a period that is none, or that no event has, raises InvalidQuery or InvalidTime.
"""

from whence.pack import Pack
from whence.packs.journeys.attribution import attribution
from whence.packs.journeys.cohorts import cohorts, customers, retention
from whence.packs.journeys.decisions import identify, separate
from whence.packs.journeys.events import Identified, Separated
from whence.packs.journeys.funnel import dropped, funnel, times
from whence.packs.journeys.paths import paths
from whence.packs.journeys.people import People, pairs_in
from whence.packs.journeys.scenarios import SCENARIOS
from whence.packs.journeys.sequence import check
from whence.packs.journeys.sessions import sessions, sessions_by
from whence.packs.journeys.state import Identity, Naming, named_by
from whence.packs.journeys.step import Step
from whence.packs.journeys.tables import identities
from whence.packs.journeys.timeline import timeline
from whence.packs.journeys.touchpoints import Touchpoints, touchpoints

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

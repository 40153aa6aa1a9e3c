"""Journeys: what customers did over all sources, on one time line. A pack: `whence journeys …`.

    from whence.packs import funnels, journeys

    with whence.open("shop.db") as db, journeys.touchpoints(db) as asked:
        found = funnels.funnel(asked, ["Visited", "SignedUp", "Bought"], within="30 days")

Read it in this order: `events`, `state`, `decisions` and `scenarios`, who is who; `people` and `tables`, the names of
each customer; `timeline`, what one customer did. What all did is asked in columns: see the folder `columns`, and
`statements`, which finds the SQL beside each module. The questions are extensions, packs of their own that are read by
themselves: `sessions` (it shows how all are made), `funnels`, `retention`, `attribution`, and `sequence`, whether what
the sources sent is whole. A function is its command, too, by its parameters and docstring: `asking` has what these
commands share, and `commands` those of this pack.

Whatever is told a step, a field or a period that is none, or that no event has, raises InvalidQuery or InvalidTime.
"""

from whence.pack import Pack
from whence.packs.journeys.columns.step import Step
from whence.packs.journeys.columns.touchpoints import Touchpoints, touchpoints
from whence.packs.journeys.decisions import identify, separate
from whence.packs.journeys.events import Identified, Separated
from whence.packs.journeys.people import People, pairs_in
from whence.packs.journeys.scenarios import SCENARIOS
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
    "identify",
    "identities",
    "pairs_in",
    "separate",
    "timeline",
    "touchpoints",
]

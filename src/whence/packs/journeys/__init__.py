"""Journeys: what customers did over all sources, and who of them is who. A pack: `whence journeys …`.

    with whence.open("shop.db") as db:
        db.decide(journeys.identify, "visitor:abc", "lead:42", reason="signed up")
        print(journeys.timeline(db, "lead:42").names)

Read `events`, `state`, `decisions` and `scenarios`: until here it is said what is kept and decided. The rest is how it
is answered: `people` and `tables`, the names of each customer; `timeline`, what one customer did; `commands`. What all
customers did is asked of `touchpoints`, an extension on which the other questions rest, packs of their own each.
"""

from whence.pack import Pack
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
    keys=Naming.__struct_fields__,
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
    "identify",
    "identities",
    "pairs_in",
    "separate",
    "timeline",
]

"""Journeys: who of the customers is who, on which all questions about what they did rest. A pack: `whence journeys …`.

    with whence.open("shop.db") as db:
        db.decide(journeys.identify, "visitor:abc", "lead:42", reason="signed up")
        print(db.table("journeys.identities"))

Read `events`, `naming`, `state`, `decisions` and `scenarios`: until here it is said what is kept and decided. The rest
is how it is answered: `people`, the names of each customer, `tables` and `commands`. What customers did is asked by
extensions, of which `timeline` tells of one, and `touchpoints` is what all others rest on.
"""

from whence.pack import Pack
from whence.packs.journeys.decisions import identify, separate
from whence.packs.journeys.events import Identified, Separated
from whence.packs.journeys.naming import Naming
from whence.packs.journeys.people import People, pairs_in
from whence.packs.journeys.scenarios import SCENARIOS
from whence.packs.journeys.state import Identity, as_configured
from whence.packs.journeys.tables import identities

PACK = Pack(
    name="journeys",
    title="Customer journeys: one time line over all sources, funnels, retention and attribution",
    states=(Identity,),
    decisions=(identify, separate),
    tables=(identities,),
    scenarios=SCENARIOS,
    keys=Naming.__struct_fields__,
    configure=as_configured,
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
]

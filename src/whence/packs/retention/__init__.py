"""Who comes back: those who began together and what came of them, and how often and how lately each customer bought. It
adds to the pack journeys: `whence journeys cohorts`, `retention` and `customers`.

    with touchpoints(db) as asked:
        found = retention.retention(asked, unit="week", begin="Visited", returns="Bought", upto=12)

Read whence.packs.touchpoints first. Then read `cohorts`, where retention stands too, and `customers`. `commands` and
`pictures` show what is answered.
"""

from whence.pack import Pack
from whence.packs.retention.cohorts import cohorts, retention
from whence.packs.retention.customers import customers

PACK = Pack(
    name="journeys.retention",
    title="Retention of customers",
    states=(),
    commands="whence.packs.retention.commands:COMMANDS",
)

__all__ = ["PACK", "cohorts", "customers", "retention"]

"""What led to what: which touchpoints follow each other, and which channels the conversions are owed to. It adds to the
pack journeys: `whence journeys paths` and `attribution`.

    with touchpoints(db) as asked:
        found = attribution.attribution(asked, "Bought", ["Visited|Read"], channel="source")

Read whence.packs.touchpoints first; then `paths` and `attribution`, each by itself, and `commands`.
"""

from whence.pack import Pack
from whence.packs.attribution.attribution import attribution
from whence.packs.attribution.paths import paths

PACK = Pack(
    name="journeys.attribution",
    title="Paths and attribution of customer journeys",
    states=(),
    commands="whence.packs.attribution.commands:COMMANDS",
)

__all__ = ["PACK", "attribution", "paths"]

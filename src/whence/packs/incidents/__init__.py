"""Something went wrong: three questions of the changes, each a table by itself. Extends whence.packs.changes. From
Python:

    db.table("settings.suspects", incident=when, hours=24)

Read `suspects` (which one may it have been), `claims` (which do something else than their reason says) and `affected`
(what a version touched).
"""

from whence.pack import Pack
from whence.packs.incidents.affected import Affected, affected
from whence.packs.incidents.claims import Claim, claims
from whence.packs.incidents.suspects import Suspect, suspects

PACK = Pack(
    name="settings.incidents",
    title="What may it have been, and what did it touch?",
    states=(),
    tables=(claims, suspects, affected),
)

__all__ = ["PACK", "Affected", "Claim", "Suspect", "affected", "claims", "suspects"]

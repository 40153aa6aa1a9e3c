"""Scores of leads that a scorecard or a Python function gives, recorded. It adds `whence leads rescore` to the pack
leads. Read `rescoring`; `commands` has the command.

    for each in rescoring.rescore(db, card="lead_v2"):
        print(each.lead, each.before, each.score)
"""

from whence.pack import Pack
from whence.packs.rescoring.rescoring import Rescored, rescore

PACK = Pack(
    name="leads.rescoring",
    title="Recorded scores of leads",
    states=(),
    commands="whence.packs.rescoring.commands:COMMANDS",
)

__all__ = ["PACK", "Rescored", "rescore"]

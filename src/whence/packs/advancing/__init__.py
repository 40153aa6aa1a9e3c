"""How leads advance: they move from stage to stage, until they are won or lost; and how many are in each. It adds to
the pack leads: `whence leads move`, `win`, `lose` and `pipeline`. Which moves there are is said by the pack leads, and
others are refused by whence.stages.

    for row in db.table(advancing.pipeline, at="2026-03-31"):
        print(row.stage, row.leads, row.share)

Read `decisions` and `scenarios`; then `meant`, on which those of conversion and outcomes rest too, and `tables`.
"""

from whence.pack import Pack
from whence.packs.advancing.decisions import DECISIONS
from whence.packs.advancing.scenarios import SCENARIOS
from whence.packs.advancing.tables import pipeline

PACK = Pack(
    name="leads.advancing",
    title="Leads from stage to stage, until they are won or lost",
    states=(),
    decisions=DECISIONS,
    tables=(pipeline,),
    scenarios=SCENARIOS,
)

__all__ = ["PACK", "pipeline"]

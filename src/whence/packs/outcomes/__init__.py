"""Outcomes of leads: which sources and owners win, for how much and in how many days; why leads are won and lost; and
what was done with them. It adds to the pack leads: `whence leads sources`, `owners`, `reasons` and `touches`.

    for row in db.table(outcomes.sources, at="2026-03-31"):
        print(row.source, row.leads, row.won)

Read whence.packs.advancing.meant first, which leads are meant and what is said of several; then `outcomes`.
"""

from whence.pack import Pack
from whence.packs.outcomes.outcomes import owners, reasons, sources, touches

PACK = Pack(
    name="leads.outcomes",
    title="Outcomes of leads: what wins, and why",
    states=(),
    tables=(sources, owners, reasons, touches),
)

__all__ = ["PACK", "owners", "reasons", "sources", "touches"]

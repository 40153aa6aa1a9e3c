"""Differences between two sides, as reconciliations find them: open until somebody decides what is done about each, or
they are gone. Finding them is left to whence.packs.reconciliation, which builds on this.

Read it in this order: `events`, `state`, `decisions`, `scenarios`, `recording`, how a comparison becomes events, and
`tables`."""

from whence.pack import Pack
from whence.packs.differences import tables
from whence.packs.differences.decisions import settle
from whence.packs.differences.scenarios import SCENARIOS
from whence.packs.differences.state import Difference

PACK = Pack(
    name="ledger.differences",
    title="Ledger: differences between two sides, until they are settled",
    states=(Difference,),
    decisions=(settle,),
    tables=(tables.differences, tables.ageing, tables.reconciliations),
    scenarios=SCENARIOS,
)

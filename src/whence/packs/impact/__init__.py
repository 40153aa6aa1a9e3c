"""What changes of settings did to an outcome: decisions and what came of each, compared before and after every change,
and which change explains it best when many were tried. Extends whence.packs.changes. From Python:

    from whence.packs import impact

    impact.impact(db, "EmailSent", outcome="Replied", within="3 days")

Read `candidates` (which decisions a change is judged by), `effects` (what is told of each) and `asking` (all of it at
once). `telling`, `chart` and `commands` show it. The decisions and what came of each are those of
whence.experiments.trials; which of many changes did something is found out by whence.experiments.interventions, which
knows them by their numbers."""

from whence.pack import Pack
from whence.packs.impact.asking import impact

PACK = Pack(
    name="settings.impact",
    title="What each change of settings did to an outcome",
    states=(),
    commands="whence.packs.impact.commands:COMMANDS",
)

__all__ = ["PACK", "impact"]

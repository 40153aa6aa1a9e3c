"""What changes of settings did to an outcome: decisions and what came of each, compared before and after every change,
and which change explains it best when many were tried. Extends whence.packs.changes. From Python:

    from whence.packs import impact

    impact.impact(db, "EmailSent", outcome="Replied", within="3 days")

Three modules know no setting, and are read first: whence.experiments.trials (decisions and what came of each, as
arrays), whence.experiments.impact (what is told of a change: an `Effect`) and whence.experiments.interventions (which
of many changes did something). Here `asking` is the question as a whole, and `candidates` which decisions a change is
judged by; `rows`, `picture` and `commands` show what was found.
"""

from whence.pack import Pack
from whence.packs.impact.asking import impact

PACK = Pack(
    name="settings.impact",
    title="What each change of settings did to an outcome",
    states=(),
    commands="whence.packs.impact.commands:COMMANDS",
)

__all__ = ["PACK", "impact"]

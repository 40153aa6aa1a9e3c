"""What changes of settings did to an outcome: decisions and what came of each, compared before and after every change,
and which change explains it best when many were tried. Extends whence.packs.changes. From Python:

    from whence.packs import impact

    impact.impact(db, "EmailSent", outcome="Replied", within="3 days")

Read whence.experiments.trials first: decisions and what came of each. Then `effects` (what is told), `candidates`
(which decisions a change is judged by), `blame` (which of many changes did something, each measured as
whence.experiments.leastsquares does) and `asking` (all of it at once). Until here it is said what is found out;
`telling`, `chart` and `commands` show it."""

from whence.pack import Pack
from whence.packs.impact.asking import impact
from whence.packs.impact.effects import Day, Effect, Impact

PACK = Pack(
    name="settings.impact",
    title="What each change of settings did to an outcome",
    states=(),
    commands="whence.packs.impact.commands:COMMANDS",
)

__all__ = ["PACK", "Day", "Effect", "Impact", "impact"]

"""What changes of settings did to an outcome: decisions and what came of each, compared before and after every change,
and which change explains it best when many were tried. Extends whence.packs.settings. From Python:

    from whence.packs import impact

    impact.impact(db, "EmailSent", outcome="Replied", within="3 days")

Read `effects` (what is told), `trials` (decisions and what came of each, as arrays), `candidates` (which decisions a
change is judged by), `blame` (which of many changes did something; what one comes to, whence.experiments.leastsquares
says) and `asking` (all of it at once); then `telling`, `chart` and `commands`, which show it.
"""

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

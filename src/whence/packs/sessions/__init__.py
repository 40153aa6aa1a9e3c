"""Sessions: touchpoints of a customer without a long pause between them. It adds `whence journeys sessions` to the pack
journeys. It is the shortest of the questions, and shows how all are made: a function that asks SQL over columns, which
is its command, too.

    with touchpoints(db) as asked:
        found = sessions.sessions_by(asked, "week", gap="2 hours")

Read `sessions` with sessions.sql; `commands` has the command.
"""

from whence.pack import Pack
from whence.packs.sessions.sessions import sessions, sessions_by

PACK = Pack(
    name="journeys.sessions",
    title="Sessions of customers",
    states=(),
    commands="whence.packs.sessions.commands:COMMANDS",
)

__all__ = ["PACK", "sessions", "sessions_by"]

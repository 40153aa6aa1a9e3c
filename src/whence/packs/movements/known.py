"""What a verb is told: what is known, and what every verb of the ledger is asked for besides its own. How states are
kept and caught up with is left to whoever makes a `Known`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, TypedDict, TypeVar, cast

from whence.money import Money
from whence.packs.ledger.state import Account, Charge, Hold, Transaction

Amount = str | Money
Text = Annotated[str | None, "what it is for"]
State = TypeVar("State", Account, Charge, Hold, Transaction)


class How(TypedDict, total=False):
    """What every verb is told besides: who does it, when it happened (now, unless it is said), and a `key` that names
    the transaction, so that the same again changes nothing. No verb reads it: it is the book that does, and verbs have
    it so that the types of the book's methods say so."""

    by: str | None
    time: datetime | str | int | None
    key: str | None


class Known:
    """The states as of one position, looked up as a verb asks for them: `known(Charge, "ch_1")`. It depends on every
    event of what it asks for, which is noted. An account is not: its type never changes, and whatever moves it is
    appended on condition that it may still be used (see book.condition)."""

    def __init__(self, find: Callable[[str], Any]) -> None:
        self._find = find
        self.noted: dict[str, None] = {}

    def __call__(self, state: type[State], id: str) -> State:
        entity = f"{state.kind}:{id}"
        if state is not Account:
            self.noted[entity] = None
        return cast(State, self._find(entity))

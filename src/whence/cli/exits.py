"""The exit codes of every command, in one table, and which error ends in which. Scripts may rely on them."""

from __future__ import annotations

from whence import errors

OK, NO, USAGE, CONFLICT, STORE, MODEL, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

MEANINGS = {
    OK: "done, or yes",
    NO: "no: nothing found, not known, not allowed, rows refused, a check failed",
    USAGE: "a command, value, whence.toml or input file is wrong, a package missing",
    CONFLICT: "something else came first, or an id is in use for something else",
    STORE: "the store is missing, busy, damaged, no store, or cannot be written",
    MODEL: "a model failed while it folded an event, or a process was lost",
    INTERRUPTED: "interrupted",
}

ERRORS: dict[type[errors.WhenceError], int] = {
    errors.NotKnown: NO,
    errors.Refused: NO,
    errors.InvalidInput: USAGE,
    errors.Conflict: CONFLICT,
    errors.IdConflict: CONFLICT,
    errors.StoreError: STORE,
    errors.InvalidSegments: STORE,
    errors.MissingExtra: USAGE,
    errors.FoldFailed: MODEL,
    errors.WorkerLost: MODEL,
}


def code_of(problem: errors.WhenceError) -> int:
    """The exit code for an error: that of its nearest class in the table."""
    return next((ERRORS[kind] for kind in type(problem).__mro__ if kind in ERRORS), NO)


def listed() -> str:
    """The table as text, one code a line."""
    return "\n".join(f"{code:>3}  {meaning}" for code, meaning in MEANINGS.items())

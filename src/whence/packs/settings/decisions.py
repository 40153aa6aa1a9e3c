"""What can be decided about a document of settings: pure functions of it. A value that its schema does not take is
refused, and what changes nothing is nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from whence.errors import Refused, near
from whence.pack import decision
from whence.packs.settings.events import Changed, tagged
from whence.packs.settings.naming import name_of
from whence.packs.settings.state import Document
from whence.tree import MISSING, Edit, at, edited, edits_between, key_of, leaves, path_of, pruned, version_of


@decision
def set_(
    document: Document,
    id: str,
    setting: Annotated[str, "which setting"],
    value: Annotated[str, "what it is from now on"],
    *,
    why: Annotated[str | None, "why it is changed"] = None,
    label: Annotated[str | None, "what decisions call this version"] = None,
) -> Changed | None:
    """$ whence settings set scoring.threshold 70 --by anna --why "too many calls" --time 2026-01-05
    $ whence settings set prompts.email "Write as one who has read their page." --label p3 --by ben --time 2026-01-05

    A setting has another value from now on.

    A SETTING is written scoring.threshold, or android:features.x where it is of another document than main. A VALUE is
    JSON where it reads as JSON (70, true, null, a list, "70" in its quotes), else text; @FILE takes what a text file
    says. A value that the schema in whence.toml does not take is refused. Said again it changes nothing, unless it is
    called by another label.
    """
    # That is the help of the command, which whence.packs.active makes: it reads SETTING as a document and a key, and
    # VALUE as JSON, text or @FILE. Here `id` is the document, `setting` a key within it, and `value` any value.
    path = path_of(setting)
    before = at(document.values, path)
    _refuse_within_a_value(document, id, path)
    edits = list(edits_between(before, value, path))
    if not edits and label in (None, document.label):
        return None
    return changed(document, id, edits, why=why, label=label)


@decision
def unset(
    document: Document,
    id: str,
    setting: Annotated[str, "which setting"],
    *,
    why: Annotated[str | None, "why it is taken away"] = None,
) -> Changed:
    """$ whence settings unset prompts.email --by ben --why "the mailer has its own" --time 2026-01-07

    There is no such setting any more.

    An object that held nothing else goes with it. What it was stays in the history.
    """
    path = path_of(setting)
    found = at(document.values, path)
    if found is MISSING or (not path and found == {}):
        known = [name_of(id, key_of(each)) for each, _ in leaves(document.values) if each]
        remedy = near(name_of(id, key_of(path)), known, 3, otherwise="whence settings get lists them.")
        raise Refused("There is no such setting", setting=name_of(id, key_of(path)), remedy=remedy)
    return changed(document, id, pruned(document.values, [Edit(key_of(path), "remove")]), why=why)


def changed(document: Document, id: str, edits: Sequence[Edit], **said: Any) -> Changed:
    """The event of these edits, with the version they come to. Raises Refused where the schema does not take it."""
    after = edited(document.values, edits)
    if problems := document.configured().schema.problems(id, after):
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        path, problem = problems[0]
        setting = name_of(id, key_of(path))
        remedy = "Give it another value, or change [[pack.settings.schema]] in whence.toml."
        raise Refused("The schema does not take this value", setting=setting, problem=problem + more, remedy=remedy)
    return Changed(settings=id, edits=list(edits), version=version_of(after), setting=tagged(id, list(edits)), **said)


def _refuse_within_a_value(document: Document, id: str, path: tuple[str, ...]) -> None:
    """Refuse a key below one that has a value: it would take that value away."""
    for length in range(len(path)):
        upper = at(document.values, path[:length])
        if upper is not MISSING and not isinstance(upper, dict):
            whole = name_of(id, key_of(path[:length]))
            raise Refused(
                "This setting is below one that is a value, and no object",
                setting=name_of(id, key_of(path)),
                value_of=whole,
                remedy=f"Unset {whole} first, or set it as a whole.",
            )


DECISIONS = (set_, unset)

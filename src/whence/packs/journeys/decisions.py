"""What can be decided about who is who: to join two names, and to separate them again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

from whence.errors import Refused
from whence.grammar import split_tag
from whence.pack import decision
from whence.packs.journeys.events import Identified, Separated
from whence.packs.journeys.state import Identity


@decision
def identify(
    identity: Identity, id: str, same_as: str, *, reason: Annotated[str | None, "how it is known"] = None
) -> Identified | None:
    """$ whence journeys identify visitor:abc lead:42 --reason "signed up" --by web --time 2026-01-06
    $ whence journeys identify lead:42 customer:7 --by crm --time 2026-01-09

    Join two names of one customer, say a visitor with a lead.

    From then on their touchpoints are on one time line, those before it too. What was asked as of an earlier moment by
    the recorded clock stays as it was.
    """
    kinds = identity.naming().kinds
    for name in (id, same_as):
        kind, _ = split_tag(name)
        if kinds and kind not in kinds:
            remedy = f"The kinds are {', '.join(kinds)}; others are added to [pack.journeys] in whence.toml."
            raise Refused("No customer has a name of this kind", name=name, remedy=remedy)
    if id == same_as:
        raise Refused("A name is not joined with itself", name=id, remedy="Name two.")
    return None if sorted((id, same_as)) in identity.pairs else Identified(id, same_as, reason)


@decision
def separate(
    identity: Identity, id: str, other: str, *, reason: Annotated[str | None, "why they are not the same"] = None
) -> Separated:
    """$ whence journeys separate visitor:abc lead:42 --reason "a shared computer" --by anna --time 2026-01-10

    Take two names apart that were joined.

    Both keep what else they are joined with. Name the two that one event joined, also where joined_by in
    whence.toml says that it does. The command refuses others, and a time before they were joined; decide() in Python
    sees only the events of the two names, and where there is a joined_by it takes any two, at any time.
    """
    split_tag(id)
    split_tag(other)
    if sorted((id, other)) not in identity.pairs and not identity.naming().joined_by:
        remedy = f"{joined_with(id, identity.pairs)}."
        raise Refused("These two were not joined", name=id, other=other, remedy=remedy)
    return Separated(id, other, reason)


def joined_with(name: str, pairs: Iterable[Sequence[str]]) -> str:
    """Which names stand in a pair with one, as a sentence without its end."""
    partners = sorted({each for pair in pairs if name in pair for each in pair if each != name})
    return f"{name} is joined with {' and '.join(partners) or 'nobody'}"

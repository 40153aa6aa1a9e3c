"""`whence case open` and `answer`: a decision taken outside, by a person or a language model, in two steps."""

from __future__ import annotations

import json
from typing import Any, TextIO

import rich_click as click

from whence.cli import exits, screen
from whence.cli.command import at_store, command, in_zone, opened, option, with_model
from whence.errors import InvalidFile
from whence.grammar import split_tag


@click.group("case", short_help="Decide outside, in two steps.")
def case() -> None:
    """Decisions that a person or a language model takes. `open` writes what to decide on; `answer` records the answer,
    and marks it stale when something came between."""


@command(
    "open",
    "whence case open lead:42 LeadScored > case.json",
    brief="Write what to decide on.",
)
@click.argument("entity")
@click.argument("type")
@with_model
@at_store
@in_zone
def open_(entity: str, type: str, model: str | None, store: str | None, zone: str | None) -> int:
    """Prints the entity's state, and where it was read, as one JSON object. The answer will be an event of TYPE.
    The same question about the same events is the same case. Ends with 1 when it has been answered already."""
    split_tag(entity)
    with opened(store, zone=zone) as db:
        opened_case = db.open_case(entity, type, model=model)
    screen.json_lines([opened_case.to_json()])
    if opened_case.answered is None:
        return exits.OK
    screen.note(f"Answered already: whence show @{opened_case.answered}")
    return exits.NO


@command(
    "answer",
    "whence case answer case.json score=80 --by scorer --model gpt --prompt 'Score this lead'",
    brief="Record the answer.",
)
@click.argument("file", type=click.File("r", encoding="utf-8"), metavar="FILE|-")
@click.argument("words", nargs=-1, required=True, metavar="KEY=VALUE...")
@option("--by", "actor", envvar="WHENCE_BY", required=True, metavar="WHO", help="Who, or what, decided.")
@option("--model", metavar="NAME", help="The language model that answered, if one did.")
@option("--prompt", metavar="TEXT", help="The prompt it was given.")
@option("--input", "given", metavar="JSON", help="What it was given beside the case.")
@at_store
@in_zone
def answer(
    file: TextIO,
    words: tuple[str, ...],
    actor: str,
    model: str | None,
    prompt: str | None,
    given: str | None,
    store: str | None,
    zone: str | None,
) -> int:
    """Records the answer to a case that `whence case open` wrote. KEY=VALUE is what was decided: JSON where valid, else
    text. When something came between, the answer is kept but marked stale, and this ends with 3."""
    from whence.case import Case
    from whence.cli.writing import fields_of, json_of

    found = Case.from_json(_read(file))
    input = None if given is None else json_of(given, "--input")
    with opened(store, zone=zone) as db:
        answered = db.answer_case(found, fields_of(words), actor=actor, model=model, prompt=prompt, input=input)
    if not answered.stale:
        screen.styled(f"@{answered.position}  {found.type}  {found.entity}", "yellow")
        return exits.OK
    screen.styled(f"@{answered.position}  {found.type}.Stale  {found.entity}", "yellow")
    screen.note(f"Something came between, so the answer decides nothing. whence log {found.entity} shows what.")
    return exits.CONFLICT


def _read(file: TextIO) -> Any:
    try:
        return json.load(file)
    except ValueError as problem:
        remedy = "Hand back what whence case open wrote."
        raise InvalidFile("Not a case", file=file.name, problem=problem, remedy=remedy) from None


case.add_command(open_)
case.add_command(answer)

COMMANDS = (case,)

"""`whence case open` and `answer`: a decision taken outside, by a person or a language model, in two steps.
`whence cases` writes past decisions to be asked again, and compares the answers."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TextIO

import rich_click as click

from whence.cli import exits, screen
from whence.cli.command import (
    at_store,
    by_actor,
    command,
    from_to,
    grouped,
    in_json,
    in_zone,
    opened,
    option,
    with_model,
)
from whence.cli.screen import Column
from whence.errors import InvalidFile
from whence.grammar import split_tag

if TYPE_CHECKING:
    from whence.answers import Answers


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
@by_actor("actor", required=True, help="Who, or what, decided.")
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

which_cases = grouped(
    option("--type", "types", multiple=True, required=True, metavar="TYPE", help="The decision; again for another."),
    option("--entity", metavar="ENTITY", help="Only those about this entity, such as lead:42."),
    from_to,
)


@click.group("cases", short_help="Ask past decisions again.")
def cases() -> None:
    """Decisions of the past, to be asked again of another prompt, model or person. `write` writes what each was given;
    `compare` sets the answers beside what was decided. Whence calls no model."""


@command(
    "write",
    "whence cases write --type LeadScored --since 2026-01-01 > cases.jsonl",
    "whence cases write --type LeadScored --state --out lead-cases.jsonl",
    brief="Write what each past decision was given.",
)
@which_cases
@option("--state", is_flag=True, help="Also what the entity came to then.")
@with_model
@option("--out", metavar="FILE", help="A new file, which is there when it is whole; else standard output.")
@at_store
@in_zone
def write(
    types: tuple[str, ...],
    entity: str | None,
    since: str | None,
    until: str | None,
    state: bool,
    model: str | None,
    out: str | None,
    store: str | None,
    zone: str | None,
) -> int:
    """Writes one JSON object a line for each event of TYPE: what was decided, and under `given` the events that its
    basis saw up to its position; without a basis, those of its entity that happened before it. Ends with 1 when there
    is no such event to write."""
    from whence import jsonvalue
    from whence.cli.exchange import new_file

    count = late = 0
    with opened(store, zone=zone) as db, screen.progress("Writing") as told:
        asked = {"entity": entity, "since": since, "until": until, "state": state, "model": model}
        found = db.cases(*types, **asked, progress=told)  # type: ignore[arg-type]
        with nullcontext(sys.stdout.buffer) if out is None else new_file(out) as file:
            for each in found:
                file.write(jsonvalue.encode(each.to_json(), jsonvalue.ENVELOPE_DEPTH_MAX + 2) + b"\n")
                count, late = count + 1, late + bool(each.late)
    screen.note(f"Wrote {count:,} case{'' if count == 1 else 's'}.")
    if late:
        screen.note(f"{late:,} without a basis are given events that were recorded after them: see `late`.")
    return exits.OK if count else exits.NO


@command(
    "compare",
    "whence cases compare answers.csv --type LeadScored --field score",
    brief="Compare answers with what was decided.",
)
@click.argument("answers", metavar="ANSWERS|-")
@option("--field", required=True, metavar="FIELD", help="What the decisions recorded, for example score.")
@which_cases
@option("--tolerance", type=click.FloatRange(0), default=0, metavar="NUMBER", help="So far apart still agree.")
@in_json(help="One JSON object.")
@at_store
@in_zone
def compare(
    answers: str,
    field: str,
    types: tuple[str, ...],
    entity: str | None,
    since: str | None,
    until: str | None,
    tolerance: float,
    as_json: bool,
    store: str | None,
    zone: str | None,
) -> int:
    """Reads answers, CSV with the columns case and value, or JSON lines, and compares them with a field that the
    decisions recorded. Of several answers to a case the median counts, and their spread is shown. Ends with 1 when any
    answer is missing or extra."""
    with opened(store, zone=zone) as db, screen.progress("Reading") as told:
        asked = {"entity": entity, "since": since, "until": until, "tolerance": tolerance}
        found = db.compare_answers(answers, *types, field=field, **asked, progress=told)  # type: ignore[arg-type]
    if as_json:
        import msgspec

        screen.json_lines([msgspec.to_builtins(found)])
    else:
        _show_answers(found)
    return exits.NO if found.missing or found.extra else exits.OK


def _show_answers(found: Answers) -> None:
    """The counts, the differences, and the cases that differ or scatter most."""
    agree = f", {found.agree:,} of which agree" if found.answered else ""
    screen.styled(f"{found.answered:,} of {found.cases:,} cases have an answer{agree}.", "bold")
    for count, what, names in (
        (found.missing, "without an answer", found.missing_cases),
        (found.extra, "in the file that are no such case", found.extra_cases),
    ):
        if count:
            more = f" and {count - len(names):,} more" if count > len(names) else ""
            screen.styled(f"{count:,} {what}: {', '.join(names)}{more}", "red")
    if found.without_number:
        screen.dim(f"{found.without_number:,} recorded no number to compare with")
    if found.empty:
        screen.dim(f"{found.empty:,} rows of the file have no value")
    if (differ := found.differences) is not None:
        columns = [Column(name, right=True) for name in differ.__struct_fields__]
        shown = [_number(getattr(differ, name)) for name in differ.__struct_fields__]
        screen.table(
            [Column(column.name.replace("_", " "), right=True) for column in columns],
            [shown],
            "screen",
            caption="differences: the answer less what was recorded",
        )
    if found.biggest and found.biggest[0].difference:
        screen.dim("")
        screen.table(_CASES, _case_rows(found.biggest), "screen", caption="the biggest differences")
    if found.several:
        screen.dim("")
        said = f"{found.several:,} have several answers, of a mean standard deviation of {_number(found.deviation)}"
        screen.table(_CASES, _case_rows(found.widest), "screen", caption=f"the widest spreads; {said}")


_CASES = [
    Column("position", "yellow", right=True),
    Column("entity", "cyan"),
    *(Column(name, right=True) for name in ("recorded", "answer", "difference", "answers", "least", "greatest")),
    Column("deviation", right=True),
]


def _case_rows(several: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    for each in several:
        of = each.answers
        numbers = map(_number, (each.recorded, of.median, each.difference))
        yield f"@{each.position}", each.entity, *numbers, of.count, *map(_number, (of.least, of.greatest, of.deviation))


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:,.3f}".rstrip("0").rstrip(".")


cases.add_command(write)
cases.add_command(compare)

COMMANDS = (case, cases)

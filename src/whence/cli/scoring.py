"""`whence score`: what a scorecard comes to, for one entity with what it is made of, or for all of a kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import rich_click as click

from whence.cli import exits, screen, wording
from whence.cli.command import (
    as_form,
    at_moment,
    at_store,
    command,
    entities_text,
    form_of,
    in_zone,
    moment_of,
    opened,
    option,
    times_in,
)
from whence.cli.screen import Column, Form
from whence.moments import second_of
from whence.query import Query

if TYPE_CHECKING:
    from whence.app import Whence
    from whence.history import At
    from whence.scoring import Crossing, Scorecard, Shares, Standing
    from whence.segments.scoring import Scored


VERSION: dict[Form, list[Column]] = {"screen": [], "json": [Column("version")], "csv": [Column("version")]}
"""The column of versions, which the screen has below the table."""
POSITIONS_SHOWN = 20
"""So many of the events that a rule counted are named on the screen."""


@command(
    "score",
    "whence score lead:42",
    "whence score lead:42 --crossings --at 2026-01-09",
    "whence score lead --json",
    "whence score lead:42 --as-scored",
    brief="What a scorecard comes to, and what it is made of.",
)
@click.argument("about", metavar="ENTITY|KIND")
@option(
    "--card",
    envvar="WHENCE_SCORE_CARD",
    metavar="NAME",
    help="The scorecard of this name, in whence.toml or FILE.toml:NAME; NAME@now or NAME@VERSION is one that was "
    "adopted. Else that of the kind's name, or the only one.",
)
@option(
    "--score",
    "named",
    envvar="WHENCE_SCORE_SCORE",
    metavar="NAME",
    help="What this score of the card is made of; else its first.",
)
@option(
    "--crossings",
    "crossed",
    envvar="WHENCE_SCORE_CROSSINGS",
    is_flag=True,
    help="When an entity reached each threshold, or fell below it.",
)
@option(
    "--as-scored",
    "as_scored",
    envvar="WHENCE_SCORE_AS_SCORED",
    is_flag=True,
    help="As it was scored at the time: each award by the version of the card in force at its event.",
)
@option("--against", metavar="TYPE.FIELD", help="Compare with the score that events of this type record in this field.")
@option(
    "--within",
    "tolerance",
    envvar="WHENCE_SCORE_WITHIN",
    type=float,
    default=0,
    metavar="POINTS",
    help="So many points apart still agree.",
)
@at_moment
@at_store
@in_zone
@as_form
def score(
    about: str,
    card: str | None,
    named: str | None,
    crossed: bool,
    as_scored: bool,
    against: str | None,
    tolerance: float,
    at: str | None,
    clock: str,
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Scores an entity by the scorecard in whence.toml, as of a moment, else as of its last event, and shows each
    rule's exact share: shares, floors, ceilings and rounding add up to the score. For a kind it shows all entities, the
    highest first; that reads segments where there are any, and needs the extra `columns`. Ends with 1 when there is
    nobody.

    A score uses one version of the card for all of history, the one in whence.toml. With --as-scored each award is made
    by the version that was in force at its event, before the first adoption by the first; facts, groups, bounds and
    thresholds are those of the version in force at the moment.

    With --against LeadScored.score it sets each score that another system recorded, such as a CRM, beside what the card
    came to just before that event, for a kind or one entity. Ends with 1 where any of them differs."""
    form = form_of(as_json, as_csv)
    with opened(store, zone=zone) as db:
        moment = moment_of(db, at, clock)
        if as_scored:
            if against is not None:
                raise click.UsageError("--as-scored and --against exclude each other.")
            return _show_as_scored(db, about, card, named, moment, clock, form, crossed=crossed)
        chosen = db.scorecard(about, card)
        if against is not None:
            code = _show_checked(db, about, chosen, against, named, tolerance, moment, form)
        elif ":" not in about:
            code = _show_all(db, chosen, moment, form)
        elif crossed:
            code = _show_crossings(db, about, chosen, moment, clock, form)
        else:
            code = _show_shares(db, about, chosen, named, moment, clock, form)
        if note := wording.not_in_force(db, chosen):
            screen.note(note)
        return code


def _show_as_scored(
    db: Whence, about: str, card: str | None, named: str | None, moment: At, clock: str, form: Form, *, crossed: bool
) -> int:
    """The same by the versions that were adopted."""
    versions = db.succession(about, card, at=moment).versions
    last = versions[-1].card
    if ":" in about:
        if crossed:
            code = _show_crossings(db, about, last, moment, clock, form, as_scored=True)
        else:
            code = _show_shares(db, about, last, named, moment, clock, form, as_scored=True)
    else:
        with screen.progress("Scoring") as told:
            found = db.scores_as_scored(about, card=card, at=moment, progress=told)
        ranked = sorted(found.items(), key=lambda item: -next(iter(item[1].scores_micro.values())))
        screen.table(_standing_columns(last, form), (_standing_row(*each, form) for each in ranked), form)
        if form == "screen" and found:
            screen.dim(f"{entities_text(len(found))} by the {wording.version_text(db, last)}")
        if not found:
            screen.note(wording.unknown_kind(db, about))
        code = exits.OK if found else exits.NO
    if form == "screen" and code == exits.OK:
        since = f", from {second_of(versions[0].adopted.time_us, db.config.zone)} on" if len(versions) > 1 else ""
        screen.dim(f"as scored by {len(versions)} version{'s' if len(versions) > 1 else ''}{since}")
    if ":" not in about and code == exits.OK and len(versions) > 1:
        screen.note("As scored by several versions, each entity is scored from its events and not over columns.")
    return code


def _show_shares(
    db: Whence,
    entity: str,
    card: Scorecard,
    named: str | None,
    moment: At,
    clock: str,
    form: Form,
    *,
    as_scored: bool = False,
) -> int:
    standing = db.score(entity, card=card, at=moment, as_scored=as_scored)
    if standing.at_us is None or next(iter(db.history(moment).events(Query.of(tags=[entity]))), None) is None:
        screen.note(wording.unknown_entity(db, entity, moment))
        return exits.NO
    found = db.shares(entity, named, card=card, at=moment, as_scored=as_scored)
    by = ["versions"] if as_scored else []
    if form == "json":
        scores = {name: _number(points) for name, points in standing.scores.items()}
        groups = {name: _number(points) for name, points in standing.groups.items()}
        said = {"entity": entity, "scores": scores, "groups": groups, "grade": standing.grade, "stage": standing.stage}
        shares = [
            dict(zip(("part", "group", "points", "events", *by), row, strict=True))
            for row in _share_rows(found, form, as_scored)
        ]
        screen.json_lines([{**said, "of": found.score, "made_of": shares, **_version_said(db, card)}])
        return exits.OK
    if form == "screen":
        words = [f"{name} {points}" for name, points in standing.scores.items()]
        words += [f"grade {standing.grade}"] * (standing.grade is not None)
        words += [f"stage {standing.stage}"] * (standing.stage is not None)
        screen.styled(f"{entity}  {', '.join(words)}", "bold")
    columns = [Column("part"), Column("group", "cyan"), Column("points", "green", right=True), Column("events")]
    columns += map(Column, by)
    zone = db.config.zone
    caption = f"{found.score} = {found.points}, as of {second_of(standing.at_us, zone)}; {times_in(zone, clock)}"
    if not screen.table(columns, _share_rows(found, form, as_scored), form, caption=caption):
        screen.note("No rule of the scorecard gave points.")
    if form == "screen":
        screen.dim(wording.version_text(db, card))
    return exits.OK


def _share_rows(found: Shares, form: Form, as_scored: bool) -> Iterator[tuple[Any, ...]]:
    """The rules that gave something, and what floors, ceilings and rounding did; as scored with the versions that made
    the awards."""
    for share in found.shares:
        positions = sorted({event.position for award in share.awards if award.micro for event in award.events})
        if share.micro or positions:
            shown = positions if form == "json" else _positions_text(positions, form)
            made = dict.fromkeys(award.version for award in share.awards if award.micro)
            yield share.rule, share.group, _number(share.points), shown, *_versions_cell(made, form, as_scored)
    for step in found.adjustments:
        none = [] if form == "json" else ""
        yield step.name, step.group, _number(step.points), none, *_versions_cell((found.version,), form, as_scored)


def _positions_text(positions: Sequence[int], form: Form) -> str:
    """All of them, but on the screen no more than can be taken in."""
    shown = positions[:POSITIONS_SHOWN] if form == "screen" else positions
    more = [f"and {len(positions) - len(shown):,} more"] if len(shown) < len(positions) else []
    return " ".join([*(f"@{position}" for position in shown), *more])


def _versions_cell(versions: Iterable[str], form: Form, as_scored: bool) -> tuple[Any, ...]:
    from whence.scoring.card import SHORT_DIGITS

    if not as_scored:
        return ()
    return ([*versions],) if form == "json" else (" ".join(each[:SHORT_DIGITS] for each in versions),)


def _show_crossings(
    db: Whence, entity: str, card: Scorecard, moment: At, clock: str, form: Form, *, as_scored: bool = False
) -> int:
    columns = [
        Column("time", "blue", least=20),
        Column("stage", "bold"),
        Column("score", "cyan"),
        Column("at", right=True),
        Column("crossed"),
        Column("points", "green", right=True),
        Column("event"),
        *(VERSION["json"] if as_scored else VERSION[form]),
    ]
    zone = db.config.zone
    found = db.crossings(entity, card=card, at=moment, as_scored=as_scored)
    rows = (_crossing_row(each, zone, form, as_scored) for each in found)
    count = screen.table(columns, rows, form, caption=times_in(zone, clock))
    if not count:
        screen.note(f"{entity} has crossed no threshold.")
    elif form == "screen":
        screen.dim(wording.version_text(db, card))
    return exits.OK if count else exits.NO


def _crossing_row(each: Crossing, zone: tzinfo, form: Form, as_scored: bool) -> tuple[Any, ...]:
    time = second_of(each.at_us, zone) if form == "screen" else each.time
    event = None if each.event is None else each.event.position
    of = (each.threshold.stage, each.threshold.score, _number(each.threshold.at))
    shown = event if form != "screen" else "by time alone" if event is None else f"@{event} {each.event.type}"  # type: ignore[union-attr]
    row = (time, *of, "reached" if each.entered else "left", _number(each.points), shown)
    if form != "screen":
        return (*row, each.version)
    return (*row, *_versions_cell([each.version], form, as_scored))


def _show_checked(
    db: Whence, about: str, card: Scorecard, against: str, named: str | None, tolerance: float, moment: At, form: Form
) -> int:
    type, dot, field = against.rpartition(".")
    if not dot or not type:
        raise click.UsageError("--against names a type and a field, for example LeadScored.score.")
    near = Decimal(repr(tolerance))
    with screen.progress("Reading") as told:
        found = db.check_scores(about, type, field, score=named, card=card, tolerance=near, at=moment, progress=told)
    zone = db.config.zone
    columns = [
        Column("entity", "cyan"),
        Column("position", "yellow", right=True),
        Column("time", "blue", least=20),
        Column("recorded", "red", right=True),
        Column("scored", "green", right=True),
        *VERSION[form],
    ]
    rows = (
        (
            each.entity,
            each.recorded.position,
            second_of(each.recorded.time_us, zone) if form == "screen" else each.recorded.time,
            _number(each.theirs),
            _number(each.ours),
            *(() if form == "screen" else (found.version,)),
        )
        for each in found.differing
    )
    screen.table(columns, rows, form, caption=f"the first that differs of each; {times_in(zone, 'occurred')}")
    if not found.moments:
        whose = about if ":" in about else f"a {card.kind}"
        screen.note(f"No event {type} of {whose} has a number in {field}.")
        return exits.NO
    said = f"{found.entities_agree:,} of {entities_text(found.entities)} agree, and {found.moments_agree:,} of"
    screen.note(f"{said} {found.moments:,} scores recorded.")
    if found.without_number:
        screen.note(f"{found.without_number:,} more events {type} have no number in {field}.")
    if form == "screen":
        screen.dim(wording.version_text(db, card))
    return exits.OK if found.entities_agree == found.entities else exits.NO


def _show_all(db: Whence, card: Scorecard, moment: At, form: Form) -> int:
    with screen.progress("Building segments") as told:
        found = db.scores(card.kind, card=card, at=moment, progress=told)
    count = screen.table(_standing_columns(card, form), _standing_rows(found, form), form)
    if form == "screen" and count:
        screen.dim(f"{entities_text(count)} by the {wording.version_text(db, card)}; as of @{found.head}")
    if not count:
        screen.note(wording.unknown_kind(db, card.kind))
    return exits.OK if count else exits.NO


def _standing_rows(found: Scored, form: Form) -> Iterator[tuple[Any, ...]]:
    """All entities, the highest first score first."""
    for row in found.ranked():
        standing = found.standings.standing(found.card, row)
        entity = found.entities[int(found.standings.entity[row])]
        yield _standing_row(entity, standing, form)


def _standing_columns(card: Scorecard, form: Form) -> list[Column]:
    scores = (Column(score.name, "green", right=True) for score in card.scores)
    return [Column(card.kind, "cyan"), *scores, Column("grade", "bold"), Column("stage", "bold"), *VERSION[form]]


def _standing_row(entity: str, standing: Standing, form: Form) -> tuple[Any, ...]:
    version = () if form == "screen" else (standing.version,)
    return (entity, *map(_number, standing.scores.values()), standing.grade, standing.stage, *version)


def _version_said(db: Whence, card: Scorecard) -> dict[str, Any]:
    """The version of a card, and since when and by whom it was adopted if it was."""
    found = db.adoption_of(card)
    said: dict[str, Any] = {"version": card.version}
    return said if found is None else {**said, "adopted": {"since": found.since, "by": found.by}}


def _number(points: int | Decimal | float | str | None) -> Any:
    """Points as JSON and tables show them: digits, never a text."""
    return float(points) if isinstance(points, Decimal) else points


COMMANDS = (score,)

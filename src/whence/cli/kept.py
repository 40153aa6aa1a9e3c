"""`whence experiments`: the experiments that were kept, as a list or side by side."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from whence.cli import exits, screen
from whence.cli.command import as_form, at_store, command, configured, form_of, in_zone, option, times_in
from whence.cli.screen import Column, Form
from whence.moments import second_of

if TYPE_CHECKING:
    from whence.experiments.kept import Kept

FOLDER = "experiments"
"""The folder of kept runs, beside the store."""


@command(
    "experiments",
    "whence experiments",
    "whence experiments --compare v2 v2-strict",
    brief="The experiments that were kept, and how they compare.",
)
@click.argument("folders", nargs=-1, metavar="[FOLDER|NAME]...")
@option("--compare", is_flag=True, help="The measures of the runs side by side, and whether they are comparable.")
@as_form
@at_store
@in_zone
def experiments(
    folders: tuple[str, ...], compare: bool, as_json: bool, as_csv: bool, store: str | None, zone: str | None
) -> int:
    """Lists what whence experiment --save has kept: in these folders, each a run or a folder of runs, else in the
    folder `experiments` beside the store; a name is looked for there too. Of both sides it shows precision, recall
    and ROC AUC. With --compare it says where runs differ in more than the candidate, so that
    their numbers do not compare."""
    form = form_of(as_json, as_csv)
    from whence.clock import to_us
    from whence.experiments.kept import kept

    config = configured(zone)
    runs = kept(_paths(folders, lambda: _beside(config.store_url(store), config.folder)))
    if compare:
        _compare(runs, form)
        return exits.OK
    rows = (
        (run.name, run.started and second_of(to_us(run.started), config.zone), run.result["head"], *_row(run))
        for run in runs
    )
    columns = [Column("name", "cyan"), Column("when"), Column("head", right=True), Column("baseline")]
    columns += [Column("candidate", "green"), *(Column(name, right=True) for name in _NUMBERS)]
    screen.table(columns, rows, form, caption=f"{times_in(config.zone)}; before: under the baseline")
    return exits.OK


_TOLD = ("precision", "recall", "auc")
_NUMBERS = ("gained", "lost", *(f"{name}{role}" for name in _TOLD for role in ("", " before")))


def _row(run: Kept) -> Iterator[Any]:
    yield from (run.side("baseline"), run.side("candidate"), run.crossed("gained"), run.crossed("lost"))
    for name in _TOLD:
        yield from (_rounded(run.measure(role, name)) for role in ("candidate", "baseline"))


def _compare(runs: Sequence[Kept], form: Form) -> None:
    from whence.experiments.kept import differing, side_by_side

    columns = [Column("measure"), *(Column(run.name, "cyan", right=True) for run in runs)]
    screen.table(columns, ((name, *map(_rounded, values)) for name, values in side_by_side(runs)), form)
    apart = differing(runs)
    for name, values in apart.items():
        screen.note(f"{name} differs: {', '.join(map(screen.shown, values))}")
    if apart:
        screen.note("So these numbers do not compare: run the experiments again over the same history and settings.")


def _rounded(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value


def _paths(given: Sequence[str], beside: Any) -> list[Path]:
    """The folders that are meant: as they are named, else of this name beside the store."""
    if not given:
        return [beside()]
    return [path if (path := Path(each)).is_dir() or os.sep in each else beside() / each for each in given]


def _beside(url: str, folder: Path) -> Path:
    """The folder beside a store that is a file, else beside whence.toml."""
    path = url.removeprefix("sqlite:")
    return (folder if path.startswith(":") or "://" in path else Path(path).parent) / FOLDER


COMMANDS = (experiments,)

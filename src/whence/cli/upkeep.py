"""`whence init`, `check` and `copy`: a store's life as a whole."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import rich_click as click

from whence.cli import exits, screen, wording
from whence.cli.command import (
    at_store,
    command,
    configured,
    entities_text,
    events_text,
    in_json,
    is_missing,
    opened,
    option,
)
from whence.cli.screen import Column
from whence.config import Config
from whence.errors import InvalidInput, InvalidModel, StoreError
from whence.moments import zone_text

if TYPE_CHECKING:
    from whence.app import Whence
    from whence.checking.purity import Purity
    from whence.checking.soundness import Promise
    from whence.impurity import Kind

STORE_ENDINGS = (".db", ".sqlite", ".jsonl", ".ndjson")
"""So end the names of stores, which nobody gives to a folder that is to be made."""


@command("init", "whence init", "whence init pipeline --store leads.jsonl", brief="A whence.toml and an empty store.")
@click.argument("folder", default=".", type=click.Path(path_type=Path, file_okay=False))
@option(
    "--store",
    envvar="WHENCE_STORE",
    metavar="PATH",
    help="The store's file in that folder, else whence.db; .jsonl keeps a readable log.",
)
@option(
    "--zone", envvar="WHENCE_ZONE", metavar="ZONE", help="The time zone to read and show times in; else this machine's."
)
@option(
    "--pack",
    "packs",
    multiple=True,
    metavar="NAME",
    help="A ready domain to use here, of those that whence packs lists; may be given again.",
)
def init(folder: Path, store: str | None, zone: str | None, packs: tuple[str, ...]) -> int:
    """Writes a commented whence.toml and makes an empty store beside it. What is there already is left alone."""
    from whence import app
    from whence.pack import load
    from whence.template import write_config

    if folder.suffix in STORE_ENDINGS and not folder.exists():
        at = [] if folder.parent == Path() else [str(folder.parent)]
        asked = shlex.join(["whence", "init", *at, "--store", folder.name])
        raise InvalidInput("A folder is asked for", folder=folder, remedy=f"Write {asked}.")
    path, fresh = write_config(folder, store=store or "whence.db", zone=zone, packs=[load(each) for each in packs])
    config = Config.load(path)
    url = config.own_store
    if url is None:
        raise config.without_store()
    made = is_missing(url)
    try:
        with app.open(url, create=True, config=config) as db:
            count = db.store.head()
    except StoreError:
        if fresh:
            path.unlink()  # else the next init would find it, and fail at the same place
        raise
    screen.styled(f"{'Wrote' if fresh else 'Left as it is:'} {path}", "green" if fresh else "")
    what = "Made a new store" if made else f"The store is there, with {events_text(count)}"
    screen.styled(f"{what}: {url}", "green" if made else "")
    _note_unused(path, "store", config.store, store)
    _note_unused(path, "zone", zone_text(config.zone), zone)
    for name in packs:
        if name not in config.packs:
            screen.note(f"--pack {name} was not used: {path} is as it was. Write [pack.{name}] into it.")
    used = next((f"whence packs {name}, then whence {name} --help" for name in packs if name in config.packs), None)
    screen.dim(f"Next: {used or 'whence append lead:42 EmailOpened campaign=spring --by me, then whence log'}")
    return exits.OK


def _note_unused(path: Path, key: str, said: str | None, given: str | None) -> None:
    """Say that an option was not used because the file that was there says something else."""
    if given is not None and given != said:
        screen.note(f'--{key} {given} was not used: {path} says {key} = "{said}".')


@command(
    "check",
    "whence check",
    "whence check --store leads.db --json",
    "whence check --model lead.py:Lead",
    brief="Read everything; say whether every promise holds, or a model is pure.",
)
@option(
    "--model",
    "model",
    multiple=True,
    metavar="MODEL",
    help="Check this model instead: module:Class, file.py:Class or a kind; may be given again.",
)
@option("--models", "every", envvar="WHENCE_CHECK_MODELS", is_flag=True, help="Check each model in whence.toml.")
@at_store
@in_json(help="One JSON object a line.")
def check(model: tuple[str, ...], every: bool, store: str | None, as_json: bool) -> int:
    """Reads the whole store and says whether every promise holds: positions without gaps, ids used once, recorded
    times that never fall, content that can be read, an index that agrees. Says which libraries and settings it runs
    on. Ends with 1 when something does not hold.

    With --model it reads no store through but says whether a model's fold is pure: whether it looks at a clock, chance,
    a file, the network or the environment, changes events, shares parts of its state between entities, or differs from
    one process to the next. It reads the model's code and runs it on a sample of the store's events in processes of
    its own. That is a check, not a sandbox: what it does not find may be impure still."""
    with opened(store) as db:
        if every and not db.config.models:
            screen.note("There is no [model.KIND] in whence.toml to check. Name one: whence check --model lead.py:Lead")
            if not model:
                return exits.NO
        if model or every:
            return _check_models(db, (*model, *(db.config.models if every else ())), as_json)
        with screen.progress("Reading") as told:
            promises = db.check(progress=told)
        sound = all(promise.holds for promise in promises)
        if as_json:
            screen.json_lines([_report(db, promises)])
        else:
            _print(db, promises)
        return exits.OK if sound else exits.NO


PURE: dict[Kind, str] = {
    "call": "looks at no clock, chance, file, network or environment",
    "event": "leaves the events as they are",
    "shared": "begins each entity with the same state",
    "unstable": "gives the same states in another process",
}
"""What holds of a model in which nothing of a kind is found."""


def _check_models(db: Whence, models: Iterable[str], as_json: bool) -> int:
    """Say of each model whether it is pure."""
    pure = True
    for model in dict.fromkeys(models):
        if model.endswith(".py"):
            raise InvalidModel("A file is no model", model=model, remedy=f"Name its class too: {model}:Lead.")
        if ":" not in model and model not in db.config.models and not any(model in each.kinds for each in db.types()):
            screen.note(wording.unknown_kind(db, model))
            pure = False
            continue
        with screen.progress("Reading") as told:
            found = db.check_model(model, progress=told)
        pure = pure and found.is_pure
        if as_json:
            screen.json_lines([{"named": model, "pure": found.is_pure, **msgspec.to_builtins(found)}])
        else:
            _print_purity(found, model)
    return exits.OK if pure else exits.NO


def _print_purity(found: Purity, model: str) -> None:
    screen.styled(f"{found.model}  ({model})", "bold")
    for kind, promise in PURE.items():
        if kind != "call" and not found.events:
            continue
        if kind == "unstable" and not found.in_processes:
            continue
        problems = [each for each in found.findings if each.kind == kind]
        screen.styled(f"{'NOT ' if problems else 'ok  '} {promise}", "bold red" if problems else "green")
        for each in problems:
            screen.styled(f"     {each.handler} {each.problem}{each.place and '  '}{each.place}", "red")
            screen.styled(f"       {each.remedy}", "cyan")
    if not found.events:
        screen.dim("its code was read, not run: there is no event to run it on; a check, not a sandbox")
        return
    screen.dim(f"on a sample of {events_text(found.events)} of {entities_text(found.entities)}; a check, not a sandbox")
    if found.unseen_types:
        screen.dim(f"not in the sample: {', '.join(found.unseen_types)}")


def _report(db: Whence, promises: list[Promise]) -> dict[str, object]:
    identity = db.store.identity()
    return {
        "sound": all(promise.holds for promise in promises),
        "events": db.store.head(),
        "store_id": identity.store_id,
        "epoch": identity.epoch,
        "format": identity.format,
        "origin": identity.origin,
        "promises": [{"name": p.name, "holds": p.holds, "count": p.count, "problems": p.problems} for p in promises],
        "settings": db.store.settings(),
    }


def _print(db: Whence, promises: list[Promise]) -> None:
    for promise in promises:
        if promise.holds:
            screen.styled(f"ok   {promise.name}", "green")
            continue
        screen.styled(f"NOT  {promise.name}", "bold red")
        for problem in promise.problems:
            screen.styled(f"     {problem}", "red")
        if promise.count > len(promise.problems):
            screen.dim(f"     and {promise.count - len(promise.problems):,} more")
    print()
    screen.table([Column("about", "dim"), Column("value")], _about(db), "screen")
    if not all(promise.holds or promise.derived for promise in promises):
        screen.note("Stop writing to this store, keep a copy of the file, and copy it to a new one: whence copy A B.")


def _about(db: Whence) -> Iterator[tuple[str, object]]:
    identity = db.store.identity()
    yield "events", f"{db.store.head():,}"
    yield "store id", identity.store_id
    yield "epoch", identity.epoch
    yield "format", identity.format
    if identity.origin:
        yield "copied from", identity.origin
    yield from db.store.settings().items()


@command(
    "copy",
    "whence copy whence.db leads.jsonl",
    "whence copy whence.db better.db --without import:ID",
    brief="A new store with the same events, positions and ids.",
)
@click.argument("source")
@click.argument("target")
@option(
    "--without",
    metavar="import:ID",
    help="Leave out a wrong import, ID being the id of its whence.ImportStarted; later events move up.",
)
def copy(source: str, target: str, without: str | None) -> int:
    """Writes the events of one store into another of any kind, positions and ids unchanged. A target that was copied
    from the same source before is carried on. --without writes a new store that never had that import, in which
    the events have new positions."""
    from whence import app

    config = configured()
    with app.open(source, config=config) as db:
        fresh = is_missing(target)
        with screen.progress("Copying") as told:
            copied = db.copy(target, without=without, progress=told)
        if fresh:
            screen.note(f"Made a new store: {target}")
        screen.styled(f"Copied {events_text(copied)} to {target}.", "green")
    return exits.OK


COMMANDS = (init, check, copy)

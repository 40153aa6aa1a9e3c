"""`whence demo`: a year of a believable lead pipeline, and its story."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from whence.cli import exits
from whence.cli.command import command


@command("demo", "whence demo", "whence demo playground", brief="A year of a lead pipeline, and its story.")
@click.argument("folder", default="demo", type=click.Path(path_type=Path, file_okay=False))
def demo(folder: Path) -> int:
    """Makes a folder with a whence.toml and a store of some 60,000 events, the same every time, then tells the story of
    one lead with the commands you would use yourself. It ends by itself, in under half a minute."""
    from whence.demo import run

    run(folder)
    return exits.OK


COMMANDS = (demo,)

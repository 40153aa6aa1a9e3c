"""The commented whence.toml that `whence init` writes: what it says, and the first of everything else to uncomment."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from pathlib import Path

from tzlocal import get_localzone_name

from whence.config import FILE_NAME
from whence.errors import CannotWrite, InvalidModel
from whence.moments import zone_of
from whence.pack import Pack

TEMPLATE = """\
# The configuration of this folder. Whence reads the nearest whence.toml, upwards.

# Where the events are kept: a SQLite file, or a readable log when the name ends in .jsonl.
store = {store}

# The time zone in which times are read and shown.
zone = "{zone}"

# Event types, or tags, that change how things are decided: whence why shows them beside a value that was set outside.
# settings = ["PromptChanged", "setting:scoring"]

# How the rows of a file become events: whence import crm.csv --preview shows it.
# A value is a column's name, or text with columns in braces; the columns that no line names become the data.
#
# [import.crm]
# type = "what"
# time = "when"
# zone = "{zone}"
# tags = ["lead:{{lead}}"]
# actor = "owner"
# numbers = ["score"]          # with decimal = "," for 1.250,50

# What an entity is. Without this, its fields are the last value of each data field, and how often each event came.
#
# [model.lead]
# fields = {{ qualified = false }}
#
# [[model.lead.rule]]
# on = "Scored"
# set = {{ score = "$score", scored_by = "$actor" }}
"""

PACK = """
# {title}
[pack.{name}]
"""


def write_config(folder: Path, *, store: str, zone: str | None, packs: Iterable[Pack] = ()) -> tuple[Path, bool]:
    """Write the file into a folder, which is made when it is missing; return its path and whether it is new.

    With packs it names each, and adds what each has to configure. What is there already is left alone. Raises
    InvalidConfig for an unknown zone, InvalidModel for a pack whose configuration is not TOML, and CannotWrite.
    """
    path = folder / FILE_NAME
    name = zone or get_localzone_name() or "UTC"
    zone_of(name)
    text = _with_packs(TEMPLATE.format(store=json.dumps(store, ensure_ascii=False), zone=name), packs)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        if path.is_file():
            return path, False
        raise CannotWrite("Something else is in the way", path=path, remedy="Choose another folder.") from None
    except OSError as problem:
        said, remedy = "The configuration cannot be written", "Choose a folder that you can write."
        raise CannotWrite(said, path=path, problem=problem.strerror, remedy=remedy) from None
    return path, True


def _with_packs(text: str, packs: Iterable[Pack]) -> str:
    """The text with what each pack has to configure, read once, so that no file is left that cannot be."""
    for pack in packs:
        text += PACK.format(title=pack.title, name=pack.name) + pack.configuration
        try:
            tomllib.loads(text)
        except tomllib.TOMLDecodeError as problem:
            remedy = f"Mend its configuration, which stands below a line [pack.{pack.name}] and does not repeat it."
            said = "What a pack writes into whence.toml cannot be read"
            raise InvalidModel(said, pack=pack.name, problem=problem, remedy=remedy) from None
    return text

"""A TOML file as its tables, with each way in which it cannot be read told apart. What the tables mean is left to
whoever reads them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from whence.errors import InvalidConfig


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file. Raises InvalidConfig naming the file and the line."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))  # editors on Windows write the mark
    except UnicodeDecodeError as problem:
        raise InvalidConfig("Not UTF-8", file=path, byte=problem.start, remedy="Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as problem:
        remedy = 'Mend that line: text stands in quotes, name = "value".'
        if re.search("overwrite|twice|Duplicate", str(problem)):
            remedy = "This name stands twice in the file: keep one, and add to it what the other says."
        raise InvalidConfig("Not valid TOML", file=path, problem=problem, remedy=remedy) from None
    except OSError as problem:
        remedy = "Check the path, and who may read it."
        raise InvalidConfig("The file cannot be read", file=path, problem=problem.strerror, remedy=remedy) from None

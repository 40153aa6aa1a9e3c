"""The program `whence` as it is started. It stands beside the package, which Python loads before any module within it:
so whatever is loaded, is loaded where Ctrl-C is heeded."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line of this process and exit; interrupted before it could say so itself, with 130."""
    try:
        from whence.cli import main as run

        run()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)

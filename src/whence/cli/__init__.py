"""The command line, `whence`: each command parses, makes one call on app, and renders. `main` is the entry point."""

from whence.cli.program import main, run

__all__ = ["main", "run"]

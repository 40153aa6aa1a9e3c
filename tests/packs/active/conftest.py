"""The folder in which the settings are used."""

from tests.packs.settings.conftest import call, folder

__all__ = ["call", "folder"]

"""The pipeline and its three leads."""

from tests.packs.leads.story import db, folder, told

__all__ = ["db", "folder", "told"]

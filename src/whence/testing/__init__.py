"""The exams that every store and every pack sits, for those of this package and of others. They need pytest, and that
of stores hypothesis too."""

from whence.testing.packs import PackSuite
from whence.testing.suite import DurableStoreSuite, StoreSuite

__all__ = ["DurableStoreSuite", "PackSuite", "StoreSuite"]

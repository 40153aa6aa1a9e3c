"""The exam that every store sits, for this package's stores and for those of others. It needs pytest and hypothesis."""

from whence.testing.suite import DurableStoreSuite, StoreSuite

__all__ = ["DurableStoreSuite", "StoreSuite"]

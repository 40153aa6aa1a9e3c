"""The exams that every store and every pack sits, for those of this package and of others. They need pytest, and that
of stores hypothesis too."""

from typing import TYPE_CHECKING, Any

from whence.testing.packs import PackSuite

if TYPE_CHECKING:
    from whence.testing.suite import DurableStoreSuite, StoreSuite

__all__ = ["DurableStoreSuite", "PackSuite", "StoreSuite"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from whence.testing import suite  # here, since who writes a pack needs no hypothesis

    return getattr(suite, name)

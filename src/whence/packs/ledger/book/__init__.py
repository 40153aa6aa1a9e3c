"""The book: whatever moves money, as a call that either happens or is refused, however many write at once.

Read it in this order: `verbs`, what a charge, a hold or a reversal comes to; `laws`, what double entry allows;
`writing`, on which states it is decided and under which condition it is appended, so that the laws hold among many
writers."""

from whence.packs.ledger.book.writing import Book, expire

__all__ = ["Book", "expire"]

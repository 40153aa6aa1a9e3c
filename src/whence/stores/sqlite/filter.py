"""A filter that tells at once, without touching the file, that a hash is not in a run: a Bloom filter whose bits
for a hash lie in one 64-bit word (Putze, Sanders, Singler: Cache-, Hash- and Space-Efficient Bloom Filters, 2007)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from whence.stores.sqlite.keys import FILTER_FACTOR, HASH_BITS, POSITION_BITS

BITS_PER_KEY = 16
WORD_BITS = 64

Keys = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]


class Filter:
    """Sized once for a number of keys; `added` counts the keys put in, so that a half-filled one is recognised.

    What is asked for is a hash and its bits, which are the same in every filter.
    """

    def __init__(self, keys: int) -> None:
        word_bits = max(keys * BITS_PER_KEY // WORD_BITS, 1).bit_length()
        self.added = 0
        self.shift = HASH_BITS - word_bits
        self._words = np.zeros(1 << word_bits, dtype=np.uint64)
        self.view = self._words.data

    def add(self, keys: Keys) -> None:
        """Put in sorted keys."""
        if not len(keys):
            return
        hashes = (keys >> POSITION_BITS).astype(np.uint64)
        words = hashes >> np.uint64(self.shift)
        starts = np.concatenate(([0], np.flatnonzero(np.diff(words)) + 1))
        self._words[words[starts]] |= np.bitwise_or.reduceat(filter_bits_each(hashes), starts)
        self.added += len(keys)

    def may_contain_each(self, hashes: Words, bits: Words) -> npt.NDArray[np.bool_]:
        found: npt.NDArray[np.bool_] = (self._words[hashes >> np.uint64(self.shift)] & bits) == bits
        return found


def filter_bits_each(hashes: Words) -> Words:
    """`filter_bits` of many hashes."""
    mixed = hashes * np.uint64(FILTER_FACTOR)
    bits: Words = np.zeros_like(mixed)
    for shift in (58, 52, 46, 40):
        bits |= np.uint64(1) << (mixed >> np.uint64(shift) & np.uint64(63))
    return bits

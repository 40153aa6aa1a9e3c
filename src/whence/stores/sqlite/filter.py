"""A filter that tells at once, without touching the file, that a hash is not in a run: a Bloom filter whose bits
for a hash lie in one 64-bit word (Putze, Sanders, Singler: Cache-, Hash- and Space-Efficient Bloom Filters, 2007)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from whence.stores.sqlite.keys import HASH_BITS, POSITION_BITS

BITS_PER_KEY = 16
WORD_BITS = 64

Keys = npt.NDArray[np.int64]
_ONE = np.uint64(1)
_LOW = np.uint64(63)
_SIX = np.uint64(6)


class Filter:
    """Sized once for a number of keys; `added` counts the keys put in, so that a half-filled one is recognised."""

    def __init__(self, keys: int) -> None:
        word_bits = max(keys * BITS_PER_KEY // WORD_BITS, 1).bit_length()
        self.added = 0
        self._shift = HASH_BITS - word_bits
        self._words = np.zeros(1 << word_bits, dtype=np.uint64)
        self._view = self._words.data

    def add(self, keys: Keys) -> None:
        """Put in sorted keys."""
        if not len(keys):
            return
        hashes = (keys >> POSITION_BITS).astype(np.uint64)
        words = hashes >> np.uint64(self._shift)
        bits = (_ONE << (hashes & _LOW)) | (_ONE << ((hashes >> _SIX) & _LOW))
        starts = np.concatenate(([0], np.flatnonzero(np.diff(words)) + 1))
        self._words[words[starts]] |= np.bitwise_or.reduceat(bits, starts)
        self.added += len(keys)

    def may_contain(self, hash: int) -> bool:
        word = self._view[hash >> self._shift]
        return bool(word >> (hash & 63) & word >> (hash >> 6 & 63) & 1)

    def may_contain_each(self, hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
        words = self._words[hashes >> np.uint64(self._shift)]
        found = (words >> (hashes & _LOW)) & (words >> ((hashes >> _SIX) & _LOW)) & _ONE
        result: npt.NDArray[np.bool_] = found.astype(np.bool_)
        return result

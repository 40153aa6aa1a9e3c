"""The keys of the index: a 31-bit hash of an id, tag or type in the high half, the position in the low half, so that
sorted keys lie together by what they name and then by position.

Different names may share a hash: a hit is confirmed on the event row."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import repeat
from zlib import crc32

from whence.admission import RawId

HASH_BITS = 31
POSITION_BITS = 32
POSITION_MAX = 2**POSITION_BITS - 1
FILTER_FACTOR = 0x9E3779B97F4A7C15


def id_hashes(raw_ids: Collection[RawId]) -> list[int]:
    try:
        return [hash >> 1 for hash in map(crc32, raw_ids, repeat(0x1D))]  # type: ignore[arg-type]
    except TypeError:  # some are text
        return [crc32(raw_id if type(raw_id) is bytes else raw_id.encode(), 0x1D) >> 1 for raw_id in raw_ids]  # type: ignore[union-attr]


def tag_hashes(tags: Iterable[str]) -> list[int]:
    return [crc32(tag.encode(), 0x7A6) >> 1 for tag in tags]


def type_hashes(names: Iterable[str]) -> list[int]:
    return [crc32(name.encode(), 0x791E) >> 1 for name in names]


def filter_bits(hash: int) -> int:
    """Up to four bits of a 64-bit word that stand for a hash, from the high end of its product (Fibonacci hashing,
    Knuth: The Art of Computer Programming, 6.4)."""
    mixed = hash * FILTER_FACTOR
    return 1 << (mixed >> 58 & 63) | 1 << (mixed >> 52 & 63) | 1 << (mixed >> 46 & 63) | 1 << (mixed >> 40 & 63)


def key_range(hash: int, after: int, upto: int) -> tuple[int, int]:
    """The smallest and the largest key of a hash with after < position <= upto."""
    high = hash << POSITION_BITS
    return high | after + 1, high | upto

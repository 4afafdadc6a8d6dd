"""Ids of predictions that have none."""

import os
from uuid import UUID

_VERSION, _VARIANT = 0x7 << 76, 0x2 << 62
_RANDOM = (0xFFF << 64) | ((1 << 62) - 1)


def uuid7(now_ms: int) -> str:
    """A UUID of version 7 (RFC 9562): 48 bits of time, then random, so that ids sort by time.

    The kernel's randomness: a forked child would repeat that of `random`.
    """
    random = int.from_bytes(os.urandom(10)) & _RANDOM
    return str(UUID(int=(now_ms & 0xFFFF_FFFF_FFFF) << 80 | _VERSION | _VARIANT | random))

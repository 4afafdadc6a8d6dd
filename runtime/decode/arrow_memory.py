"""Memory that a process keeps from one batch to the next, because fresh pages cost more than the decoding.

A batch of Arrow records becomes a few large arrays that live for a moment. By default each of them is mapped anew and
given back (glibc: malloc's mmap and trim thresholds; pyarrow: mimalloc's purging), and the kernel clears every page.
"""

import ctypes

import pyarrow as pa

KEPT_BYTES = 1 << 30
"""Freed memory at the heap's end beyond this goes back to the system."""
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # malloc.h


def keep_freed_memory() -> bool:
    """Lets numpy and pyarrow use freed memory again for the rest of the process. To be called at its start.

    Returns False, having changed nothing, where the C library has no `mallopt` (it is glibc's).
    """
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallopt"):
        return False
    libc.mallopt(_TRIM_THRESHOLD, KEPT_BYTES)
    libc.mallopt(_MMAP_MAX, 0)
    pa.set_memory_pool(pa.system_memory_pool())
    return True

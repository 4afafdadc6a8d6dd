"""What a job's process may take of the machine."""

import os
import re
import resource
import sys
from pathlib import Path
from typing import Final

_NICE: Final = 10
_STATUS: Final = Path("/proc/self/status")


def confine(memory_mb: int | None) -> None:
    """Bows to other processes, and limits what may be allocated from here on.

    Private writable memory is what counts (RLIMIT_DATA): with the system's allocator it follows what is truly used
    within some 10 %. The address space (RLIMIT_AS) would count libraries, mapped files and unused reserves too.
    """
    os.nice(_NICE)
    if memory_mb is not None:
        size_bytes = memory_mb << 20
        resource.setrlimit(resource.RLIMIT_DATA, (size_bytes, size_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash must not leave the rows in a core file


def memory_limit_mb() -> int | None:
    """What `confine` was given."""
    size_bytes = resource.getrlimit(resource.RLIMIT_DATA)[0]
    return None if size_bytes == resource.RLIM_INFINITY else size_bytes >> 20


def peak_memory_bytes() -> int:
    """The most that this process held at once."""
    if _STATUS.exists():  # there ru_maxrss counts the parent's too, from before exec
        found = re.search(r"^VmHWM:\s+(\d+) kB", _STATUS.read_text(), re.MULTILINE)
        if found is not None:
            return int(found[1]) << 10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10

"""Memory kept between batches, seen from a process of its own: the setting lasts as long as the process."""

import subprocess
import sys

_PROGRAM = """
import resource
import sys
import numpy as np
import pyarrow as pa
from runtime.decode.arrow_memory import keep_freed_memory

if sys.argv[1] == "keep":
    assert keep_freed_memory(), "no mallopt here: the service runs, but slower; run the suite on glibc"
COLUMNS, BYTES = 32, 2 << 20

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    columns = [np.ones(BYTES, np.uint8) for _ in range(COLUMNS)]
    joined = [pa.concat_arrays([pa.array(column)] * 2) for column in columns]
    del columns, joined
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

pages = 3 * COLUMNS * BYTES // resource.getpagesize()
print(min(faults() for _ in range(6)) / pages)
"""


def _fresh_pages(setting: str) -> float:
    """The share of a batch's pages that the kernel had to clear, once the heap has found its size."""
    done = subprocess.run([sys.executable, "-c", _PROGRAM, setting], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


def test_a_batch_comes_back_to_the_pages_of_the_one_before() -> None:
    kept, by_default = _fresh_pages("keep"), _fresh_pages("by default")
    assert kept < 0.05
    assert kept < by_default / 4

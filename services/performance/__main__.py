"""`python -m services.performance join` or `python -m services.performance windows`."""

import sys

from services.performance.wiring import PROCESSES

if __name__ == "__main__":
    process = PROCESSES.get(sys.argv[1]) if len(sys.argv) == 2 else None
    if process is None:
        sys.exit(f"usage: python -m services.performance {'|'.join(PROCESSES)}")
    sys.exit(process())

"""`python -m services.drift fold` or `python -m services.drift windows`."""

import sys

from services.drift.wiring import PROCESSES

if __name__ == "__main__":
    process = PROCESSES.get(sys.argv[1]) if len(sys.argv) == 2 else None
    if process is None:
        sys.exit(f"usage: python -m services.drift {'|'.join(PROCESSES)}")
    sys.exit(process())

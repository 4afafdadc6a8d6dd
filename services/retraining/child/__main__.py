"""Does the job of a folder: `python -m services.retraining.child FOLDER [MEMORY_MB]`."""

import sys
from pathlib import Path

from services.retraining.child.confining import confine
from services.retraining.child.job import work

if __name__ == "__main__":
    confine(int(sys.argv[2]) if len(sys.argv) > 2 else None)
    sys.exit(work(Path(sys.argv[1])))

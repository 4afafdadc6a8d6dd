"""`python -m services.retraining`."""

import sys

from services.retraining.wiring import main

if __name__ == "__main__":
    sys.exit(main())

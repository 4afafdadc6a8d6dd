"""Makes the catalogue's topics and says what differs: python -m deploy.create_topics."""

import sys

from runtime.admin import create_topics
from runtime.errors import OperatorError
from runtime.settings import KafkaSettings


def main() -> int:
    """Returns the exit code; what differs is a warning, for nothing is changed about topics that exist."""
    try:
        differences = create_topics(KafkaSettings())
    except OperatorError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stderr.writelines(f"warning: {difference}\n" for difference in differences)
    return 0


if __name__ == "__main__":
    sys.exit(main())

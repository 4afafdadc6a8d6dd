"""What a command says when it cannot go on, and the exit codes."""

from enum import IntEnum

from runtime.errors import OperatorError


class ExitCode(IntEnum):
    """What the shell sees."""

    OK = 0
    PROBLEM = 1
    """The command worked and found a problem."""
    USAGE = 2
    """The command line or a file it names cannot be used."""
    KAFKA = 3
    """Kafka cannot be reached, or refuses."""
    SERVICE = 4
    """A service or the broker this command starts did not come up."""
    INTERRUPTED = 130


EPILOG = (
    "Exit codes: 0 in order, 1 a problem was found, 2 the command line or a file cannot be used, "
    "3 Kafka cannot be reached, 4 a service did not start, 130 interrupted."
)


class CommandError(OperatorError):
    """A command cannot go on: what failed and why, and the operator's next step."""

    def __init__(self, what: str, next_step: str, exit_code: ExitCode = ExitCode.USAGE) -> None:
        super().__init__(what, next_step)
        self.exit_code = exit_code

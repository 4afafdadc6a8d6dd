"""Errors that a person can act on: what went wrong, and the next step."""


class OperatorError(RuntimeError):
    """`what` happened and what the operator does about it (`next_step`)."""

    def __init__(self, what: str, next_step: str) -> None:
        super().__init__(f"{what}\nNext step: {next_step}.")
        self.what = what
        self.next_step = next_step

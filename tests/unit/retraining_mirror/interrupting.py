"""A client of a real MLflow between whose calls something happens."""

from collections.abc import Callable
from typing import Any

from services.retraining.mirroring.connection import connect


class Killed(BaseException):
    """The process is gone: nothing that catches errors sees this."""


def kill() -> None:
    """Ends whoever calls."""
    raise Killed


class Interrupted:
    """Something happens before the n-th call of the client, counted from 1."""

    def __init__(self, client: Any, n: int, happens: Callable[[], None]) -> None:
        self.methods: list[str] = []
        """That were called, in order."""
        self._client, self._n, self._happens = client, n, happens

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self.methods.append(method)
            if len(self.methods) == self._n:
                self._happens()
            return getattr(self._client, method)(*arguments, **named)

        return call


def interrupting(n: int, happens: Callable[[], None]) -> tuple[Callable[[str], Interrupted], list[Interrupted]]:
    """What connects a mirror, and the clients that it gave."""
    given: list[Interrupted] = []

    def connecting(uri: str) -> Interrupted:
        given.append(Interrupted(connect(uri), n, happens))
        return given[-1]

    return connecting, given

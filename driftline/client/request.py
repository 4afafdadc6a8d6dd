"""The HTTP request that is being answered: predictions logged in it wait for what only its end can tell."""

import threading
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

Complete = Callable[[dict[str, Any]], None]


@dataclass(slots=True)
class Request:
    """One request. May be used from any thread."""

    known: dict[str, Any] = field(default_factory=dict)
    """Fields of the contract, filled in while the request is answered: status, latency_ms, trace_id."""
    _held: list[Complete] | None = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def hold(self, complete: Complete) -> None:
        """Calls `complete` with what is known when the request ends; at once if it has."""
        with self._lock:
            if self._held is not None:
                self._held.append(complete)
                return
        complete(self.known)

    def end(self) -> None:
        """Lets go what was held."""
        with self._lock:
            held, self._held = self._held or [], None
        for complete in held:
            complete(self.known)


current: ContextVar[Request | None] = ContextVar("driftline_request", default=None)
"""The request of this context; None outside of one."""

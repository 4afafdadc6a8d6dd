"""What was applied, looked up: monitors by model, baselines by version or digest. Follows the compacted topics."""

from collections.abc import Mapping
from typing import Protocol

from runtime.clock import Clock
from schemas.baseline import Baseline
from schemas.monitor import Monitor

WAIT_S = 10.0
"""How long a digest that nobody knows yet is waited for: the other tier may have read it first."""


class Monitors(Protocol):
    """The newest monitor by model."""

    @property
    def values(self) -> Mapping[str, Monitor]:
        """A snapshot."""
        ...

    @property
    def generation(self) -> int:
        """Rises with every change."""
        ...


class Baselines(Protocol):
    """The newest baseline by `model/version`."""

    @property
    def values(self) -> Mapping[str, Baseline]:
        """A snapshot."""
        ...

    @property
    def generation(self) -> int:
        """Rises with every change."""
        ...


class Watched:
    """Monitors and baselines, with their defaults."""

    def __init__(self, monitors: Monitors, baselines: Baselines, clock: Clock) -> None:
        self._monitors = monitors
        self._baselines = baselines
        self._clock = clock
        self._defaults: dict[str, Monitor] = {}
        self._by_digest: dict[str, Baseline] = {}
        self._unknown: set[str] = set()
        self._seen = -1

    @property
    def generation(self) -> tuple[int, int]:
        """Changes whenever anything was applied."""
        return self._monitors.generation, self._baselines.generation

    def monitor(self, model: str) -> Monitor:
        """The model's monitor, or the default one."""
        found = self._monitors.values.get(model)
        return found or self._defaults.setdefault(model, Monitor(model=model))

    def baseline_for(self, model: str, version: str) -> Baseline | None:
        """The version's own baseline; without one, the model's best other: training before learned, newest first."""
        values = self._baselines.values
        own = values.get(f"{model}/{version}")
        others = [baseline for baseline in values.values() if baseline.model == model]
        return own or max(others, key=lambda b: (b.origin == "training", b.end_ms or 0, b.version), default=None)

    def baseline(self, digest: str) -> Baseline | None:
        """The baseline of a digest, also of one replaced since this process began; waits for one not yet known."""
        deadline = self._clock.monotonic() + WAIT_S
        while True:
            if self._seen != self._baselines.generation:
                self._seen = self._baselines.generation
                self._by_digest |= {baseline.digest: baseline for baseline in self._baselines.values.values()}
                self._unknown -= self._by_digest.keys()
            if digest in self._by_digest or digest in self._unknown:
                return self._by_digest.get(digest)
            if self._clock.monotonic() >= deadline:
                self._unknown.add(digest)
            self._clock.sleep(0.05)

"""Names of rows and of windows within a series, and which window is the sum of which rows."""

from collections.abc import Iterator
from typing import NamedTuple

from schemas.windowing import WindowSpec


class SumKey(NamedTuple):
    """Names a SumRow within a series."""

    version: str
    segment: str
    digest: str
    level_ms: int
    start_ms: int


class WindowKey(NamedTuple):
    """Names a window within a series."""

    version: str
    segment: str
    size_ms: int
    slide_ms: int
    start_ms: int

    @property
    def end_ms(self) -> int:
        """The first millisecond after it."""
        return self.start_ms + self.size_ms

    @property
    def steps(self) -> range:
        """Starts of the rows it is the sum of."""
        return range(self.start_ms, self.end_ms, self.slide_ms)


def windows_over(key: SumKey, specs: tuple[WindowSpec, ...]) -> Iterator[WindowKey]:
    """Every window that the row is a step of."""
    for spec in specs:
        if spec.slide_ms == key.level_ms:
            for start in range(key.start_ms - spec.size + spec.slide_ms, key.start_ms + 1, spec.slide_ms):
                yield WindowKey(key.version, key.segment, spec.size, spec.slide_ms, start)

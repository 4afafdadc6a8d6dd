"""Where moments of the run are shown: a live screen on a terminal, a line now and then elsewhere."""

import math
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live

from driftline.demo.screen import Moment, line, screen

LINE_S = 2.0
SAME_S = 10.0
"""A line that says the same again comes less often."""
_RATE_OVER_S = 3.0

Show = Callable[[Moment, float], None]
"""Takes the moment and the monotonic clock in seconds; draws or not."""


@contextmanager
def display(console: Console, *, live: bool) -> Iterator[Show]:
    """The screen while the block runs; it disappears at the end, lines stay."""
    if live:
        with Live(console=console, auto_refresh=False, transient=True, vertical_overflow="crop") as drawn:
            yield lambda moment, _: drawn.update(screen(moment, *console.size), refresh=True)
    else:
        yield _lines(console)


def _lines(console: Console) -> Show:
    shown_s, last = -math.inf, ""

    def show(moment: Moment, now_s: float) -> None:
        nonlocal shown_s, last
        text = line(moment)
        if now_s - shown_s >= (LINE_S if text != last else SAME_S):
            shown_s, last = now_s, text
            console.print(text, soft_wrap=True)

    return show


class Rate:
    """Events a second over the last few seconds."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def at(self, now_s: float, total: int) -> float:
        """Takes a count at a time, and gives the rate up to it."""
        self._seen.append((now_s, total))
        while len(self._seen) > 2 and now_s - self._seen[0][0] > _RATE_OVER_S:
            self._seen.popleft()
        (first_s, first) = self._seen[0]
        return (total - first) / (now_s - first_s) if now_s > first_s else 0.0

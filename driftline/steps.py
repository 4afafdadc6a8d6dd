"""What takes more than a moment, told as it goes: a line at its start and its end, or a live list on a terminal."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from runtime.clock import Clock

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class Step:
    """One thing that is being done."""

    def __init__(self, title: str, began_s: float) -> None:
        self.title = title
        self.began_s = began_s
        self.ended_s: float | None = None
        self.detail = ""


class Steps:
    """Steps that may run in several threads at once."""

    def __init__(self, console: Console, clock: Clock) -> None:
        self._console = console
        self._clock = clock
        self._lock = threading.Lock()
        self._steps: list[Step] = []

    @contextmanager
    def step(self, title: str) -> Iterator[Callable[[str], None]]:
        """Shows the step while the block runs; the block may say what comes of it."""
        step = Step(title, self._clock.monotonic())
        with self._lock:
            self._steps.append(step)

        def say(detail: str) -> None:
            step.detail = detail

        yield say
        step.ended_s = self._clock.monotonic()
        if not self._console.is_terminal:
            self._print(f"{title}: {step.detail or 'done'} ({step.ended_s - step.began_s:.1f} s)")

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Draws the list while the block runs; on a terminal only."""
        if not self._console.is_terminal:
            yield
            return
        with Live(console=self._console, get_renderable=self._draw, refresh_per_second=8):
            yield

    def _print(self, text: str) -> None:
        with self._lock:
            self._console.print(text, soft_wrap=True)

    def _draw(self) -> RenderableType:
        now_s = self._clock.monotonic()
        with self._lock:
            return Group(*(_line(step, now_s) for step in self._steps))


def _line(step: Step, now_s: float) -> Text:
    took_s = (step.ended_s if step.ended_s is not None else now_s) - step.began_s
    mark = "✓" if step.ended_s is not None else _SPINNER[int(now_s * 8) % len(_SPINNER)]
    return Text.assemble(
        f"{mark} {step.title}", (f"  {step.detail}" if step.detail else ""), (f"  {took_s:.1f} s", "dim")
    )


class Background:
    """A function in a daemon thread, whose result or error is fetched later; Ctrl-C while waiting ends the wait."""

    def __init__(self, function: Callable[[], None]) -> None:
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(function,), daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Waits for its end. Raises what the function raised."""
        while self._thread.is_alive():
            self._thread.join(0.1)
        if self._error is not None:
            raise self._error

    def _run(self, function: Callable[[], None]) -> None:
        try:
            function()
        except BaseException as error:  # noqa: BLE001  raised again by `wait`
            self._error = error

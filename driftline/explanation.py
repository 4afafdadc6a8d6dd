"""What an alert's explanation is made of, whatever found it."""

import math
import shlex
from dataclasses import dataclass

from rich.table import Table

from driftline.output import utc
from schemas.alert import Alert

_SIZES = (("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1))


@dataclass(frozen=True, slots=True)
class Words:
    """What is said of one alert. The next step may name {subject}, {since} and {windows}."""

    effect: str
    """How much changed, in the measure that decides between silence, a message and a page."""
    how_sure: str
    """What evidence and bound mean."""
    next_step: str
    subject: str
    """What the alert is about, within a sentence."""
    facts: tuple[tuple[str, str], ...] = ()
    """Where it is, and what comes with it: a word and its sentence."""
    tables: tuple[Table, ...] = ()
    command: str = "windows"
    """The command that shows its windows."""
    by_label_time: bool = False


def as_e_value(log_e: float) -> str:
    """Given by its natural logarithm: `e^11.4 (about 89,000)`; great ones as a power of ten."""
    value = f"{float(f'{math.exp(log_e):.2g}'):,g}" if log_e < math.log(1e6) else f"10^{log_e / math.log(10):.0f}"
    return f"e^{log_e:.1f} (about {value})"


def times_a_month(budget: float) -> str:
    """A budget in words: `once a month`."""
    return f"{'once' if budget == 1 else f'{budget:g} times'} a month"


def windows_command(alert: Alert, words: Words) -> str:
    """The command line that shows the alert's windows since it began."""
    size_ms = alert.evidence.end_ms - alert.evidence.start_ms
    unit, unit_ms = next((unit, unit_ms) for unit, unit_ms in _SIZES if size_ms % unit_ms == 0)
    options = {
        "model": alert.model,
        "version": alert.version,
        "segment": alert.segment,
        "size": f"{size_ms // unit_ms}{unit}",
        **({"by": "label-time"} if words.by_label_time else {}),
        "since": utc(alert.first_seen_ms).replace(" ", "T"),
    }
    return f"driftline {words.command} " + " ".join(f"--{name} {shlex.quote(value)}" for name, value in options.items())

"""What the demo knows of the model's answers, from windows of performance in any order and repetition."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from driftline.demo.monitor import DAY_MS
from schemas.performance_window import PerformanceWindow


@dataclass
class Answers:
    """The newest revision of each day of all flights, by prediction time."""

    days: dict[int, PerformanceWindow] = field(default_factory=dict)
    """By start, in milliseconds."""

    def take(self, window: PerformanceWindow) -> None:
        """Adds a revision; older ones and other windows change nothing. The later of two alike holds."""
        if window.segment or window.by != "prediction_time" or window.size_ms != DAY_MS:
            return
        known = self.days.get(window.start_ms)
        if known is None or window.revision >= known.revision:
            self.days[window.start_ms] = window

    @property
    def labelled(self) -> int:
        """Flights that stand in a day with their label."""
        return sum(day.labelled for day in self.days.values())

    @property
    def closed(self) -> bool:
        """Whether every day there is has closed."""
        return all(day.final for day in self.days.values())

    @property
    def newest(self) -> PerformanceWindow | None:
        """The last closed day with labels."""
        closed = [day for day in self.days.values() if day.final and day.labelled]
        return max(closed, key=lambda day: day.start_ms, default=None)


@dataclass(frozen=True, slots=True)
class Month:
    """The days of one month, by when flights should have left; None where no day knows."""

    number: int
    labelled: int
    coverage: float | None
    accuracy: float | None
    expected: float | None
    """What was estimated before labels."""
    error: float | None
    """Of the same estimate over the labelled flights, less the accuracy: what it was worth."""
    auc: float | None
    """The mean of its days'."""


def months(days: Iterable[PerformanceWindow]) -> list[Month]:
    """The months there are, in order. Counts add up; estimates are means over flights."""
    by_month: dict[int, list[PerformanceWindow]] = defaultdict(list)
    for day in days:
        by_month[datetime.fromtimestamp(day.start_ms / 1_000, UTC).month].append(day)
    return [_month(number, by_month[number]) for number in sorted(by_month)]


def _month(number: int, days: list[PerformanceWindow]) -> Month:
    made, labelled = (sum(getattr(day, name) for day in days) for name in ("made", "labelled"))
    return Month(
        number=number,
        labelled=labelled,
        coverage=labelled / made if made else None,
        accuracy=_mean(days, lambda day: value(day, "accuracy"), lambda day: day.labelled),
        expected=_mean(days, expected_accuracy, lambda day: day.made),
        error=_mean(
            days, lambda day: day.estimate.error.get("accuracy") if day.estimate else None, lambda d: d.labelled
        ),
        auc=_mean(days, lambda day: value(day, "auc"), lambda day: day.labelled),
    )


def value(day: PerformanceWindow, name: str) -> float | None:
    """A figure's value; None where there is none."""
    figure = day.figures.get(name)
    return figure.value if figure else None


def expected_accuracy(day: PerformanceWindow) -> float | None:
    """What was expected before labels."""
    figure = day.estimate.figures.get("accuracy") if day.estimate else None
    return figure.value if figure else None


def _mean(
    days: Iterable[PerformanceWindow],
    figure: Callable[[PerformanceWindow], float | None],
    weight: Callable[[PerformanceWindow], int],
) -> float | None:
    weighed = [(found, weight(day)) for day in days if (found := figure(day)) is not None]
    total = sum(n for _, n in weighed)
    return sum(found * n for found, n in weighed) / total if total else None

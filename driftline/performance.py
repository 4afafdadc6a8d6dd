"""Windows of performance as they stand on their topic: chosen, in order, and as a table with the next step in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.markup import escape
from rich.table import Table

from driftline import reading
from driftline.history import Choice
from driftline.output import count, percent, span, table, utc
from runtime.settings import KafkaSettings
from schemas.monitor import Monitor
from schemas.outcome import By
from schemas.performance_window import Figure, PerformanceWindow

BY: Mapping[str, By] = {"prediction-time": "prediction_time", "label-time": "label_time"}
"""By the option's value."""
State = Literal["open", "maturing", "final"]
MAIN = {"binary": ("accuracy", "auc"), "multiclass": ("accuracy", "auc"), "regression": ("mae", "r2")}
"""By task."""
NAMES = {"auc": "AUC", "r2": "R²", "mae": "MAE", "rmse": "RMSE", "mape": "MAPE", "f1": "F1"}
"""Figures that are not called as in the record."""
_UNITS_S = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
NO_LABELS = "no labels yet"
SEND_LABELS = (
    "write one label a prediction to the topic `labels`, keyed by its prediction_id (docs/quickstart.md); "
    "`driftline status` shows whether performance-join and performance-windows read them"
)


@dataclass(frozen=True, slots=True)
class Found:
    """The windows that were asked for, in order of time, and what is needed to tell of them."""

    windows: Sequence[PerformanceWindow]
    """The newest revision of each."""
    every: Sequence[PerformanceWindow]
    """All of the model, segments and versions that were not asked for included."""
    monitor: Monitor

    @property
    def newest(self) -> PerformanceWindow:
        """The newest that has closed; of none, the newest. Raises IndexError without windows."""
        return next((window for window in reversed(self.windows) if window.final), self.windows[-1])


def read(settings: KafkaSettings, choice: Choice, by: By, limit: int | None = None) -> Found:
    """The chosen windows, the newest `limit` of them. Raises CommandError when Kafka cannot be reached."""
    every = [
        window for window in reading.greatest(settings, "windows", PerformanceWindow) if window.model == choice.model
    ]
    monitors = reading.newest(settings, "monitors", Monitor)
    return Found(chosen(every, choice, by, limit), every, monitors.get(choice.model) or Monitor(model=choice.model))


def chosen(
    windows: Sequence[PerformanceWindow], choice: Choice, by: By, limit: int | None = None
) -> list[PerformanceWindow]:
    """Those of a choice and kind of time, by their start; the newest `limit` of them."""
    held = sorted(
        (window for window in windows if window.by == by and choice.holds(window)),
        key=lambda w: (w.end_ms, w.size_ms, w.version, w.segment),
    )
    return held[-limit:] if limit else held


def state_of(window: PerformanceWindow, horizon_ms: int) -> State:
    """`maturing` while labels may still come for its predictions; a window by label time is final when it is over."""
    if not window.final:
        return "open"
    until_ms = window.end_ms + horizon_ms
    matures = window.by == "prediction_time" and window.labelled < window.made
    return "maturing" if matures and (window.labels_until_ms or 0) < until_ms else "final"


def main_metrics(window: PerformanceWindow) -> tuple[str, str]:
    """The figure that is named first, and the one beside it."""
    return MAIN[window.task or "binary"]


def main_figure(window: PerformanceWindow) -> Figure:
    """Accuracy, or of a regression the mean absolute error."""
    found = window.figures.get(main_metrics(window)[0])
    return found or Figure(n=window.labelled, why_not="no figures: its baseline is no longer known")


def number(value: float | None) -> str:
    """A figure in three decimals, from a hundred on in one."""
    return "–" if value is None else f"{value:,.{1 if abs(value) >= 100 else 3}f}"


def with_interval(figure: Figure | None) -> str:
    """`0.781 (0.752 – 0.807)`, or why there is none."""
    if figure is None:
        return "–"
    if figure.value is None:
        return why_not(figure)
    if figure.low is None or figure.high is None:
        return number(figure.value)
    return f"{number(figure.value)} ({number(figure.low)} – {number(figure.high)})"


def why_not(figure: Figure) -> str:
    """Why a figure has no value."""
    return figure.why_not or "not known"


def title_of(name: str) -> str:
    """A figure's name for people."""
    return NAMES.get(name, name.replace("_", " "))


def performance_table(windows: Sequence[PerformanceWindow], monitor: Monitor) -> Table:
    """Windows for people. `expected`: what was estimated before labels; `gap`: now less baseline."""
    first, second = main_metrics(windows[-1]) if windows else MAIN["binary"]
    return table(
        None,
        ("start (UTC)", "size", "version", "segment", ">made", ">labels", ">coverage", f">{title_of(first)}",
         f">{title_of(second)}", ">expected", ">gap", ">delay P50 / P95", ">revision", ">state"),
        (
            (
                utc(window.start_ms),
                span(window.size_ms / 1_000),
                escape(window.version),
                escape(window.segment) or "all",
                count(window.made) if window.by == "prediction_time" else "–",
                count(window.labelled),
                percent(_value(window.figures.get("coverage"))) if window.made else "–",
                with_interval(window.figures.get(first)) if window.labelled else NO_LABELS,
                number(_value(window.figures.get(second))),
                number(_value(window.estimate.figures.get(first)) if window.estimate else None),
                _signed(window.gap.get(first)),
                delays(window.label_delay_p50_s, window.label_delay_p95_s),
                str(window.revision),
                state_of(window, monitor.performance.horizon),
            )
            for window in windows
        ),
    )  # fmt: skip


def delays(p50_s: float | None, p95_s: float | None) -> str:
    """How late labels came, half and 95 of a hundred of them: `2.5 h / 5.9 h`."""
    found = (p50_s, p95_s)
    return " / ".join("–" if delay_s is None else _in_its_unit(delay_s) for delay_s in found) if any(found) else "–"


def _in_its_unit(seconds: float) -> str:
    unit, unit_s = next((unit for unit in _UNITS_S if seconds >= unit[1]), _UNITS_S[-1])
    return f"{seconds / unit_s:.1f} {unit}"


def next_step(model: str, found: Found) -> str | None:
    """In words what is lacking, and what to do about it; None where the newest closed window has its figures."""
    if not found.every:
        return f"No performance window of {model} yet. Next step: {SEND_LABELS}."
    if not found.windows:
        return f"None of the {count(len(found.every))} performance windows of {model} is meant. Next step: leave out --version, --segment, --size or --since."  # noqa: E501  one sentence
    newest = found.newest
    if newest.labelled == 0:
        made = f" for its {count(newest.made)} predictions" if newest.made else ""
        return f"The newest window has no labels yet{made}. Next step: {SEND_LABELS}."
    figure = main_figure(newest)
    if figure.value is None:
        return (
            f"The newest window has {why_not(figure)}. Next step: wait for more labels, or look at longer windows with "
            f"--size; fewer than {found.monitor.performance.min_labels} (`performance.min_labels` of the monitor) give "
            "no figure."
        )
    return None


def _value(figure: Figure | None) -> float | None:
    return figure.value if figure else None


def _signed(figure: Figure | None) -> str:
    return "–" if figure is None or figure.value is None else f"{figure.value:+,.3f}"

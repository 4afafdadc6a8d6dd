"""Of each model: how many of its predictions have labels, how late those come, and how good the answers are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table

from driftline.output import percent, table, utc
from driftline.performance import NO_LABELS, delays, main_figure, main_metrics, number, title_of, why_not
from schemas.performance_window import PerformanceWindow


@dataclass(frozen=True, slots=True)
class LabelStatus:
    """How good a model's answers are: the newest closed window, by prediction time, that has its first figure."""

    end_ms: int
    coverage: float | None
    """Share of its predictions that have their label."""
    delay_p50_s: float | None
    delay_p95_s: float | None
    metric: str
    """accuracy; of a regression mae."""
    value: float | None
    reference: float | None
    """In the baseline."""
    why_not: str | None
    """Why there is no value, such as `too few labels: 12 of 30`."""


def label_status(windows: Sequence[PerformanceWindow]) -> LabelStatus | None:
    """Where labels and answers stand, by one model's windows."""
    closed = [one for one in windows if one.final and not one.segment and one.by == "prediction_time"]
    newest = max(closed, key=lambda w: (main_figure(w).value is not None, w.end_ms, -w.size_ms), default=None)
    if newest is None:
        return None
    metric, figure = main_metrics(newest)[0], main_figure(newest)
    coverage, reference = newest.figures.get("coverage"), newest.reference.get(metric)
    return LabelStatus(
        end_ms=newest.end_ms,
        coverage=coverage.value if coverage else None,
        delay_p50_s=newest.label_delay_p50_s,
        delay_p95_s=newest.label_delay_p95_s,
        metric=metric,
        value=figure.value,
        reference=reference.value if reference else None,
        why_not=None if newest.labelled and figure.value is not None else _why_none(newest),
    )


def _why_none(window: PerformanceWindow) -> str:
    return why_not(main_figure(window)) if window.labelled else NO_LABELS


def label_tables(models: Mapping[str, LabelStatus | None]) -> Iterator[Table]:
    """One line a model whose answers are compared with labels; nothing where none are."""
    known = {name: labels for name, labels in models.items() if labels is not None}
    if known:
        yield table(
            None,
            ("model", ">with labels", ">delay P50 / P95", "answers", "up to"),
            (
                (
                    name,
                    percent(labels.coverage),
                    delays(labels.delay_p50_s, labels.delay_p95_s),
                    _answers(labels),
                    utc(labels.end_ms),
                )
                for name, labels in known.items()
            ),
        )


def _answers(labels: LabelStatus) -> str:
    """`accuracy 0.781, 0.790 in the baseline`, or why it is not known."""
    if labels.value is None:
        return labels.why_not or "not known"
    against = f", {number(labels.reference)} in the baseline" if labels.reference is not None else ""
    return f"{title_of(labels.metric)} {number(labels.value)}{against}"

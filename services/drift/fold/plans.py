"""How each model version's events are decoded and folded: made once from what was applied, anew when that changes."""

from dataclasses import dataclass

from runtime.decode.shape import Coded, Shape
from runtime.watched import Watched
from schemas.monitor import Monitor
from services.drift.reference import reference_of
from stats.layout import Layout


def shape_of(layout: Layout, monitor: Monitor) -> Shape:
    """What the decoder takes out of events, in the order of the layout's columns.

    Raises ValueError when the baseline's columns are not features first, then the prediction, then the score.
    """
    roles = [column.role for column in layout.columns]
    if roles != sorted(roles, key=("feature", "prediction", "score").index):
        raise ValueError("a baseline's columns are features, then prediction, then score: build it again")
    coded = tuple(
        Coded(column.name, column.codes, column.unlisted, column.missing, boolean=column.kind == "boolean")
        for column in layout.columns
        if column.kind != "numeric"
    )
    by_role = {column.role: column for column in layout.columns if column.role != "feature"}
    predicted = by_role.get("prediction")
    is_coded = predicted is not None and predicted.kind != "numeric"
    return Shape(
        numeric=tuple(c.name for c in layout.columns if c.role == "feature" and c.kind == "numeric"),
        coded=coded[:-1] if is_coded else coded,
        prediction=None if predicted is None else (coded[-1] if is_coded else "numeric"),
        score="score" in by_role,
        classes=_classes(monitor),
        segments=monitor.segments,
        discover=not layout.digest,
    )


def _classes(monitor: Monitor) -> frozenset[str] | None:
    return frozenset(monitor.classes) if monitor.classes is not None else None


@dataclass(frozen=True, slots=True)
class Plan:
    """One version's monitor, layout, and shape for the decoder."""

    monitor: Monitor
    layout: Layout
    shape: Shape


class Plans:
    """Plans by model and version. `refresh` between batches, so that a batch is decoded and folded by the same ones."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._plans: dict[tuple[str, str], Plan] = {}
        self._seen = watched.generation

    def refresh(self) -> bool:
        """Forgets every plan when something was applied; returns whether it did."""
        if self._seen == self._watched.generation:
            return False
        self._seen = self._watched.generation
        self._plans.clear()
        return True

    def plan(self, model: str, version: str) -> Plan:
        """The plan of one version."""
        plan = self._plans.get((model, version))
        if plan is None:
            monitor = self._watched.monitor(model)
            baseline = self._watched.baseline_for(model, version)
            layout = Layout(reference_of(baseline) if baseline else None)
            plan = self._plans[model, version] = Plan(monitor, layout, shape_of(layout, monitor))
        return plan

    def shape(self, model: str, version: str) -> Shape:
        """What to take out of a version's events; the same object until something is applied."""
        return self.plan(model, version).shape

    def monitor(self, model: str) -> Monitor:
        """The model's monitor."""
        return self._watched.monitor(model)

    def is_strict(self, model: str) -> bool:
        """Whether a version of the model without a baseline is refused."""
        return self.monitor(model).strict

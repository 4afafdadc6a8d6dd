"""The shape of events that a baseline and a monitor ask for, for those who need no columns of them."""

from collections.abc import Mapping

from runtime.decode.shape import Coded, Shape
from schemas.baseline import Baseline
from schemas.monitor import Monitor


def shape_of(baseline: Baseline | None, monitor: Monitor) -> Shape:
    """What the drift fold refuses of a version's events: only columns whose type is judged.

    Without a baseline a strict monitor refuses all, which the decoder decides of shapes that `discover`.
    """
    columns = baseline.columns if baseline else ()
    features = [column for column in columns if column.role == "feature"]
    predicted = next((column for column in columns if column.role == "prediction"), None)
    return Shape(
        numeric=tuple(column.name for column in features if column.kind == "numeric"),
        coded=tuple(_boolean(column.name) for column in features if column.kind == "boolean"),
        prediction=_PREDICTIONS.get(predicted.kind) if predicted else None,
        classes=frozenset(monitor.classes) if monitor.classes is not None else None,
        segments=(),
        discover=baseline is None and monitor.strict,
    )


def _boolean(name: str) -> Coded:
    return Coded(name, {}, 0, 0, boolean=True)


_PREDICTIONS: Mapping[str, Coded | str] = {"numeric": "numeric", "boolean": _boolean("prediction")}
"""By kind, a prediction's column: any value may be a category."""

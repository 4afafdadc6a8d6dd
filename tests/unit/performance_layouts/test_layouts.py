"""What outcomes are counted by: labelled rows, else the monitor's classes, else the baseline's predictions."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pytest

from driftline.baselines import build
from driftline.datasets import Dataset
from driftline.parts import Parts
from runtime.cells import pack
from runtime.clock import SystemClock
from runtime.watched import Watched
from schemas.baseline import Baseline, ColumnBaseline
from schemas.monitor import Monitor
from services.drift.reference import columns_of
from services.performance.layouts import Bases, layout_of, reference_cells
from stats.loglinear import learn_column, sketch_coded, sketch_numeric
from stats.performance.layout import MAX_CLASSES, OutcomeLayout
from stats.reference import Reference

PLAIN = Monitor(model="m")
RNG = np.random.default_rng(1)
LABELLED = {"answer": ["late", "fine"] * 50, "y": ["late", "fine", "fine", "fine"] * 25, "p": [0.8, 0.2] * 50}
FLOATS = RNG.normal(size=100)


def baseline(columns: Mapping[str, object], *, label: str | None = None, score: str | None = None) -> Baseline:
    table = pa.table({"x": np.arange(100.0), **columns})
    return build(Dataset("memory", table), "m", "1", Parts(prediction="answer", label=label, score=score))


def learned(values: object) -> Baseline:
    """A baseline that production taught, of predictions alone."""
    numeric = isinstance(values, np.ndarray)
    sketch = sketch_numeric(values) if numeric else sketch_coded("categorical", values)  # type: ignore[arg-type]  # texts
    reference = Reference((learn_column("prediction", "prediction", sketch),))
    return Baseline(
        model="m", version="1", digest=reference.digest, origin="learned", rows=100, columns=columns_of(reference)
    )


def test_labelled_rows_say_what_is_counted_and_are_what_it_is_compared_with() -> None:
    given = baseline(LABELLED, label="y", score="p")
    layout = layout_of(given, Monitor(model="m", classes=("late", "fine", "lost")))
    assert layout is not None
    assert (layout.task, layout.classes) == ("binary", ("fine", "late"))
    assert given.outcomes is not None
    assert layout.digest == given.outcomes.digest
    cells = reference_cells(given, layout)
    assert cells is not None
    assert layout.part(cells, "confusion").tolist() == [[50, 25, 0], [0, 25, 0], [0, 0, 0]]


@pytest.mark.parametrize(
    ("classes", "task", "counted"),
    [
        (("fine", "late"), "binary", ("fine", "late")),
        (("late", "fine", "lost", "late", "__other__"), "multiclass", ("late", "fine", "lost")),
        (tuple(map(str, range(300))), "multiclass", tuple(map(str, range(MAX_CLASSES)))),
    ],
)
@pytest.mark.parametrize("given", [None, baseline({"answer": FLOATS})])
def test_without_labelled_rows_the_monitor_s_classes_count(
    given: Baseline | None, classes: tuple[str, ...], task: str, counted: tuple[str, ...]
) -> None:
    layout = layout_of(given, Monitor(model="m", classes=classes))
    assert layout is not None
    assert (layout.task, layout.classes) == (task, counted)
    assert reference_cells(given, layout) is None


@pytest.mark.parametrize(
    ("given", "classes"),
    [
        (baseline({"answer": ["b", "a", "b", "b"] * 25}), ("b", "a")),
        (baseline({"answer": [0, 1, 1, 2] * 25}), ("0", "1", "2")),
        (baseline({"answer": [-1.0, 1.0] * 50}), ("-1", "1")),
        (learned(["b", "a", "b"]), ("b", "a")),
        (learned(np.array([0.0, 1.0, 1.0])), ("0", "1")),
        (learned(np.array([-1.0, 1.0, 3.0, 200.0])), ("-1", "1", "3", "200")),
    ],
)
@pytest.mark.parametrize("monitor", [PLAIN, Monitor(model="m", classes=("only",))])
def test_predictions_that_are_texts_or_few_whole_numbers_are_classes_none_of_them_the_positive_one(
    given: Baseline, classes: tuple[str, ...], monitor: Monitor
) -> None:
    layout = layout_of(given, monitor)
    assert layout is not None
    assert (layout.task, layout.classes, layout.scored) == ("multiclass", classes, classes)


@pytest.mark.parametrize(
    "given",
    [
        baseline({"answer": FLOATS}),
        baseline({"answer": np.arange(100)}),
        baseline({"answer": [0.5, 1.0] * 50}),
        learned(FLOATS),
        learned(np.array([0.25, 1.0])),
    ],
)
def test_predictions_that_are_other_numbers_are_a_regression_in_the_bins_of_their_column(given: Baseline) -> None:
    layout = layout_of(given, PLAIN)
    assert layout is not None
    predicted: ColumnBaseline = given.columns[-1]
    assert (layout.task, tuple(layout.edges)) == ("regression", predicted.edges)
    assert (layout.center, layout.scale) == (predicted.center, predicted.scale)


@pytest.mark.parametrize(
    "given",
    [
        None,
        baseline({"answer": ["a"] * 100}),
        baseline({"answer": [1] * 100}),
        baseline({"answer": pa.nulls(100)}),
        build(Dataset("memory", pa.table({"x": [1.0, 2.0]})), "m", "1", Parts()),
    ],
)
def test_where_nothing_is_known_nothing_is_counted(given: Baseline | None) -> None:
    assert layout_of(given, PLAIN) is None


def test_labelled_rows_that_contradict_themselves_are_refused_with_the_next_step() -> None:
    given = baseline(LABELLED, label="y", score="p")
    assert given.outcomes is not None
    renamed = given.outcomes.model_copy(update={"classes": ("late", "fine")})
    with pytest.raises(ValueError, match="does not name their classes"):
        layout_of(given.model_copy(update={"outcomes": renamed}), PLAIN)
    short = given.model_copy(update={"outcomes": given.outcomes.model_copy(update={"cells": pack(np.zeros(3, int))})})
    layout = layout_of(short, PLAIN)
    assert layout is not None
    with pytest.raises(ValueError, match=r"3 counts for .* build the baseline again"):
        reference_cells(short, layout)


def test_rows_counted_by_another_layout_are_nothing_to_compare_with() -> None:
    assert reference_cells(baseline(LABELLED, label="y"), OutcomeLayout("binary", ("no", "yes"))) is None


class Applied:
    """A compacted topic, read to its end."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}
        self.generation = 0

    def put(self, key: str, value: object) -> None:
        self.values[key] = value
        self.generation += 1


def test_a_basis_stays_the_same_until_something_is_applied_and_is_renewed_between_batches_only() -> None:
    monitors, baselines = Applied(), Applied()
    bases = Bases(Watched(monitors, baselines, SystemClock()))  # type: ignore[arg-type]  # the topics' shape
    nothing = bases.basis("m", "1")
    assert (nothing.layout, nothing.reference, nothing.monitor) == (None, None, PLAIN)
    baselines.put("m/1", baseline(LABELLED, label="y", score="p"))
    assert bases.basis("m", "1") is nothing
    assert bases.refresh()
    assert not bases.refresh()
    known = bases.basis("m", "1")
    assert known is bases.basis("m", "1")
    assert known.layout is not None
    assert known.reference is known.reference is not None
    other = bases.basis("m", "2")
    assert other.layout is not None
    assert other.layout.digest == known.layout.digest
    monitors.put("m", Monitor(model="m", classes=("a", "b")))
    assert bases.refresh()
    assert bases.basis("m", "1").monitor.classes == ("a", "b")

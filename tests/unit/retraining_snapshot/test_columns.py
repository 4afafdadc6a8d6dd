"""Which columns a snapshot has, of which types, and what answers and labels are called."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from schemas.baseline import Baseline
from schemas.monitor import Monitor
from schemas.performance import Fairness, Performance, Protected
from services.drift.reference import columns_of
from services.performance.layouts import layout_of
from services.retraining.snapshot.classes import classes_of
from services.retraining.snapshot.columns import table_of
from services.retraining.snapshot.labels import Told
from services.retraining.snapshot.rows import Row, row_of
from stats.baseline import Reference, build_column
from tests.performance_stream import MONITORS, T0, prediction, quantities

PLAIN = Monitor(model="m", segments=())


def row(number: int, label: float | str = "stay", **more: Any) -> Row:
    event = prediction(number, T0 + number, **more)
    return row_of(event["prediction_id"].encode(), event, Told(T0 + 9, label, None))


def made(*rows: Row, monitor: Monitor = PLAIN, baseline: Baseline | None = None) -> pa.Table:
    return table_of(rows, monitor, baseline)


def baseline_of(**columns: Any) -> Baseline:
    """Of features with these values, and a prediction."""
    built = [
        build_column(name, "prediction" if name == "prediction" else "feature", kind, values)
        for name, (kind, values) in columns.items()
    ]
    reference = Reference(tuple(built))
    return Baseline(model="m", version="1", digest=reference.digest, rows=4, columns=columns_of(reference))


def test_columns_come_in_order_and_rows_by_time_and_id() -> None:
    monitor = Monitor(
        model="m",
        segments=("region",),
        classes=("stay", "leave"),
        performance=Performance(fairness=Fairness(protected=(Protected(name="age"),))),
    )
    table = made(row(3), row(1), row(2), monitor=monitor)
    assert table.column_names == [
        "prediction_id", "time_ms", "label_ms", "version", "variant", "prediction", "score", "probability:stay",
        "probability:leave", "label", "value", "segment:age", "segment:region", "feature:age", "feature:plan",
    ]  # fmt: skip
    assert table.column("prediction_id").to_pylist() == ["p-1", "p-2", "p-3"]


def test_features_are_those_of_the_baseline_and_of_its_kind() -> None:
    """What events carry beside them, an id for example, is none of the model's."""
    reference = baseline_of(
        z=("numeric", np.arange(4.0)),
        code=("categorical", np.array(["1", "2"] * 2)),
        on=("boolean", np.array([True] * 4)),
    )
    given = [{"z": 1, "code": 2, "on": None, "n": 1}, {"z": None, "code": 7, "on": False, "n": 2.5}]
    table = made(*(row(number, features=one) for number, one in enumerate(given)), baseline=reference)
    features = [name for name in table.column_names if name.startswith("feature:")]
    assert {name: table.column(name).to_pylist() for name in features} == {
        "feature:z": [1.0, None], "feature:code": ["2", "7"], "feature:on": [None, False],
    }  # fmt: skip
    assert [str(table.schema.field(name).type) for name in features] == ["double", "string", "bool"]


def test_without_a_baseline_features_are_of_the_kind_they_show() -> None:
    given = [{"n": 1, "mixed": 1, "flag": True, "void": None}, {"n": 2.5, "mixed": "a", "flag": None}]
    table = made(*(row(number, features=one) for number, one in enumerate(given)))
    features = [name for name in table.column_names if name.startswith("feature:")]
    assert features == [f"feature:{name}" for name in ("flag", "mixed", "n")]
    assert {name: table.column(name).to_pylist() for name in features} == {
        "feature:flag": [True, None], "feature:mixed": ["1", "a"], "feature:n": [1.0, 2.5],
    }  # fmt: skip


def test_without_watched_segments_all_that_events_carry_are_columns_up_to_a_limit() -> None:
    every = Monitor(model="m")
    carried = [{"region": "eu", f"s{number}": "x"} for number in range(40)]
    table = made(*(row(number, segments=one) for number, one in enumerate(carried)), monitor=every)
    segments = [name for name in table.column_names if name.startswith("segment:")]
    assert len(segments) == 16
    assert segments[0] == "segment:region"


@pytest.mark.parametrize(
    ("classes", "label", "named"),
    [(("0", "1"), "true", "1"), (("false", "true"), 0.0, "false"), (("a", "b"), "c", "c"), (("1", "2"), 1.0, "1")],
)
def test_labels_are_called_as_the_classes_are(classes: tuple[str, ...], label: Any, named: str) -> None:
    table = made(row(1, label), monitor=Monitor(model="m", classes=classes))
    assert table.column("label").to_pylist() == [named]


def test_of_a_regression_a_text_is_no_answer_and_no_label() -> None:
    rows = [
        row(1, 2.5, prediction=1.5),
        row(2, "much", prediction=1.0),
        row(3, 1.0, prediction="much"),
        row(4, -0.0, prediction=-0.0),
    ]
    table = made(*rows, monitor=MONITORS["quantity"], baseline=quantities()["quantity/1"])
    assert table.select(["prediction", "label"]).to_pylist() == [
        {"prediction": 1.5, "label": 2.5},
        {"prediction": 0.0, "label": 0.0},
    ]
    assert "-0.0" not in str(table.column("label").to_pylist())
    assert not [name for name in table.column_names if name.startswith("probability:")]


NUMBERS = {
    "few": np.arange(4.0),
    "halves": np.arange(4) / 2,
    "many": np.arange(30.0),
    "one": np.zeros(4),
    "signed": -np.arange(6.0),
}


@pytest.mark.parametrize("monitor", [PLAIN, MONITORS["binary"], Monitor(model="m", classes=("only",))])
@pytest.mark.parametrize("origin", ["training", "learned"])
@pytest.mark.parametrize("values", [*NUMBERS, "texts", "same", "flags", "none"])
def test_the_classes_are_those_of_the_performance_windows(values: str, origin: Any, monitor: Monitor) -> None:
    told: dict[str, Any] = {
        "texts": ("categorical", np.array(list("abca"))),
        "same": ("categorical", np.array(list("aaaa"))),
        "flags": ("boolean", np.array([True, False] * 2)),
    } | {name: ("numeric", column) for name, column in NUMBERS.items()}
    baseline = None if values == "none" else baseline_of(prediction=told[values]).model_copy(update={"origin": origin})
    layout = layout_of(baseline, monitor)
    assert classes_of(monitor, baseline) == (layout and layout.classes)


@pytest.mark.parametrize(
    ("labels", "kind"),
    [([1.0, 2.0, 3.0], "string"), ([1.5, 2.0, 3.0], "double"), (range(30), "double"), (["a"], "string")],
)
def test_where_nothing_is_known_few_whole_numbers_are_classes(labels: Any, kind: str) -> None:
    table = made(*(row(number, label, prediction=1) for number, label in enumerate(labels)))
    assert str(table.schema.field("label").type) == kind


def test_probabilities_of_unknown_classes_are_those_that_events_name() -> None:
    rows = [row(1, probabilities={"b": 1.0}), row(2, probabilities={"a": 0.5, "b": 0.5}), row(3)]
    table = made(*rows)
    assert table.column("probability:a").to_pylist() == [None, 0.5, None]
    assert table.column("probability:b").to_pylist() == [1.0, 0.5, None]


def test_no_rows_are_a_table_too() -> None:
    table = made(monitor=MONITORS["binary"])
    assert table.num_rows == 0
    assert "probability:leave" in table.column_names

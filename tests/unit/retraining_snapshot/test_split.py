"""Parts of a snapshot, their bytes, and how those who train and judge take them."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.registry.artifacts import ArtifactStore
from schemas.training import SnapshotSpec
from services.retraining.snapshot.split import (
    answers_of,
    as_snapshot,
    digest_of,
    features_of,
    label_of,
    packed,
    split,
    unpacked,
)

NAN = float("nan")


def table_of(times: list[int], **columns: Any) -> pa.Table:
    n = len(times)
    given = {
        "prediction_id": pa.array([f"p-{row}" for row in range(n)], pa.string()),
        "time_ms": pa.array(times, pa.int64()),
        "prediction": pa.array(["a"] * n, pa.string()),
        "score": pa.nulls(n, pa.float64()),
        "label": pa.array(["a", "b"] * n, pa.string()).slice(0, n),
    }
    return pa.table(given | columns)


def parts(times: list[int], **shares: float) -> list[list[int]]:
    found = split(table_of(times), SnapshotSpec(**shares))
    return [part.column("time_ms").to_pylist() for part in (found.training, found.validation, found.holdout)]


def test_the_newest_rows_are_the_holdout_and_those_before_it_the_validation_rows() -> None:
    times = list(range(100))
    assert parts(times, validation=0.15, holdout=0.2) == [times[:65], times[65:80], times[80:]]


@given(st.lists(st.integers(0, 12), max_size=60).map(sorted))
def test_no_time_is_cut_and_no_row_lost(times: list[int]) -> None:
    found = parts(times)
    assert [*found[0], *found[1], *found[2]] == times
    assert not {*found[0]} & {*found[1]}
    assert not {*found[1]} & {*found[2]}


def test_a_cut_is_the_one_between_two_times_that_is_nearest() -> None:
    assert parts([1] * 60 + [2] * 22 + [3] * 18) == [[1] * 60, [2] * 22, [3] * 18]
    assert parts([1] * 10) == [[1] * 10, [], []]


def test_equal_content_has_equal_bytes_whatever_lies_beneath() -> None:
    plain = pa.table(
        {"x": pa.array([1.0, None, 3.0]), "c": pa.array(["a", None, "b"]), "b": pa.array([True, None, False])}
    )
    garbage = pa.Array.from_buffers(
        pa.float64(), 3, [pa.array([1.0, None, 3.0]).buffers()[0], pa.py_buffer(np.array([1.0, 9.9, 3.0]).tobytes())]
    )
    other = pa.table({
        "x": garbage,
        "c": pa.chunked_array([pa.array(["z", "a", None], pa.string()).slice(1), ["b"]]).dictionary_encode(),
        "b": pa.chunked_array([[True], pa.array([False, None, False]).slice(1)]),
    }).replace_schema_metadata({"made": "elsewhere"})  # fmt: skip
    assert packed(other) == packed(plain)
    assert unpacked(packed(plain)).equals(plain)
    assert packed(plain.slice(1)) != packed(plain)
    assert packed(plain.select(["c", "x", "b"])) != packed(plain)
    without = pa.Array.from_buffers(pa.float64(), 1, [pa.py_buffer(b"\xff"), pa.py_buffer(np.array([1.0]).tobytes())])
    assert packed(pa.table({"x": without})) == packed(pa.table({"x": [1.0]}))


@given(st.lists(st.integers(0, 20)))
def test_chunks_do_not_show(cuts: list[int]) -> None:
    table = table_of(list(range(20)), x=pa.array([None, "ä"] * 10))
    places = [0, *sorted(cuts), 20]
    pieces = [table.slice(begin, end - begin) for begin, end in pairwise(places)]
    assert packed(pa.concat_tables(pieces)) == packed(table)


def test_the_digest_is_the_registry_s_name_of_the_bytes(tmp_path: Path) -> None:
    data = packed(table_of([1, 2]))
    assert ArtifactStore(str(tmp_path)).put(data).digest == digest_of(data)


def test_features_have_their_own_names_and_labels_are_a_list_or_numbers() -> None:
    table = table_of([1, 2], **{"feature:x": [1.0, None], "segment:x": ["a", "b"], "feature:feature:y": ["u", "v"]})
    assert features_of(table).to_pydict() == {"x": [1.0, None], "feature:y": ["u", "v"]}
    assert label_of(table) == ["a", "b"]
    numbers = label_of(table.set_column(4, "label", pa.array([1.5, 2.5])))
    assert isinstance(numbers, np.ndarray)
    assert numbers.tolist() == [1.5, 2.5]


def test_of_two_classes_the_score_comes_before_what_is_said_class_by_class() -> None:
    table = table_of(
        [1, 2, 3, 4, 5],
        score=pa.array([0.9, None, None, None, None], pa.float64()),
        **{"probability:no": [0.5, 0.5, 0.25, None, None], "probability:yes": [0.5, 0.5, None, 0.125, None]},
    )
    found = answers_of(table, ("no", "yes")).probabilities
    assert found is not None
    np.testing.assert_allclose(found[:, 1], [0.9, 0.5, 0.75, 0.125, NAN])
    np.testing.assert_allclose(found[:, 0], 1 - found[:, 1])


def test_of_many_classes_one_that_is_not_named_has_no_chance() -> None:
    table = table_of([1, 2], **{"probability:a": [0.5, None], "probability:b": pa.array([None, None], pa.float64())})
    found = answers_of(table, ("a", "b", "c"))
    np.testing.assert_array_equal(found.probabilities, [[0.5, 0, 0], [NAN] * 3])  # type: ignore[arg-type]  not None
    assert found.prediction == ["a", "a"]


@pytest.mark.parametrize("classes", [("a", "b"), ("a", "b", "c"), ()])
def test_without_scores_there_are_no_probabilities(classes: tuple[str, ...]) -> None:
    assert answers_of(table_of([1, 2]), classes).probabilities is None


def test_the_data_gate_is_given_missing_values_as_it_knows_them() -> None:
    columns = {"feature:x": [1.0, None], "feature:c": ["u", None], "feature:b": [True, None]}
    found = as_snapshot(table_of([1, 2], **columns))
    np.testing.assert_array_equal(found.features["x"], [1.0, NAN])
    assert (found.features["c"], found.features["b"], found.ids) == (["u", None], [True, None], None)
    assert found.time_ms.dtype == np.int64

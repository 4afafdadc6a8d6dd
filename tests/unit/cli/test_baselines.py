"""Baselines from files: formats, kinds, roles, digests, metrics."""

import json
import math
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv, feather, parquet

from driftline import datasets
from driftline.baselines import build, read_importance
from driftline.datasets import Dataset
from driftline.errors import CommandError
from driftline.parts import Parts
from schemas.baseline import Baseline

ROWS = 400


def sample() -> pa.Table:
    rng = np.random.default_rng(7)
    score = rng.random(ROWS)
    return pa.table(
        {
            "amount": rng.normal(10, 2, ROWS),
            "items": rng.integers(1, 5, ROWS),
            "express": rng.random(ROWS) < 0.3,
            "country": pa.array(rng.choice(["de", "fr", "nl"], ROWS)),
            "at": pa.array(1_700_000_000_000 + np.arange(ROWS) * 1_000, pa.timestamp("ms", tz="UTC")),
            "churned": (rng.random(ROWS) < score).astype(np.int64),
            "p": score,
            "answer": (score > 0.5).astype(np.int64),
        }
    )


PARTS = Parts(prediction="answer", score="p", label="churned", time="at", categorical=frozenset({"items", "answer"}))


@pytest.mark.parametrize(
    ("suffix", "write"),
    [
        (".parquet", parquet.write_table),
        (".feather", feather.write_feather),
        (".csv", csv.write_csv),
    ],
)
def test_every_format_gives_the_same_baseline_and_digests(tmp_path: Path, suffix: str, write: object) -> None:
    path = tmp_path / f"train{suffix}"
    write(sample(), path)  # type: ignore[operator]  # one of the writers above
    read = build(datasets.read(path), "churn", "3", PARTS)
    held = build(Dataset("memory", sample()), "churn", "3", PARTS)
    assert read.digest == held.digest
    assert read.dataset_digest == held.dataset_digest
    assert read == held


def test_kinds_and_roles_are_told_from_types_and_options() -> None:
    built = build(Dataset("memory", sample()), "churn", "3", PARTS)
    assert [(column.name, column.role, column.kind) for column in built.columns] == [
        ("amount", "feature", "numeric"),
        ("items", "feature", "categorical"),
        ("express", "feature", "boolean"),
        ("country", "feature", "categorical"),
        ("answer", "prediction", "categorical"),
        ("p", "score", "numeric"),
    ]
    assert built.rows == ROWS
    assert (built.start_ms, built.end_ms) == (1_700_000_000_000, 1_700_000_000_000 + (ROWS - 1) * 1_000)
    assert set(built.columns[1].categories) == {"1", "2", "3", "4"}


def test_another_row_is_another_dataset() -> None:
    changed = sample().set_column(3, "country", pa.array(["de"] * ROWS))
    one, other = (build(Dataset("memory", table), "churn", "3", PARTS) for table in (sample(), changed))
    assert one.dataset_digest != other.dataset_digest
    assert one.digest != other.digest


def test_labels_and_scores_give_metrics() -> None:
    built = build(Dataset("memory", sample()), "churn", "3", PARTS)
    assert built.metrics.keys() >= {"accuracy", "auc", "log_loss", "brier", "positive_rate"}
    assert 0.6 < built.metrics["auc"] < 1


def test_a_quantity_as_label_gives_errors_of_a_regression() -> None:
    table = pa.table({"x": np.arange(100.0), "y": np.arange(100.0), "guess": np.arange(100.0) + 2})
    built = build(Dataset("memory", table), "price", "1", Parts(prediction="guess", label="y"))
    assert built.metrics["mae"] == pytest.approx(2)
    assert built.metrics["rmse"] == pytest.approx(2)


def test_importances_become_shares_and_noise_below_zero_counts_as_none(tmp_path: Path) -> None:
    path = tmp_path / "importance.json"
    path.write_text(json.dumps({"amount": 3, "country": 1, "items": -0.2}))
    built = build(Dataset("memory", sample()), "churn", "3", PARTS, read_importance(path))
    shares = {column.name: column.importance for column in built.columns}
    assert (shares["amount"], shares["country"], shares["items"], shares["express"]) == (0.75, 0.25, 0.0, None)


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        (Parts(exclude=frozenset({"nix"})), "lacks column 'nix'"),
        (Parts(label="nope"), "lacks column 'nope'"),
        (Parts(features=("amount", "nix", "nada")), "lacks columns 'nix', 'nada'"),
        (Parts(), "'at' of memory holds timestamp"),
        (Parts(features=("items",), time="country"), "holds no times"),
        (Parts(features=("items",), time="amount"), "lie outside 2000 to 2100"),
    ],
)
def test_what_cannot_be_used_is_named(parts: Parts, says: str) -> None:
    with pytest.raises(CommandError, match=says):
        build(Dataset("memory", sample()), "churn", "3", parts)


@pytest.mark.parametrize("content", ['{"a": NaN}', '{"a": true}', "[1]", '{"a": "b"}', "{", "null"])
def test_importances_must_be_an_object_of_numbers(tmp_path: Path, content: str) -> None:
    path = tmp_path / "importance.json"
    path.write_text(content)
    with pytest.raises(CommandError, match="feature"):
        read_importance(path)


def test_a_file_of_unknown_kind_or_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no known format"):
        datasets.read(tmp_path / "rows.xlsx")
    csv.write_csv(sample().slice(0, 0), tmp_path / "none.csv")
    with pytest.raises(CommandError, match="no rows"):
        datasets.read(tmp_path / "none.csv")
    with pytest.raises(CommandError, match="cannot be read"):
        datasets.read(tmp_path / "nowhere.parquet")


def test_numbers_as_categories_are_written_as_production_writes_them() -> None:
    table = pa.table({"a": pa.array([3.0, 3.5, None, float("nan")]), "b": [True, False, None, True]})
    assert Dataset("memory", table).texts("a") == ["3", "3.5", None, None]
    assert Dataset("memory", table).texts("b") == ["true", "false", None, "true"]


def test_dictionary_columns_are_categories() -> None:
    data = Dataset("memory", pa.table({"a": pa.array(["x", None, "y"]).dictionary_encode()}))
    assert data.kind("a") == "categorical"
    assert data.texts("a") == ["x", None, "y"]


def test_numbers_of_any_type_are_written_as_production_writes_them() -> None:
    table = pa.table({"a": pa.array([Decimal("3.00"), Decimal("0.50"), None])})
    assert Dataset("memory", table).texts("a") == ["3", "0.5", None]
    assert Dataset("memory", pa.table({"a": pa.nulls(2)})).texts("a") == [None, None]


def test_booleans_may_be_ones_and_zeros_or_all_missing() -> None:
    table = pa.table({"i": [1, 0, None], "f": [1.0, float("nan"), 0.0], "none": pa.nulls(3), "n": [1, 2, 0]})
    data = Dataset("memory", table)
    assert data.booleans("i") == [True, False, None]
    assert data.booleans("f") == [True, None, False]
    assert data.booleans("none") == [None] * 3
    assert data.values_as_text("i", "boolean") == ["true", "false", None]
    with pytest.raises(CommandError, match="'n' of memory holds int64, not booleans"):
        data.booleans("n")


def test_features_named_twice_count_once_and_excluded_columns_are_none() -> None:
    parts = Parts(features=("items", "items"))
    assert [column.name for column in build(Dataset("memory", sample()), "churn", "3", parts).columns] == ["items"]
    parts = Parts(time="at", exclude=frozenset({"p", "amount", "churned", "answer"}))
    found = [column.name for column in build(Dataset("memory", sample()), "churn", "3", parts).columns]
    assert found == ["items", "express", "country"]


@pytest.mark.parametrize(("name", "model"), [("x" * 257, "m"), ("a\tb", "m"), ("x", ""), ("x", "m" * 257)])
def test_names_that_no_event_can_carry_are_refused(name: str, model: str) -> None:
    with pytest.raises(CommandError, match="makes no baseline"):
        build(Dataset("memory", pa.table({name: [1.0, 2.0]})), model, "1", Parts())


def test_metrics_that_are_no_numbers_are_left_out_so_that_the_baseline_can_be_read_again() -> None:
    table = pa.table({"x": np.arange(100.0), "y": np.arange(100.0) * 1e300, "guess": -np.arange(100.0) * 1e300})
    with np.errstate(over="ignore", invalid="ignore"):
        built = build(Dataset("memory", table), "price", "1", Parts(prediction="guess", label="y"))
    assert Baseline.model_validate_json(built.to_json()) == built
    assert all(math.isfinite(value) for value in built.metrics.values())


def test_a_class_without_any_score_has_no_auc() -> None:
    table = pa.table({"x": [1.0] * 4, "p": [0.1, 0.2, None, None], "y": ["a", "a", "b", "b"]})
    metrics = build(Dataset("memory", table), "m", "1", Parts(score="p", label="y")).metrics
    assert metrics == {"positive_rate": 0.5}

"""Labelled rows become outcomes and metrics: against scikit-learn on the raw rows, and at the edges."""

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics as sklearn

from driftline import holdout
from driftline.errors import CommandError
from driftline.holdout import layout_of
from driftline.parts import Parts
from schemas.baseline import Baseline
from stats.performance import labelled
from tests.labelled_rows import BINARY, FRUIT, NUMBERS, OF_FRUIT, Columns, N, binary, built, counted, fruit


@pytest.mark.parametrize("seed", range(3))
def test_two_classes_have_the_figures_of_the_raw_rows_with_the_positive_class_that_scores_higher(seed: int) -> None:
    rows = binary(seed)
    rows["y"] = [None if i % 10 == 0 else label for i, label in enumerate(rows["y"].tolist())]
    baseline = built(rows, BINARY)
    known = np.arange(N) % 10 != 0
    y, answer, p = (np.asarray(rows[name])[known] for name in ("y", "answer", "p"))
    assert baseline.outcomes is not None
    assert (baseline.outcomes.task, baseline.outcomes.classes) == ("binary", ("good", "bad"))
    expected = {
        "accuracy": sklearn.accuracy_score(y, answer),
        "precision": sklearn.precision_score(y, answer, pos_label="bad"),
        "recall": sklearn.recall_score(y, answer, pos_label="bad"),
        "f1": sklearn.f1_score(y, answer, pos_label="bad"),
        "log_loss": sklearn.log_loss(y == "bad", p),
        "brier": sklearn.brier_score_loss(y == "bad", p),
        "positive_rate": np.mean(y == "bad"),
    }
    assert {name: baseline.metrics[name] for name in expected} == pytest.approx(expected, abs=1e-6)
    assert baseline.metrics["auc"] == pytest.approx(sklearn.roc_auc_score(y == "bad", p), abs=0.001)
    assert not {"coverage", "value"} & baseline.metrics.keys()
    assert int(counted(baseline, "n")) == int(counted(baseline, "made")) == known.sum()


def test_many_classes_are_ranked_by_frequency_and_have_the_figures_of_the_raw_rows() -> None:
    rows = fruit(1)
    baseline = built(rows, OF_FRUIT)
    assert baseline.outcomes is not None
    assert (baseline.outcomes.task, baseline.outcomes.classes) == ("multiclass", ("pear", "fig", "apple"))
    chances = np.column_stack([rows[f"p_{name}"] for name in FRUIT])
    expected = {
        "accuracy": sklearn.accuracy_score(rows["y"], rows["answer"]),
        "f1_macro": sklearn.f1_score(rows["y"], rows["answer"], average="macro"),
        "log_loss": sklearn.log_loss(rows["y"], chances, labels=FRUIT),
    }
    assert {name: baseline.metrics[name] for name in expected} == pytest.approx(expected, abs=1e-6)
    assert baseline.metrics["auc"] == pytest.approx(
        sklearn.roc_auc_score(rows["y"], chances, multi_class="ovr", labels=FRUIT), abs=0.002
    )


def test_a_regression_has_the_figures_of_the_raw_rows_and_the_bins_of_its_predictions() -> None:
    rng = np.random.default_rng(2)
    guess = rng.normal(100, 20, N)
    y = guess + rng.normal(1, 5, N)
    y[:7], guess[7:9] = np.nan, np.inf
    baseline = built({"y": y, "guess": guess}, NUMBERS)
    y, guess = y[9:], guess[9:]
    expected = {
        "mae": sklearn.mean_absolute_error(y, guess),
        "rmse": sklearn.root_mean_squared_error(y, guess),
        "r2": sklearn.r2_score(y, guess),
    }
    assert {name: baseline.metrics[name] for name in expected} == pytest.approx(expected, rel=1e-6)
    assert baseline.outcomes is not None
    assert (baseline.outcomes.center, baseline.outcomes.scale) == pytest.approx((y.mean(), y.std()))
    assert baseline.outcomes.edges == baseline.columns[-1].edges
    assert counted(baseline, "bins").sum() == N - 9


@pytest.mark.parametrize("rows", [binary(0), fruit(0), {"y": np.arange(100.0), "guess": np.arange(100.0) + 2}])
def test_outcomes_survive_the_wire(rows: Columns) -> None:
    baseline = built(rows, BINARY if "p" in rows else NUMBERS if "guess" in rows else OF_FRUIT)
    read = Baseline.model_validate_json(baseline.to_json())
    assert read == baseline
    assert read.outcomes is not None
    assert layout_of(read.outcomes).digest == read.outcomes.digest


def test_outcomes_and_metrics_are_of_the_rows_unseen_where_there_are_any() -> None:
    seen, unseen = binary(0), binary(1)
    seen["answer"] = seen["y"]
    flattered, honest = built(seen, BINARY), built(seen, BINARY, unseen)
    assert flattered.metrics["accuracy"] == 1
    assert honest.metrics["accuracy"] == pytest.approx(sklearn.accuracy_score(unseen["y"], unseen["answer"]))
    assert (honest.columns, honest.digest) == (flattered.columns, flattered.digest)


def test_training_rows_need_no_label_where_others_have_it_and_else_add_the_classes_they_know() -> None:
    unlabelled = {name: column for name, column in binary(0).items() if name != "y"}
    assert built(unlabelled, BINARY, binary(1)).metrics == built(binary(0), BINARY, binary(1)).metrics
    few = {name: np.asarray(column)[np.asarray(fruit(0)["y"]) != "apple"] for name, column in fruit(0).items()}
    baseline = built(fruit(1), OF_FRUIT, few)
    assert baseline.outcomes is not None
    assert baseline.outcomes.classes == ("pear", "fig", "apple")
    assert counted(baseline, "confusion")[2].sum() == 0


@pytest.mark.parametrize(
    ("labels", "answers"),
    [
        ([None] * 40, ["a", "b"] * 20),
        (["a", "b"] * 20, pa.nulls(40, pa.string())),
        (["a"] * 40, ["a"] * 40),
        (pa.nulls(40), np.arange(40.0)),
    ],
)
def test_without_labels_answers_or_a_second_class_there_is_no_reference(labels: object, answers: object) -> None:
    baseline = built({"y": labels, "answer": answers}, Parts(prediction="answer", label="y"))
    assert (baseline.outcomes, baseline.metrics) == (None, {})


def test_scores_alone_give_their_own_metrics_and_no_reference() -> None:
    rows = binary(4)
    baseline = built(rows, Parts(score="p", label="y", exclude=frozenset({"answer"})))
    assert baseline.outcomes is None
    assert baseline.metrics.keys() == set(holdout.OF_SCORES)
    assert baseline.metrics["brier"] == pytest.approx(
        sklearn.brier_score_loss(np.asarray(rows["y"]) == "bad", rows["p"]), abs=1e-6
    )


def test_answers_without_scores_have_no_metrics_of_scores() -> None:
    rows = {name: column for name, column in binary(4).items() if name != "p"}
    baseline = built(rows, Parts(prediction="answer", label="y"))
    assert baseline.outcomes is not None
    assert baseline.outcomes.classes == ("bad", "good")
    assert {"accuracy", "positive_rate"} <= baseline.metrics.keys()
    assert not {"auc", "log_loss", "brier"} & baseline.metrics.keys()


def test_rows_without_a_score_count_in_accuracy_only() -> None:
    rows = binary(5)
    score = np.asarray(rows["p"]).copy()
    score[: N // 2] = np.nan
    baseline = built({**rows, "p": score}, BINARY)
    assert baseline.metrics["accuracy"] == pytest.approx(sklearn.accuracy_score(rows["y"], rows["answer"]))
    late = slice(N // 2, None)
    assert baseline.metrics["brier"] == pytest.approx(
        sklearn.brier_score_loss(np.asarray(rows["y"])[late] == "bad", score[late]), abs=1e-6
    )


def test_fewer_rows_than_a_figure_asks_for_are_counted_and_give_no_figure() -> None:
    rows = {name: np.asarray(column)[:29] for name, column in binary(7).items()}
    baseline = built(rows, BINARY)
    assert int(counted(baseline, "n")) == 29
    assert baseline.metrics.keys() == {"positive_rate"}


def test_folding_in_chunks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = built(fruit(3), OF_FRUIT)
    monkeypatch.setattr(labelled, "_CHUNK", 7)
    assert built(fruit(3), OF_FRUIT) == whole


def test_a_holdout_without_labels_is_refused() -> None:
    with pytest.raises(CommandError, match="asks for labels"):
        built(binary(0), Parts(prediction="answer", score="p", exclude=frozenset({"y"})), binary(1))
    unlabelled = {name: column for name, column in binary(1).items() if name != "y"}
    with pytest.raises(CommandError, match="unseen lacks column 'y'"):
        built(binary(0), BINARY, unlabelled)


def test_outcomes_whose_cells_do_not_fit_are_refused() -> None:
    baseline = built(binary(0), BINARY)
    assert baseline.outcomes is not None
    with pytest.raises(ValueError, match="do not fit what they count"):
        layout_of(baseline.outcomes.model_copy(update={"classes": ("bad", "good")}))

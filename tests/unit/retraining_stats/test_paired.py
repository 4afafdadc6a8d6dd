"""Better, not worse, and not known: each on both sides of where it turns."""

import numpy as np
import pytest

from stats.outcome import TooFew
from stats.performance.estimate import Estimate
from stats.performance.layout import OutcomeLayout
from stats.retraining.paired import Answers, compare, figure_of, metrics
from tests.unit.retraining_stats.models import ANIMALS, BINARY, LAYOUTS, PRICES, holdout


def flipped(gained: int, lost: int, n: int = 400) -> tuple[np.ndarray, Answers, Answers]:
    """Labels all 1; the first `gained` only the candidate has right, the next `lost` only production."""
    production, candidate = np.ones(n, np.int64), np.ones(n, np.int64)
    production[:gained] = 0
    candidate[gained : gained + lost] = 0
    return np.ones(n, np.int64), Answers(production), Answers(candidate)


@pytest.mark.parametrize(("gained", "better"), [(5, True), (4, False)])
def test_gains_without_a_loss_are_luck_up_to_four(gained: int, better: bool) -> None:  # noqa: FBT001  a table
    """(½)⁵ = 0.031 is below alpha, (½)⁴ = 0.0625 is not."""
    assert compare("accuracy", *flipped(gained, 0), layout=BINARY).better is better


@pytest.mark.parametrize(("lost", "better"), [(8, True), (9, False)])
def test_a_guard_holds_where_the_worst_that_can_be_is_within_its_margin(lost: int, better: bool) -> None:  # noqa: FBT001  a table
    found = compare("accuracy", *flipped(5, lost), layout=BINARY, margin=-0.025)
    assert found.better is better
    assert isinstance(found.difference, Estimate)
    assert (found.difference.low > -0.025) is better


def test_the_same_model_is_never_better_and_never_surely_worse() -> None:
    rows = holdout(BINARY, 2_000)
    for metric in metrics("binary"):
        same = (rows.label, rows.production, rows.production)
        assert compare(metric, *same, layout=BINARY).better is False
        assert compare(metric, *same, layout=BINARY, margin=-0.02).better is True


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.task)
def test_a_clearly_better_candidate_is_better_by_every_figure_and_production_is_not(layout: OutcomeLayout) -> None:
    rows = holdout(layout, 4_000, production=2.0, candidate=0.3)
    for metric in metrics(layout.task):
        if metric != "mape":
            assert compare(metric, *rows.rows, layout=layout).better is True
            assert compare(metric, rows.label, rows.candidate, rows.production, layout=layout).better is False


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.task)
@pytest.mark.parametrize("n", [0, 1, 20])
def test_few_rows_are_no_verdict(layout: OutcomeLayout, n: int) -> None:
    rows = holdout(layout, n)
    for metric in metrics(layout.task):
        found = compare(metric, *rows.rows, layout=layout)
        assert isinstance(found.better, TooFew)
        assert (found.difference, found.candidate, found.p_value) == (found.better, None, None)


def test_what_counts_as_rows_is_what_the_figure_is_made_of() -> None:
    label = np.repeat([0, 1], [500, 29])
    probabilities = np.linspace(0, 1, 529)[:, np.newaxis]
    answers = Answers(label.copy(), probabilities)
    for metric in ("recall", "precision", "f1", "auc"):
        assert compare(metric, label, answers, answers, layout=BINARY).better == TooFew(needed=30, have=29)
    assert compare("accuracy", label, answers, answers, layout=BINARY).better is False


def test_rows_without_probabilities_or_a_known_label_are_left_out_of_losses() -> None:
    rows = holdout(ANIMALS, 300)
    label, probabilities = rows.label.copy(), rows.candidate.probabilities.copy()
    label[:40], probabilities[40:60] = 3, np.nan
    candidate = Answers(rows.candidate.prediction, probabilities)
    found = compare("log_loss", label, rows.production, candidate, layout=ANIMALS)
    kept = slice(60, None)
    parts = (Answers(m.prediction[kept], m.probabilities[kept]) for m in (rows.production, rows.candidate))
    assert found.difference == compare("log_loss", rows.label[kept], *parts, layout=ANIMALS).difference
    silent = Answers(rows.candidate.prediction)
    assert compare("brier", label, rows.production, silent, layout=ANIMALS).better == TooFew(needed=30, have=0)


def test_an_unknown_class_is_never_right() -> None:
    other = np.full(50, 3)
    found = compare("accuracy", other, Answers(other), Answers(other), layout=ANIMALS)
    assert (found.production, found.candidate) == (0, 0)


def test_relative_errors_leave_out_labels_of_zero() -> None:
    label = np.array([0.0] * 10 + [2.0] * 40)
    found = compare("mape", label, Answers(label + 1), Answers(label + 0.5), layout=PRICES)
    assert (found.production, found.candidate) == (0.5, 0.25)


@pytest.mark.parametrize(
    ("metric", "layout", "options", "words"),
    [
        ("mae", BINARY, {}, "no figure of a binary model"),
        ("auc", PRICES, {}, "no figure of a regression model"),
        ("f1", BINARY, {"of": "maybe"}, "class 'maybe' is none of"),
        ("mae", PRICES, {"of": "yes"}, "leave `of` out"),
        ("accuracy", BINARY, {"alpha": 0.5}, "alpha is 0.5"),
    ],
)
def test_a_wrong_question_is_refused_with_words(metric: str, layout: OutcomeLayout, options: dict, words: str) -> None:
    rows = holdout(layout, 50)
    with pytest.raises(ValueError, match=words):
        compare(metric, *rows.rows, layout=layout, **options)


def test_answers_to_other_rows_are_refused() -> None:
    rows, prices = holdout(BINARY, 50), holdout(PRICES, 50)
    with pytest.raises(ValueError, match="same 50 rows"):
        compare("accuracy", rows.label, rows.production, Answers(rows.candidate.prediction[1:]), layout=BINARY)
    with pytest.raises(ValueError, match="probabilities"):
        compare("auc", *rows.rows[:2], Answers(rows.candidate.prediction, np.full((50, 1), 1.1)), layout=BINARY)
    with pytest.raises(ValueError, match=r"codes 0\.\.2"):
        compare("accuracy", rows.label + 2, *rows.rows[1:], layout=BINARY)
    with pytest.raises(ValueError, match="finite"):
        compare("mae", prices.label, prices.production, Answers(np.full(50, np.nan)), layout=PRICES)


@pytest.mark.parametrize("metric", ["accuracy", "precision", "recall", "f1", "f1_macro", "auc"])
def test_a_hundred_rows_without_a_difference_do_not_show_that_there_is_none(metric: str) -> None:
    rows = holdout(BINARY, 100)
    same = compare(metric, rows.label, rows.production, rows.production, layout=BINARY, margin=-0.01)
    assert same.better is False
    assert isinstance(same.difference, Estimate)
    assert same.difference.low < -0.02 < same.difference.value == 0


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.task)
def test_one_model_s_own_figure_is_that_of_a_comparison(layout: OutcomeLayout) -> None:
    rows = holdout(layout, 300)
    for metric in metrics(layout.task):
        found = compare(metric, *rows.rows, layout=layout)
        assert figure_of(metric, rows.label, rows.candidate, layout=layout) == found.candidate
    few = holdout(layout, 20)
    assert isinstance(figure_of(metrics(layout.task)[0], few.label, few.candidate, layout=layout), TooFew)

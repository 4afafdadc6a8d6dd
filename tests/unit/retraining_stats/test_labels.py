"""What a baseline's outcomes say about labels, and which class a label names."""

from dataclasses import replace

import numpy as np

from stats.retraining.gate_figure import failed
from stats.retraining.labels import LabelReference
from tests.unit.retraining_stats.models import ANIMALS, PRICES, folded, holdout
from tests.unit.retraining_stats.test_data_gate import N, judged, label_of, snapshot


def test_a_label_reference_is_read_from_a_baseline_s_outcomes() -> None:
    rows = holdout(ANIMALS, 400)
    label = np.where(rows.label == 1, 3, rows.label)  # dogs are called something else
    cells = folded(ANIMALS, label, rows.production)
    found = LabelReference.of(ANIMALS, cells)
    assert found == LabelReference({"cat": int((label == 0).sum()), "eel": int((label == 2).sum())})
    assert found.codes(["eel", "dog", None, float("nan"), "cat"]).tolist() == [1, -2, -1, -1, 0]
    prices = holdout(PRICES, 40)
    assert LabelReference.of(PRICES, folded(PRICES, prices.label, prices.production)) == LabelReference({}, 100.0, 20.0)


def test_classes_that_are_only_named_need_their_rows_and_have_no_balance_to_keep() -> None:
    """As of a baseline that was learned: it has no labelled rows."""
    named = LabelReference({"no": 1, "yes": 1}, measured=False)
    for yes, told in ((29, ["label_rows"]), (30, []), (1_970, [])):
        gate = judged(replace(snapshot(), label=label_of(yes)), named)
        assert [figure.rule for figure in failed(gate)] == told
        (balance,) = (figure for figure in gate if figure.rule == "label_balance")
        assert (balance.value, balance.passed) == (None, True)
        assert balance.detail.startswith("label_balance is not judged: the baseline has no labelled rows")
    one = judged(replace(snapshot(), label=["no"] * N), LabelReference({"no": N}, measured=False))
    assert [(figure.rule, figure.bound) for figure in failed(one)] == [("label_rows", 2)]

"""What a baseline's outcomes say about labels, and which class a label names."""

import numpy as np

from stats.retraining.labels import LabelReference
from tests.unit.retraining_stats.models import ANIMALS, PRICES, folded, holdout


def test_a_label_reference_is_read_from_a_baseline_s_outcomes() -> None:
    rows = holdout(ANIMALS, 400)
    label = np.where(rows.label == 1, 3, rows.label)  # dogs are called something else
    cells = folded(ANIMALS, label, rows.production)
    found = LabelReference.of(ANIMALS, cells)
    assert found == LabelReference({"cat": int((label == 0).sum()), "eel": int((label == 2).sum())})
    assert found.codes(["eel", "dog", None, float("nan"), "cat"]).tolist() == [1, -2, -1, -1, 0]
    prices = holdout(PRICES, 40)
    assert LabelReference.of(PRICES, folded(PRICES, prices.label, prices.production)) == LabelReference({}, 100.0, 20.0)

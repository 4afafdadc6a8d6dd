"""Whatever two models say: who is asked first does not matter, nor the order of rows, and equals are never better."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.outcome import TooFew
from stats.retraining.paired import Answers, Comparison, compare, metrics
from stats.retraining.regression_cases import regression_cases
from tests.properties.retraining_stats.holdouts import Holdout, holdouts


def compared(holdout: Holdout, **options: float) -> list[Comparison]:
    layout, label, production, candidate = holdout
    return [
        compare(metric, label, production, candidate, layout=layout, min_count=2, **options)
        for metric in metrics(layout.task)
    ]


@settings(max_examples=40)
@given(holdouts())
def test_the_other_way_round_every_gain_is_a_loss_of_the_same_size(holdout: Holdout) -> None:
    layout, label, production, candidate = holdout
    for there, back in zip(compared(holdout), compared((layout, label, candidate, production)), strict=True):
        if isinstance(there.difference, TooFew):
            assert there.difference == back.difference
            continue
        forth, mirrored = there.difference, back.difference
        scale = 1e-9 * max(1.0, abs(forth.low), abs(forth.high))
        assert (forth.value, forth.low, forth.high) == (
            pytest.approx(-mirrored.value, abs=scale),
            pytest.approx(-mirrored.high, abs=scale),
            pytest.approx(-mirrored.low, abs=scale),
        )
        assert (there.production, there.candidate) == (back.candidate, back.production)
        assert not (there.better and back.better)


@settings(max_examples=40)
@given(holdouts())
def test_an_interval_holds_its_value_and_a_wider_margin_is_never_harder(holdout: Holdout) -> None:
    for found, guarded in zip(compared(holdout), compared(holdout, margin=-0.1), strict=True):
        if isinstance(found.difference, TooFew):
            assert isinstance(found.better, TooFew)
            assert isinstance(guarded.better, TooFew)
            continue
        assert found.difference.low <= found.difference.value <= found.difference.high
        assert 0 <= found.p_value <= 1
        assert guarded.better or not found.better
        assert not found.better or found.difference.value > 0


@settings(max_examples=40)
@given(holdouts(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(holdout: Holdout, random: Random) -> None:
    layout, label, *models = holdout
    order = list(range(len(label)))
    random.shuffle(order)
    shuffled = (
        Answers(model.prediction[order], None if model.probabilities is None else model.probabilities[order])
        for model in models
    )
    for found, again in zip(compared(holdout), compared((layout, label[order], *shuffled)), strict=True):
        if isinstance(found.difference, TooFew):
            assert found.difference == again.difference
        else:
            ends = (found.difference.low, found.difference.high)
            assert ends == pytest.approx((again.difference.low, again.difference.high), rel=1e-6, abs=1e-6)


@settings(max_examples=40)
@given(holdouts())
def test_a_model_is_never_better_than_itself(holdout: Holdout) -> None:
    layout, label, production, _ = holdout
    for found in compared((layout, label, production, production)):
        assert isinstance(found.better, TooFew) or not found.better


@given(st.lists(st.tuples(*[st.sampled_from("abc")] * 3)))
def test_cases_fixed_and_broken_account_for_every_change(rows: list[tuple[str, str, str]]) -> None:
    found = regression_cases(*(list(column) for column in zip(*rows, strict=True)) if rows else ((), (), ()))
    assert found.candidate_right - found.production_right == len(found.fixed) - len(found.broken)
    assert all(rows[place][0] == rows[place][1] != rows[place][2] for place in found.broken)
    assert np.all(np.diff(found.broken) > 0)

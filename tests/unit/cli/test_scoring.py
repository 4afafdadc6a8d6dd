"""`driftline score` as a report: its JSON shape, its figures on data whose drift is known."""

import json

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import ks_2samp, wasserstein_distance

from driftline.baselines import build
from driftline.datasets import Dataset
from driftline.errors import CommandError
from driftline.parts import Parts
from driftline.scoring import report
from schemas.baseline import Baseline

KEYS = {"psi", "psi_adj", "js", "kl", "ks", "wasserstein", "chi2_p", "missing_rate", "n", "outcome"}


def rows(n: int, seed: int, shift: float = 0.0, late: float = 0.2) -> pa.Table:
    rng = np.random.default_rng(seed)
    return pa.table(
        {
            "amount": rng.normal(10 + 2 * shift, 2, n),
            "country": pa.array(rng.choice(["de", "fr", "nl"], n)),
            "express": rng.random(n) < 0.3,
            "answer": pa.array(np.where(rng.random(n) < late, "late", "on-time")),
        }
    )


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    return build(
        Dataset("train", rows(20_000, 1)), "shop", "1", Parts(prediction="answer"), {"country": 1, "amount": 2}
    )


def test_the_json_has_features_and_prediction_and_every_score(baseline: Baseline) -> None:
    document = json.loads(json.dumps(report(Dataset("live", rows(5_000, 2)), baseline).as_json(), allow_nan=False))
    assert document.keys() == {"features", "prediction"}
    assert document["features"].keys() == {"amount", "country", "express"}
    for scored in [*document["features"].values(), document["prediction"]]:
        assert scored.keys() >= KEYS
        assert (scored["outcome"], scored["n"]) == ("ok", 5_000)


def test_the_same_distribution_does_not_drift(baseline: Baseline) -> None:
    found = report(Dataset("live", rows(5_000, 2)), baseline)
    for scored in found.features.values():
        assert scored.psi_adj is not None
        assert abs(scored.psi_adj) < 0.01


def test_a_known_shift_is_found_with_the_size_it_has(baseline: Baseline) -> None:
    live, train = rows(20_000, 2, shift=0.5), rows(20_000, 1)
    scored = report(Dataset("live", live), baseline).features["amount"]
    old, new = train["amount"].to_numpy(), live["amount"].to_numpy()
    assert scored.ks == pytest.approx(ks_2samp(old, new).statistic, abs=0.01)
    assert scored.wasserstein == pytest.approx(wasserstein_distance(old, new) / old.std(), abs=0.005)
    assert scored.psi == pytest.approx(0.25, abs=0.04)  # about δ² for a shift of δσ


def test_most_important_features_come_first(baseline: Baseline) -> None:
    assert list(report(Dataset("live", rows(500, 2)), baseline).features) == ["amount", "country", "express"]


def test_too_few_rows_are_an_outcome_not_a_zero(baseline: Baseline) -> None:
    scored = report(Dataset("live", rows(20, 2)), baseline).as_json()["features"]["amount"]
    assert scored["outcome"] == "too_few"
    assert scored["n"] == 20
    assert all(scored[key] is None for key in ("psi", "psi_adj", "js", "kl", "ks", "wasserstein", "chi2_p"))


def test_missing_values_are_a_rate(baseline: Baseline) -> None:
    live = rows(1_000, 2)
    holed = live.set_column(
        0, "amount", pa.array([None if i % 4 == 0 else v for i, v in enumerate(live["amount"].to_pylist())])
    )
    assert report(Dataset("live", holed), baseline).features["amount"].missing_rate == pytest.approx(0.25)


def test_extra_columns_are_ignored_and_a_prediction_may_be_absent(baseline: Baseline) -> None:
    live = rows(500, 2).drop_columns(["answer"]).append_column("more", pa.array(np.ones(500)))
    found = report(Dataset("live", live), baseline).as_json()
    assert found["prediction"] is None
    assert "more" not in found["features"]


def test_lacking_features_are_an_error_that_names_them(baseline: Baseline) -> None:
    with pytest.raises(CommandError, match="live lacks columns 'country', 'express'"):
        report(Dataset("live", rows(500, 2).drop_columns(["country", "express"])), baseline)


def test_a_column_of_another_kind_is_an_error(baseline: Baseline) -> None:
    for name, values in (("amount", ["x"] * 500), ("express", ["x"] * 500)):
        live = rows(500, 2)
        changed = live.set_column(live.column_names.index(name), name, pa.array(values))
        with pytest.raises(CommandError, match=f"'{name}' of live holds string"):
            report(Dataset("live", changed), baseline)


def test_figures_beyond_the_greatest_float_are_none_and_the_json_stays_valid() -> None:
    table = pa.table({"x": np.where(np.random.default_rng(1).random(500) < 0.5, 1.79e308, -1.79e308)})
    scored = report(Dataset("live", table), build(Dataset("train", table), "m", "1", Parts())).as_json()
    assert json.dumps(scored, allow_nan=False)
    assert scored["features"]["x"]["std"] is None
    assert scored["features"]["x"]["psi"] == 0

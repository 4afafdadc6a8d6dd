"""The demo's model: will a flight arrive more than 15 minutes late? Trained on the first weeks of the year."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.inspection import permutation_importance
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it has no types

from driftline import baselines
from driftline.datasets import Dataset
from driftline.demo.flights import CATEGORICAL, FEATURES, NUMERIC, Flights, day
from driftline.parts import Parts
from schemas.baseline import Baseline

MODEL = "flights-delay"
VERSION = "1"
TRAINED_FROM = day(1, 1)
HELD_OUT_FROM = day(2, 4)
TRAINED_UNTIL = day(2, 11)
THRESHOLD = 0.35
"""From this probability on the answer is `late`; one flight in five is."""
SEED = 2013


@dataclass(frozen=True, slots=True)
class DelayModel:
    """A fitted classifier and the categories it knows."""

    classifier: HistGradientBoostingClassifier
    categories: dict[str, list[str]]

    def score(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """Probability of arriving late, float64[n]."""
        with _one_thread():
            chance = self.classifier.predict_proba(encode(features, self.categories))[:, 1]
        return np.asarray(chance, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Trained:
    """A model, what it was trained on, and how well it did on the weeks held out."""

    model: DelayModel
    baseline: Baseline
    auc: float


def answer(score: NDArray[np.float64]) -> NDArray[np.str_]:
    """The model's answer to each score."""
    return np.where(score >= THRESHOLD, "late", "on-time")


def encode(features: pd.DataFrame, categories: dict[str, list[str]]) -> NDArray[np.float64]:
    """float64[n, features]: categories as codes, those unknown and the missing as NaN."""
    coded = [pd.Categorical(features[name], categories[name]).codes.astype(np.float64) for name in CATEGORICAL]
    numbers = [features[name].to_numpy(dtype=np.float64) for name in NUMERIC]
    table = np.column_stack([*coded, *numbers])
    table[:, : len(CATEGORICAL)][table[:, : len(CATEGORICAL)] < 0] = np.nan
    return table


def train(flights: Flights) -> Trained:
    """Fits on January, ranks features on the first week of February, and builds the baseline from both."""
    fitted = _labelled(flights.between(TRAINED_FROM, HELD_OUT_FROM))
    held_out = _labelled(flights.between(HELD_OUT_FROM, TRAINED_UNTIL))
    categories = {name: sorted(fitted.features[name].dropna().unique()) for name in CATEGORICAL}
    classifier = HistGradientBoostingClassifier(
        max_iter=80, learning_rate=0.06, max_leaf_nodes=8, l2_regularization=20.0, min_samples_leaf=200,
        categorical_features=list(range(len(CATEGORICAL))), random_state=SEED,
    )  # fmt: skip
    with _one_thread():
        classifier.fit(encode(fitted.features, categories), fitted.late)
        unseen = encode(held_out.features, categories)
        ranked = permutation_importance(
            classifier, unseen, held_out.late, scoring="roc_auc", n_repeats=3, random_state=SEED
        )
    model = DelayModel(classifier, categories)
    importance = dict(zip(FEATURES, ranked.importances_mean.tolist(), strict=True))
    baseline = baselines.build(
        _dataset("the training weeks", flights.between(TRAINED_FROM, TRAINED_UNTIL), model),
        MODEL,
        VERSION,
        Parts(prediction="prediction", score="score", label="label", time="time_ms"),
        importance,
        unseen=_dataset("the week held out", held_out, model),
    )
    return Trained(model, baseline, baseline.metrics["auc"])


def _one_thread() -> threadpool_limits:
    """OpenMP's threads wait for each other by spinning: beside a starting Kafka that is far slower than one thread."""
    return threadpool_limits(limits=1, user_api="openmp")


def _labelled(flights: Flights) -> Flights:
    return flights.rows(~np.isnan(flights.late))


def _dataset(source: str, flights: Flights, model: DelayModel) -> Dataset:
    """Flights with the model's answers, and what came of them."""
    score = model.score(flights.features)
    columns = flights.features.assign(
        prediction=answer(score),
        score=score,
        label=pd.Series(flights.late).map({1.0: "late", 0.0: "on-time"}),
        time_ms=flights.time_ms,
    )
    return Dataset(source, pa.Table.from_pandas(columns, preserve_index=False))

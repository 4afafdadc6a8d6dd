"""A scikit-learn estimator that logs what it predicts; scikit-learn itself is not imported."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from driftline.client.client import Client, rows


class LoggedEstimator:
    """Answers as the estimator does, and logs each row of `predict` and `predict_proba`; all else is the estimator's.

    Further arguments of these two are those of `Client.log_batch`, each one value or a column:
    `model.predict(X, prediction_id=ids)`. Call one of them for a prediction, not both: each is logged.
    """

    def __init__(self, estimator: Any, client: Client, names: Sequence[str] | None = None) -> None:
        """`names` of the features, where neither X nor the estimator has them; x0, x1, … otherwise."""
        self._estimator = estimator
        self._client = client
        self._names = names

    def __getattr__(self, name: str) -> Any:
        return getattr(self._estimator, name)

    def predict(self, X: Any, **fields: Any) -> Any:
        """The estimator's answers, [n]."""
        predictions = self._estimator.predict(X)
        with self._client.harmless(rows(predictions)):
            self._client.log_batch(X, self._names_of(X), predictions, **fields)
        return predictions

    def predict_proba(self, X: Any, **fields: Any) -> Any:
        """The estimator's probabilities, [n, classes]. Logged with the likeliest class.

        Of two classes the second one's probability is the score.
        """
        chances = self._estimator.predict_proba(X)
        with self._client.harmless(rows(chances)):
            classes = self._estimator.classes_
            told: dict[str, Any] = {"probabilities": dict(zip(classes, chances.T, strict=True))}
            if len(classes) == 2:
                told["score"] = chances[:, 1]
            self._client.log_batch(X, self._names_of(X), classes[np.argmax(chances, axis=1)], **told | fields)
        return chances

    def _names_of(self, X: Any) -> Sequence[Any] | None:
        """The features' names; None where X has its own."""
        if hasattr(X, "keys"):
            return None
        if self._names is not None:
            return self._names
        return list(getattr(self._estimator, "feature_names_in_", [f"x{place}" for place in range(np.shape(X)[1])]))

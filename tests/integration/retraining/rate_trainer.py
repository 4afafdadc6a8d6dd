"""A trainer that is quick and has no library: the rate of the positive class by one feature's value."""

import json
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa

from runtime.clock import SystemClock
from runtime.training.protocol import Answers, Assignment, Candidate, Task


class Rates:
    """Reads its artifact as JSON: the feature, and a rate by value."""

    def __init__(self, artifact: bytes, task: Task) -> None:
        self._read = json.loads(artifact)
        self._classes = task.classes

    def answer(self, features: pa.Table) -> Answers:
        values = features[self._read["feature"]].to_pylist()
        score = np.array([self._read["rates"].get(value, self._read["all"]) for value in values])
        prediction = [self._classes[int(chance > 0.5)] for chance in score]
        return Answers(prediction, np.column_stack([1 - score, score]))


class RateTrainer:
    """Two candidates: by `plan`, which says much, and by `desk`, which says nothing."""

    def train(self, given: Assignment, say: Callable[[str], None]) -> Iterator[Candidate]:
        positive = given.task.classes[1]
        for name in ("plan", "desk"):
            say(f"counting {name}")
            values = given.training.features[name].to_pylist()
            labelled = zip(values, given.training.label, strict=True)
            right = Counter(value for value, label in labelled if label == positive)
            rates = {value: (right[value] + 1) / (n + 2) for value, n in sorted(Counter(values).items())}
            everything = sum(right.values()) / len(values)
            artifact = json.dumps({"feature": name, "rates": rates, "all": everything}).encode()
            yield Candidate(name, artifact, "application/json", {"feature": name}, {name: 1.0})

    def load(self, artifact: bytes, task: Task) -> Rates:
        return Rates(artifact, task)


class SlowRateTrainer(RateTrainer):
    """Takes a second, so that something can happen meanwhile."""

    def train(self, given: Assignment, say: Callable[[str], None]) -> Iterator[Candidate]:
        for candidate in super().train(given, say):
            SystemClock().sleep(0.5)
            yield candidate

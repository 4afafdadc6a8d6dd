"""The monitor's edge cases: which of them the candidate gets wrong."""

from collections.abc import Iterable

import numpy as np

from runtime.training.protocol import Answers
from services.retraining.gates.trial import Trial
from stats.performance.class_names import class_name, synonyms
from stats.performance.layout import OutcomeLayout
from stats.retraining.regression_cases import RegressionCases, regression_cases


def cases_of(trial: Trial) -> RegressionCases:
    """Counts and places of the cases that turned; without the incumbent's answers each must be right."""
    layout, rules = trial.layout, trial.monitor.training
    expected = _named(layout, (case.label for case in rules.cases))
    now = _answered(layout, trial.to_cases)
    was = None if trial.incumbent_to_cases is None else _answered(layout, trial.incumbent_to_cases)
    return regression_cases(expected, was, now, tolerance=rules.model.tolerance)


def _answered(layout: OutcomeLayout, answers: Answers) -> list[str | float]:
    said = answers.prediction
    return _named(layout, said.tolist() if isinstance(said, np.ndarray) else said)


def _named(layout: OutcomeLayout, values: Iterable[str | float]) -> list[str | float]:
    """Names of classes as the layout has them; of a regression the numbers as they are."""
    if not layout.classes:
        return list(values)
    return list(synonyms(map(class_name, values), layout.classes))

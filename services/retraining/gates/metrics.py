"""Which figures a candidate is compared by."""

from schemas.training import ModelRules, PairedMetric
from services.retraining.gates.trial import has_probabilities
from stats.performance.layout import OutcomeLayout
from stats.retraining.paired import Answers


def primary_of(rules: ModelRules, layout: OutcomeLayout, *models: Answers) -> tuple[PairedMetric, ...]:
    """Those the monitor names, else log loss; accuracy where a model gives fewer than half of the rows probabilities.

    Of a regression the mean absolute error. Log loss finds with 2,000 rows what accuracy needs 10,000 for
    (docs/statistics.md).
    """
    if rules.primary is not None:
        return rules.primary
    if layout.task == "regression":
        return ("mae",)
    return ("log_loss",) if all(map(has_probabilities, models)) else ("accuracy",)

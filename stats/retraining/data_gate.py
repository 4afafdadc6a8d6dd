"""Whether rows are fit to train a candidate on: a table of rules over a snapshot and a baseline, cheap and fatal first.

Every rule is judged and every failure listed. Features that the schema rule refuses are not looked at further, and
without any row nothing else passes. Drift is the reason to retrain and no reason to refuse: bounds are those of data
that is broken, not of data that has changed.
"""

from collections.abc import Callable, Iterator, Mapping

from stats.reference import Reference
from stats.retraining import column_rules, label_rules, row_rules
from stats.retraining.data_bounds import DataBounds
from stats.retraining.examined import Examined, examined
from stats.retraining.gate_figure import GateFigure, unknown
from stats.retraining.labels import LabelReference
from stats.retraining.snapshot import Snapshot

Rule = Callable[[Examined], Iterator[GateFigure]]

RULES: Mapping[str, Rule] = {
    "schema": row_rules.schema,
    "rows": row_rules.rows,
    "freshness": row_rules.freshness,
    "label": label_rules.label,
    "label_rows": label_rules.label_rows,
    "label_balance": label_rules.label_balance,
    "missing": column_rules.missing,
    "unseen": column_rules.unseen,
    "range": column_rules.out_of_range,
    "distribution": column_rules.distribution,
    "constant": column_rules.constant,
    "duplicates": row_rules.duplicates,
    "leakage": label_rules.leakage,
}
"""In the order in which they are judged; the first two can be judged without rows."""
_WITHOUT_ROWS = ("schema", "rows")


def data_gate(
    snapshot: Snapshot,
    reference: Reference,
    labels: LabelReference,
    *,
    now_ms: int,
    bounds: DataBounds = DataBounds(),  # noqa: B008  frozen
) -> tuple[GateFigure, ...]:
    """Judges a snapshot against a baseline's features and labels, at a time in milliseconds since 1970 UTC.

    Figures of all rules, in their order, one a feature or class where a rule looks at each.
    """
    looked_at = examined(snapshot, reference, labels, now_ms=now_ms, bounds=bounds)
    found: list[GateFigure] = []
    for name, rule in RULES.items():
        if snapshot.n or name in _WITHOUT_ROWS:
            found += rule(looked_at)
        else:
            found.append(unknown(name, None, None, "there are no labelled rows"))
    return tuple(found)

"""Whatever a snapshot holds, the gate has an answer to every rule, and says why."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stats.baseline import build_column
from stats.reference import Reference
from stats.retraining.data_bounds import DataBounds
from stats.retraining.data_gate import RULES, data_gate
from stats.retraining.duplicates import repeated
from stats.retraining.gate_figure import passed
from stats.retraining.labels import LabelReference
from stats.retraining.leakage import area_of_two, binned, information_share, rank_correlation
from stats.retraining.snapshot import Snapshot

REFERENCE = Reference(
    (
        build_column("age", "feature", "numeric", np.arange(200.0)),
        build_column("plan", "feature", "categorical", ["basic", "plus"] * 100),
        build_column("mobile", "feature", "boolean", [True, False] * 100),
    )
)
LABELS = (LabelReference({"no": 80, "yes": 20}), LabelReference({}, center=3.0, scale=2.0))

number = st.floats(allow_nan=True, allow_infinity=True) | st.integers(0, 200).map(float)
text = st.sampled_from(["basic", "plus", "trial", "", "no", "yes"])
value: st.SearchStrategy[Any] = st.none() | number | text | st.booleans()
NOW_MS = 10**12


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    n = draw(st.integers(0, 25))
    kinds = draw(st.sampled_from([(number, text, st.booleans()), (value, value, value)]))
    names = draw(st.sampled_from([("age", "plan", "mobile"), ("age", "plan", "town"), ("plan", "mobile", "age")]))
    features = {name: draw(st.lists(kind, min_size=n, max_size=n)) for name, kind in zip(names, kinds, strict=True)}
    label = draw(st.lists(draw(st.sampled_from([number, text, value])), min_size=n, max_size=n))
    times = draw(st.lists(st.integers(NOW_MS - 10, NOW_MS + 10), min_size=n, max_size=n))
    return Snapshot(features, label, np.array(times, np.int64))


@given(snapshots(), st.sampled_from(LABELS), st.integers(0, 20))
def test_no_rule_is_left_out_and_what_is_not_known_does_not_pass(
    snapshot: Snapshot, labels: LabelReference, rows: int
) -> None:
    gate = data_gate(snapshot, REFERENCE, labels, now_ms=NOW_MS, bounds=DataBounds(rows=rows))
    judged = {figure.rule for figure in gate}
    fits = [figure.feature for figure in gate if figure.rule == "schema" and figure.passed]
    assert judged >= {"schema", "rows", "freshness", "label", "label_rows", "label_balance", "duplicates"}
    assert not fits or judged >= set(RULES) - {"unseen", "range"}
    for figure in gate:
        assert figure.passed is False or figure.value is not None
        assert figure.detail
        assert figure.feature is None or figure.feature in figure.detail
    assert passed(gate) is all(figure.passed for figure in gate)


@given(snapshots())
def test_repeated_rows_are_those_that_a_set_does_not_keep(snapshot: Snapshot) -> None:
    def canonical(one: Any) -> Any:
        missing = one is None or one != one  # noqa: PLR0124  NaN alone is not itself
        return None if missing else one

    columns = [snapshot.time_ms.tolist(), snapshot.label, *snapshot.features.values()]
    rows = [tuple(canonical(one) for one in row) for row in zip(*columns, strict=True)]
    assert repeated(snapshot) == len(rows) - len(set(rows))


@given(st.lists(st.tuples(number, st.booleans()), min_size=1, max_size=80))
def test_what_a_feature_tells_is_a_share(rows: list[tuple[float, bool]]) -> None:
    values, positive = np.array([x for x, _ in rows]), np.array([y for _, y in rows])
    assert 0.5 <= area_of_two(values, positive) <= 1
    assert 0 <= information_share(binned(values), positive.astype(np.int64)) <= 1
    assert 0 <= rank_correlation(values, positive.astype(float)) <= 1 + 1e-12

"""From tables to verdicts: one snapshot a rule that just fails, and one that just passes."""

from collections.abc import Callable
from math import inf
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from schemas.training import DataRules
from services.retraining.gates.data import judge_data, summary
from services.retraining.gates.results import result
from stats.retraining.data_gate import RULES
from stats.retraining.gate_figure import at_most
from tests.unit.retraining_gates.worlds import MINUTE_MS, NEWEST_MS, World, baseline_of, failures, replaced

N = 2_000
DAY_MS = 86_400_000


def labels(yes: int, n: int = N) -> list[str]:
    """That no feature tells: `yes` of n, wherever they fall."""
    label = np.array(["no"] * (n - yes) + ["yes"] * yes)
    return label[np.random.default_rng(7).permutation(n)].tolist()


def rows(n: int, seed: int, yes: int) -> pa.Table:
    world = World("binary", n, seed)
    return replaced(world.table(world.answers(0.5)), "label", labels(yes, n))


GOOD = rows(N, 2, 400)
BASELINE = baseline_of(rows(10_000, 1, 2_000))


def judged(table: pa.Table, until_ms: int = NEWEST_MS, baseline: Any = BASELINE, **rules: Any) -> Any:
    """Of the table in three parts."""
    parts = [table.slice(0, 1_200), table.slice(1_200, 500), table.slice(1_700)]
    return judge_data(parts, baseline, DataRules(**rules), until_ms)


def feature(name: str, count: int, value: object) -> pa.Table:
    """The good table with the first values of a feature replaced."""
    column = GOOD.column(f"feature:{name}").to_pylist()
    return replaced(GOOD, f"feature:{name}", [value] * count + column[count:])


def labelled(label: list[str | None]) -> pa.Table:
    return replaced(GOOD, "label", label)


def usage(power: float) -> pa.Table:
    return replaced(GOOD, "feature:usage", GOOD.column("feature:usage").to_numpy() ** power)


def leaking(wrong: int) -> pa.Table:
    """A boolean that says the label, but in `wrong` rows of either class."""
    label = np.array(GOOD.column("label").to_pylist())
    mobile = label == "yes"
    for name in ("no", "yes"):
        at = np.flatnonzero(label == name)[:wrong]
        mobile[at] = ~mobile[at]
    return replaced(GOOD, "feature:mobile", mobile)


def twice(count: int) -> pa.Table:
    """The first rows come again at the end, in place of others: the same but for their ids."""
    return pa.concat_tables([GOOD.slice(0, N - count), GOOD.slice(0, count)])


def without(name: str) -> pa.Table:
    return GOOD.drop_columns([f"feature:{name}"])


CASES: dict[str, tuple[str, str | None, Callable[[], pa.Table], Callable[[], pa.Table], dict[str, Any]]] = {
    # case: rule, feature or class, one that just fails, one that just passes, rules
    "a missing column": ("schema", "plan", lambda: without("plan"), lambda: GOOD, {}),
    "an extra column": (
        "schema", "email", lambda: GOOD.append_column("feature:email", pa.array(["a"] * N)), lambda: GOOD, {},
    ),
    "a number that became text": (
        "schema", "age",
        lambda: replaced(GOOD, "feature:age", ["31"] * N), lambda: GOOD.select(GOOD.column_names[::-1]), {},
    ),
    "too few rows": ("rows", None, lambda: GOOD.slice(1), lambda: GOOD, {"rows": N}),
    "an old snapshot": (
        "freshness", None, lambda: GOOD.slice(0, N - 1), lambda: GOOD, {"age": 30_000},
    ),
    "a row without a label": (
        "label", None, lambda: labelled([None, *labels(400)[1:]]), lambda: GOOD, {},
    ),
    "a class nobody knows": (
        "label", None, lambda: labelled(["maybe", *labels(400)[1:]]), lambda: GOOD, {},
    ),
    "a class of few rows": (
        "label_rows", "yes", lambda: labelled(labels(29)), lambda: labelled(labels(30)), {"class_factor": 100.0},
    ),
    "a class that became rare": (
        "label_balance", "yes", lambda: labelled(labels(101)), lambda: labelled(labels(110)), {},
    ),
    "a feature that goes missing": (
        "missing", "usage", lambda: feature("usage", 101, None), lambda: feature("usage", 100, None), {},
    ),
    "values never seen": (
        "unseen", "plan", lambda: feature("plan", 21, "trial"), lambda: feature("plan", 20, "trial"), {},
    ),
    "numbers out of range": (
        "range", "age", lambda: feature("age", 21, 80.0), lambda: feature("age", 20, 80.0), {},
    ),
    "another distribution": ("distribution", "usage", lambda: usage(3.2), lambda: usage(3.0), {}),
    "a feature that stopped varying": (
        "constant", "mobile",
        lambda: feature("mobile", N, value=True),
        lambda: replaced(GOOD, "feature:mobile", [True] * (N - 1) + [False]), {"psi_adj": 100.0},
    ),
    "rows that come again": ("duplicates", None, lambda: twice(21), lambda: twice(20), {"age": 7 * DAY_MS}),
    "a boolean made from the label": (
        "leakage", "mobile", lambda: leaking(0), lambda: leaking(4), {"psi_adj": 100.0},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_rule_fails_just_beyond_its_bound_and_no_other_rule_with_it(case: str) -> None:
    rule, subject, make, _, rules = CASES[case]
    results = judged(make(), NEWEST_MS + MINUTE_MS // 2, **rules)
    assert failures(results) == [(rule, subject)]
    told = summary(results)
    assert told.startswith("data gate: ")
    assert f"rule {rule}: " in told
    assert subject is None or f" {subject!r}, rule" in told


@pytest.mark.parametrize("case", CASES)
def test_a_rule_passes_just_within_its_bound(case: str) -> None:
    *_, make, rules = CASES[case]
    assert failures(judged(make(), NEWEST_MS + MINUTE_MS // 2, **rules)) == []


def test_every_rule_has_a_case() -> None:
    assert {rule for rule, *_ in CASES.values()} == set(RULES)


def test_a_rule_that_passed_is_one_line_with_the_figure_next_to_its_bound() -> None:
    results = judged(feature("usage", 80, None))
    assert [result.rule for result in results] == [*RULES, "parts"]
    (missing,) = (result for result in results if result.rule == "missing")
    assert (missing.feature, missing.value) == ("usage", 0.04)
    assert missing.detail.endswith("; nearest to its bound of 4")
    assert summary(results) == "data gate: 14 rules passed"


def test_a_summary_tells_three_failures_and_counts_the_rest() -> None:
    bad = replaced(feature("usage", N, None), "label", labels(0))
    results = judged(bad)
    assert failures(results)[:3] == [("label_rows", "yes"), ("label_balance", "yes"), ("missing", "usage")]
    assert "class 'yes', rule label_rows: class 'yes' has 0 rows, at least 30 are asked for; " in summary(results)
    assert "; feature 'usage', rule missing: " in summary(results)
    assert summary(results).endswith(f"; and {len(failures(results)) - 3} more")


def test_a_baseline_that_was_learned_does_not_keep_a_model_from_retraining() -> None:
    """It has no labelled rows: balance is not judged, and says so, but each class needs its rows."""
    learned = BASELINE.model_copy(update={"outcomes": None, "origin": "learned"})
    results = judged(labelled(labels(1_900)), baseline=learned)
    assert failures(results) == []
    (balance,) = (result for result in results if result.rule == "label_balance")
    assert balance.value is None
    assert "not judged: the baseline has no labelled rows" in balance.detail
    assert failures(judged(labelled(labels(29)), baseline=learned)) == [("label_rows", "yes")]
    assert failures(judged(labelled(labels(0)), baseline=learned)) == [("label_rows", None)]


def test_without_a_baseline_what_needs_none_is_judged_and_the_rest_does_not_pass() -> None:
    needs_one = ["schema", "missing", "unseen", "range", "distribution", "constant"]
    results = judged(GOOD, baseline=None)
    assert failures(results) == [(rule, None) for rule in needs_one]
    assert "driftline baseline build" in summary(results)
    bad = replaced(twice(100), "label", labels(10))
    assert failures(judged(bad, baseline=None, rows=N + 1)) == [
        ("schema", None), ("rows", None), ("label_rows", "yes"), *((rule, None) for rule in needs_one[1:]),
        ("duplicates", None),
    ]  # fmt: skip


def test_names_that_events_brought_are_never_refused_by_the_record() -> None:
    """An empty text is a class as any, and a control character may stand in one."""
    results = judged(labelled(["" if name == "yes" else "a\nb" for name in labels(29)]), baseline=None)
    assert ("label_rows", "(empty)") in failures(results)


def test_a_figure_without_bounds_is_told_in_words_alone() -> None:
    """The registry's chain is of JSON, which has no infinity."""
    told = result("data", at_most("label_balance", "yes", inf, 3.0, "class 'yes' is gone"))
    assert (told.passed, told.value, told.bound) == (False, None, 3.0)


def test_a_regression_s_labels_are_numbers() -> None:
    world = World("regression", N, 5)
    table = world.table(world.answers(1.0))
    baseline = baseline_of(table, "regression")
    assert failures(judged(table, baseline=baseline)) == []
    for baseline_or_none in (baseline, baseline.model_copy(update={"outcomes": None})):
        lacking = replaced(table, "label", np.r_[np.nan, world.truth[1:]])
        assert failures(judged(lacking, baseline=baseline_or_none)) == [("label", None)]
    far = replaced(table, "label", world.truth + 21)
    assert failures(judged(far, baseline=baseline)) == [("label_balance", None)]


def test_a_snapshot_without_rows_fails_and_says_so() -> None:
    results = judged(GOOD.slice(0, 0))
    assert ("rows", None) in failures(results)
    assert "0 labelled rows, at least 1,000 are asked for: wait until labels have come" in summary(results)


def test_rows_of_one_time_make_no_holdout_and_say_so() -> None:
    """They would be trained on, and then there was nothing to judge by."""
    results = judge_data([GOOD, GOOD.slice(0, 0), GOOD.slice(0, 0)], BASELINE, DataRules(), NEWEST_MS)
    assert failures(results) == [("parts", None)]
    assert "training.snapshot.lookback" in summary(results)

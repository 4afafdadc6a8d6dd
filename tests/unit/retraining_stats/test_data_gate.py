"""One snapshot a rule that just fails, and one that just passes; every other rule passes both."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from stats.baseline import build_column
from stats.reference import Reference
from stats.retraining.data_bounds import DataBounds
from stats.retraining.data_gate import RULES, data_gate
from stats.retraining.gate_figure import GateFigure, failed, passed
from stats.retraining.labels import LabelReference
from stats.retraining.snapshot import Snapshot

N = 2_000
NOW_MS = 1_800_000_000_000
DAY_MS = 86_400_000
LABELS = LabelReference({"no": 8_000, "yes": 2_000})

Columns = dict[str, Any]


def columns(seed: int, n: int = N) -> Columns:
    """Features of any one time; age and usage in steps, so that the greatest and the least are seen in both."""
    rng = np.random.default_rng(seed)
    return {
        "age": np.resize(np.arange(20.0, 80.0, 0.25), n)[rng.permutation(n)],
        "usage": np.resize(np.linspace(0, 1, 200), n)[rng.permutation(n)],
        "plan": np.resize(["basic"] * 6 + ["plus"] * 3 + ["pro"], n)[rng.permutation(n)].tolist(),
        "mobile": np.resize([True, False], n)[rng.permutation(n)].tolist(),
    }


TRAINING = columns(1, 10_000)
KINDS = {"age": "numeric", "usage": "numeric", "plan": "categorical", "mobile": "boolean"}
REFERENCE = Reference(
    (
        *(build_column(name, "feature", kind, TRAINING[name]) for name, kind in KINDS.items()),
        build_column("prediction", "prediction", "categorical", ["no", "yes"] * 50),
    )
)


def label_of(positive: int, n: int = N) -> list[str]:
    """Labels that no feature tells: `positive` of n are yes, wherever they fall."""
    label = np.array(["no"] * (n - positive) + ["yes"] * positive)
    return label[np.random.default_rng(7).permutation(n)].tolist()


def snapshot(**features: Any) -> Snapshot:
    """The good one, with other features; None takes one away."""
    merged = {name: column for name, column in (columns(2) | features).items() if column is not None}
    return Snapshot(merged, label_of(400), NOW_MS - np.arange(N, dtype=np.int64))


def judged(of: Snapshot, labels: LabelReference = LABELS, **bounds: Any) -> tuple[GateFigure, ...]:
    return data_gate(of, REFERENCE, labels, now_ms=NOW_MS, bounds=DataBounds(**bounds))


def with_first(name: str, count: int, value: object) -> list[Any]:
    """A feature with the first `count` values replaced."""
    return [value] * count + list(columns(2)[name])[count:]


def shifted(steps: float) -> np.ndarray:
    """Usage with its lower values moved up, within its range."""
    return np.asarray(columns(2)["usage"]) ** steps


def leaking(wrong: int) -> Snapshot:
    """A boolean that says the label, but in `wrong` rows of either class."""
    good = snapshot()
    label = np.array(good.label)
    mobile = label == "yes"
    for name in ("no", "yes"):
        at = np.flatnonzero(label == name)[:wrong]
        mobile[at] = ~mobile[at]
    return snapshot(mobile=mobile.tolist())


def leaking_number(wrong: int) -> Snapshot:
    """Ages above 50 are yes and the others no, but for `wrong` rows that are lowest and yes."""
    yes = np.array(snapshot().label) == "yes"
    age = np.where(yes, 50 + np.arange(N) % 29, 20 + np.arange(N) % 29).astype(float)
    age[np.flatnonzero(yes)[:wrong]] = 20.0
    return snapshot(age=age)


def twice(rows: int) -> Snapshot:
    """The first `rows` rows come again at the end, in place of others."""
    good, at = snapshot(), np.r_[: N - rows, :rows]
    picked = {name: [column[i] for i in at] for name, column in good.features.items()}
    return Snapshot(picked, [good.label[i] for i in at], good.time_ms[at])


CASES: dict[str, tuple[str, str | None, Callable[[], Snapshot], Callable[[], Snapshot], dict[str, Any]]] = {
    # case: rule, feature or class, one that just fails, one that just passes, bounds
    "a missing column": ("schema", "plan", lambda: snapshot(plan=None), snapshot, {}),
    "an extra column": ("schema", "email", lambda: snapshot(email=["a"] * N), snapshot, {}),
    "a number that became text": ("schema", "age", lambda: snapshot(age=["31"] * N), snapshot, {}),
    "numbers among texts": ("schema", "plan", lambda: snapshot(plan=with_first("plan", 1, 3.0)), snapshot, {}),
    "too few rows": ("rows", None, snapshot, snapshot, {"rows": N + 1}),
    "an old snapshot": (
        "freshness", None,
        lambda: replace(snapshot(), time_ms=snapshot().time_ms - 7 * DAY_MS - 1),
        lambda: replace(snapshot(), time_ms=snapshot().time_ms - 7 * DAY_MS), {},
    ),
    "a snapshot from the future": (
        "freshness", None,
        lambda: replace(snapshot(), time_ms=snapshot().time_ms + 300_001),
        lambda: replace(snapshot(), time_ms=snapshot().time_ms + 300_000), {},
    ),
    "a row without a label": (
        "label", None,
        lambda: replace(snapshot(), label=[None, *snapshot().label[1:]]),
        snapshot, {},
    ),
    "a class nobody knows": (
        "label", None,
        lambda: replace(snapshot(), label=["maybe"] * 21 + snapshot().label[21:]),
        lambda: replace(snapshot(), label=["maybe"] * 20 + snapshot().label[20:]), {"unlabelled": 0.01},
    ),
    "a class of few rows": (
        "label_rows", "yes",
        lambda: replace(snapshot(), label=label_of(29)),
        lambda: replace(snapshot(), label=label_of(30)), {"class_factor": 100.0},
    ),
    "a class that became rare": (
        "label_balance", "yes",
        lambda: replace(snapshot(), label=label_of(101)),
        lambda: replace(snapshot(), label=label_of(110)), {},
    ),
    "a feature that goes missing": (
        "missing", "usage",
        lambda: snapshot(usage=with_first("usage", 101, None)),
        lambda: snapshot(usage=with_first("usage", 100, np.nan)), {},
    ),
    "values never seen": (
        "unseen", "plan",
        lambda: snapshot(plan=with_first("plan", 21, "trial")),
        lambda: snapshot(plan=with_first("plan", 20, "trial")), {},
    ),
    "numbers out of range": (
        "range", "age",
        lambda: snapshot(age=np.array(with_first("age", 21, 80.0))),
        lambda: snapshot(age=np.array(with_first("age", 20, 80.0))), {},
    ),
    "infinite numbers": (
        "range", "age",
        lambda: snapshot(age=np.array(with_first("age", 21, np.inf))),
        lambda: snapshot(age=np.array(with_first("age", 20, -np.inf))), {},
    ),
    "another distribution": (
        "distribution", "usage",
        lambda: snapshot(usage=shifted(3.2)), lambda: snapshot(usage=shifted(3.0)), {},
    ),
    "a feature that stopped varying": (
        "constant", "mobile",
        lambda: snapshot(mobile=[True] * N), lambda: snapshot(mobile=[True] * (N - 1) + [False]), {"psi_adj": 100.0},
    ),
    "rows that come again": ("duplicates", None, lambda: twice(21), lambda: twice(20), {}),
    "ids that come again": (
        "duplicates", None,
        lambda: replace(snapshot(), ids=[f"p{max(i, 21)}" for i in range(N)]),
        lambda: replace(snapshot(), ids=[f"p{max(i, 20)}" for i in range(N)]), {},
    ),
    "a boolean made from the label": (
        "leakage", "mobile", lambda: leaking(0), lambda: leaking(4), {"psi_adj": 100.0},
    ),
    "a number made from the label": (
        "leakage", "age", lambda: leaking_number(3), lambda: leaking_number(10), {"psi_adj": 100.0},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_rule_fails_just_beyond_its_bound_and_no_other_rule_with_it(case: str) -> None:
    rule, feature, make, _, bounds = CASES[case]
    (figure,) = failed(judged(make(), **bounds))
    assert (figure.rule, figure.feature) == (rule, feature)
    assert str(feature or "") in figure.detail


@pytest.mark.parametrize("case", CASES)
def test_a_rule_passes_just_within_its_bound(case: str) -> None:
    *_, make, bounds = CASES[case]
    gate = judged(make(), **({} if case == "too few rows" else bounds))
    assert failed(gate) == ()
    assert passed(gate)


def test_exactly_enough_rows_are_enough() -> None:
    assert passed(judged(snapshot(), rows=N))


def test_every_rule_has_a_case_and_its_figures_come_in_the_table_s_order() -> None:
    assert {rule for rule, *_ in CASES.values()} == set(RULES)
    order = [figure.rule for figure in judged(snapshot())]
    assert list(dict.fromkeys(order)) == list(RULES)


def test_every_failure_is_listed_fatal_ones_first() -> None:
    bad = snapshot(plan=None, age=with_first("age", 500, None), mobile=[True] * N)
    bad = replace(bad, time_ms=bad.time_ms - 30 * DAY_MS, label=label_of(0))
    told = [(figure.rule, figure.feature) for figure in failed(judged(bad))]
    assert told == [
        ("schema", "plan"),
        ("freshness", None),
        ("label_rows", "yes"),
        ("label_balance", "yes"),
        ("missing", "age"),
        ("distribution", "age"),
        ("distribution", "mobile"),
        ("constant", "mobile"),
    ]


def test_without_rows_nothing_that_looks_at_rows_passes() -> None:
    empty = Snapshot(dict.fromkeys(KINDS, ()), (), np.zeros(0, np.int64))
    told = [figure.rule for figure in failed(judged(empty))]
    assert told == [rule for rule in RULES if rule != "schema"]
    assert not passed(judged(empty, rows=0))


def test_a_feature_without_any_value_is_missing_and_constant_but_of_every_kind() -> None:
    told = [(figure.rule, figure.feature) for figure in failed(judged(snapshot(plan=[None] * N)))]
    assert ("missing", "plan") in told
    assert ("constant", "plan") in told
    assert ("schema", "plan") not in told


def test_values_of_a_long_tail_are_expected_to_be_new() -> None:
    """1,000 of 10,000 towns occurred once: a tenth of the rows will bring another new one (Good 1953)."""
    towns = [f"town {i}" for i in range(1_000)] + ["city"] * 9_000
    reference = Reference((build_column("town", "feature", "categorical", towns),))
    for new, few in ((220, True), (221, False)):
        now = [f"village {i}" for i in range(new)] + ["city"] * (N - new)
        of = Snapshot({"town": now}, label_of(400), NOW_MS - np.arange(N, dtype=np.int64))
        gate = data_gate(of, reference, LABELS, now_ms=NOW_MS)
        (figure,) = (figure for figure in gate if figure.rule == "unseen")
        assert figure.passed is few


def test_few_rows_have_no_distribution_and_do_not_pass_for_it() -> None:
    few = {name: column[:99] for name, column in snapshot().features.items()}
    gate = judged(Snapshot(few, label_of(20, 99), snapshot().time_ms[:99]), rows=50)
    figures = [figure for figure in gate if figure.rule == "distribution"]
    assert [(figure.value, figure.passed) for figure in figures] == [(None, False)] * 4
    assert "99 rows, at least 100" in figures[0].detail


@pytest.mark.parametrize(("shift", "fits"), [(0.99, True), (1.01, False), (-1.01, False)])
def test_a_regression_s_mean_label_may_move_by_a_deviation(shift: float, fits: bool) -> None:  # noqa: FBT001  a table
    labels = 50 + 10 * (shift + np.resize([-1.0, 1.0], N)[np.random.default_rng(3).permutation(N)])
    gate = judged(replace(snapshot(), label=labels), LabelReference({}, center=50.0, scale=10.0))
    assert [figure.rule for figure in failed(gate)] == ([] if fits else ["label_balance"])


def test_a_regression_s_label_must_be_a_finite_number() -> None:
    labels = np.random.default_rng(3).normal(50, 10, N)
    labels[:3] = np.nan, np.inf, -np.inf
    gate = judged(replace(snapshot(), label=labels), LabelReference({}, center=50.0, scale=10.0))
    (figure,) = failed(gate)
    assert (figure.rule, figure.value) == ("label", 3 / N)
    texts = judged(replace(snapshot(), label=["50"] * N), LabelReference({}, center=50.0, scale=10.0))
    assert {"label", "label_rows", "label_balance", "leakage"} == {figure.rule for figure in failed(texts)}


def test_booleans_as_labels_are_the_classes_0_and_1() -> None:
    booleans = [name == "yes" for name in label_of(400)]
    assert passed(judged(replace(snapshot(), label=booleans), LabelReference({"0": 800, "1": 200})))


def test_columns_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\['plan'\] are not as long as the 2000 times"):
        snapshot(plan=["basic"])


@pytest.mark.parametrize(("now", "fits"), [(0.25, True), (0.251, False)])
def test_what_was_missing_in_the_baseline_may_be_missing_again(now: float, fits: bool) -> None:  # noqa: FBT001  a table
    def column(share: float) -> list[float | None]:
        absent = round(share * N)
        return [None] * absent + list(np.resize(TRAINING["age"], N - absent))

    reference = Reference((build_column("age", "feature", "numeric", np.array(column(0.2), np.float64)),))
    of = Snapshot({"age": column(now)}, label_of(400), NOW_MS - np.arange(N, dtype=np.int64))
    told = [figure.rule for figure in failed(data_gate(of, reference, LABELS, now_ms=NOW_MS))]
    assert told == ([] if fits else ["missing"])

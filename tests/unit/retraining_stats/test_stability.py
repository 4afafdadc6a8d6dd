"""Importances side by side, against every pair compared by hand."""

from itertools import combinations
from math import sqrt

import numpy as np
import pytest

from stats.outcome import TooFew
from stats.performance.estimate import Undefined
from stats.retraining.stability import Mover, over_versions, rank_paths, stability

OLD = {"age": 0.4, "plan": 0.3, "usage": 0.2, "town": 0.1}


def tau_b(a: list[float], b: list[float]) -> float:
    """(concordant − discordant) / √(pairs not tied in a · pairs not tied in b)."""
    signs = [(np.sign(a[i] - a[j]), np.sign(b[i] - b[j])) for i, j in combinations(range(len(a)), 2)]
    untied = [sum(pair[side] != 0 for pair in signs) for side in (0, 1)]
    return sum(x * y for x, y in signs) / sqrt(untied[0] * untied[1])


@pytest.mark.parametrize("distinct", [3, 100])
def test_tau_is_that_of_every_pair_ties_and_all(distinct: int) -> None:
    rng = np.random.default_rng(distinct)
    old, new = rng.integers(0, distinct, (2, 30)).astype(float).tolist()
    names = [f"x{i}" for i in range(30)]
    found = stability(dict(zip(names, old, strict=True)), dict(zip(names, new, strict=True)))
    assert found.tau == pytest.approx(tau_b(old, new))


def test_the_same_order_is_1_and_the_opposite_minus_1() -> None:
    assert stability(OLD, {name: 7 * value for name, value in OLD.items()}).tau == 1
    assert stability(OLD, {name: -value for name, value in OLD.items()}).tau == -1


def test_the_overlap_counts_the_top_of_both() -> None:
    new = {"age": 0.4, "town": 0.3, "usage": 0.2, "plan": 0.1}
    assert [stability(OLD, new, top=k).overlap for k in (1, 2, 3, 4, 9)] == [1, 0.5, 2 / 3, 1, 1]


def test_movers_come_furthest_first_with_their_places() -> None:
    found = stability(OLD, {"age": 0.1, "plan": 0.3, "usage": 0.3, "town": 0.2})
    assert found.movers == (
        Mover("age", 1.0, 4.0), Mover("usage", 3.0, 1.5), Mover("town", 4.0, 3.0), Mover("plan", 2.0, 1.5),
    )  # fmt: skip
    assert [mover.moved for mover in found.movers] == [-3.0, 1.5, 1.0, 0.5]
    assert stability(OLD, OLD).movers == ()


def test_features_of_one_version_alone_are_named_and_not_ranked() -> None:
    found = stability(OLD, {"age": 0.5, "plan": 0.3, "income": 0.2})
    assert (found.added, found.removed, found.tau) == (("income",), ("town", "usage"), 1)
    assert found.overlap == 2 / 3


def test_what_cannot_be_ranked_has_a_name() -> None:
    assert stability({"a": 1.0}, {"a": 1.0}).tau == TooFew(needed=2, have=1)
    assert stability({}, {"a": 1.0}).overlap == TooFew(needed=1, have=0)
    assert isinstance(stability(OLD, dict.fromkeys(OLD, 0.25)).tau, Undefined)
    with pytest.raises(ValueError, match="importances of 'new' are not finite"):
        stability(OLD, OLD | {"age": float("nan")})
    with pytest.raises(ValueError, match="1 or more"):
        stability(OLD, OLD, top=0)


def test_all_versions_are_compared_with_the_one_before_and_shown_as_paths() -> None:
    versions = {"v1": OLD, "v2": OLD | {"town": 0.5}, "v3": {"town": 1.0, "age": 0.5}}
    assert [(of.old, of.new) for of in over_versions(versions)] == [("v1", "v2"), ("v2", "v3")]
    assert list(rank_paths(versions).items()) == [
        ("town", (4.0, 1.0, 1.0)),
        ("age", (1.0, 2.0, 2.0)),
        ("plan", (2.0, 3.0, None)),
        ("usage", (3.0, 4.0, None)),
    ]
    assert over_versions({"v1": OLD}) == ()

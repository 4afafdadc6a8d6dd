"""All metrics together: one is enough to roll back, all are needed to promote, silence and few data are neither."""

import pytest

from stats.outcome import TooFew
from stats.rollout.silence import Silent, quiet_after, silence
from stats.rollout.verdict import SAMPLE_RATIO, Finding, Verdict, combine, joined, split_alpha

FEW, QUIET = TooFew(needed=100, have=7), Silent(windows=4)


@pytest.mark.parametrize(
    ("findings", "verdict"),
    [
        (("as good", "as good", "as good"), Verdict("as good", "promote", ("errors", "p99", "wrong"))),
        (("as good", "inconclusive", "as good"), Verdict("inconclusive", "wait", ("p99",))),
        (("as good", "inconclusive", FEW), Verdict("too few", "wait", ("wrong",))),
        (("as good", FEW, QUIET), Verdict("silent", "hold", ("wrong",))),
        (("worse", FEW, QUIET), Verdict("worse", "roll back", ("errors",))),
        (("worse", "as good", "worse"), Verdict("worse", "roll back", ("errors", "wrong"))),
        ((QUIET, QUIET, QUIET), Verdict("silent", "hold", ("errors", "p99", "wrong"))),
    ],
)
def test_the_first_outcome_in_the_table_decides(findings: tuple[Finding, ...], verdict: Verdict) -> None:
    assert combine(dict(zip(("errors", "p99", "wrong"), findings, strict=True)), "match") == verdict


@pytest.mark.parametrize("finding", ["as good", "worse", "inconclusive", FEW, QUIET])
def test_a_sample_ratio_mismatch_voids_whatever_was_found(finding: Finding) -> None:
    assert combine({"errors": finding}, "mismatch") == Verdict("void", "hold", (SAMPLE_RATIO,))


def test_nothing_is_promoted_before_the_split_was_checked() -> None:
    assert combine({"errors": "as good"}, FEW) == Verdict("too few", "wait", (SAMPLE_RATIO,))
    assert combine({"errors": "worse"}, FEW).action == "roll back"


def test_a_rollout_that_measures_nothing_cannot_be_judged() -> None:
    with pytest.raises(ValueError, match="name at least one"):
        combine({}, "match")


def test_the_tests_that_may_roll_back_share_alpha() -> None:
    assert split_alpha(0.01, ["errors", "p99"]) == {"errors": 0.005, "p99": 0.005}
    for alpha, tests in ((0.01, []), (0.01, ["errors", "errors"]), (0.0, ["errors"])):
        with pytest.raises(ValueError, match="name each once"):
            split_alpha(alpha, tests)


def test_harm_that_was_found_stays_found_in_silence_and_success_does_not() -> None:
    assert joined("worse", "as good", QUIET) == "worse"
    assert joined("not yet", "worse", QUIET) == "worse"
    assert joined("not yet", "as good", QUIET) == QUIET
    assert joined("not yet", "as good") == "as good"
    assert joined("not yet", FEW) == FEW


def test_a_lull_is_no_silence_until_it_lasts_and_either_arm_can_be_silent() -> None:
    quiet, said = 0, []
    for n_canary, n_stable in ((5, 90), (0, 90), (5, 0), (0, 0), (0, 90), (1, 1)):
        quiet = quiet_after(quiet, n_canary, n_stable)
        said.append(silence(quiet))
    assert said == [None, None, None, None, Silent(windows=4), None]
    assert str(Silent(windows=4)) == "silent: nothing to compare in the last 4 windows"

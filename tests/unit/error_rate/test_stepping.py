"""Streams side by side are streams alone; evidence survives bytes bit by bit; onset, reset and silence."""

import dataclasses
import math

import numpy as np
import pytest

from stats.error_rate import EXCESSES, ErrorRateDetector, Evidence

UPPERS = np.array([0.01, 0.1, 0.35, 0.6, 0.95])


def stepped(detector: ErrorRateDetector, evidence: Evidence, errors: np.ndarray, n: np.ndarray) -> Evidence:
    for k, total in zip(errors, n, strict=True):
        evidence = detector.step(evidence, k, total)
    return evidence


def stream(seed: int, steps: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Errors and events [steps, 5]: some steps empty, the rates near the bounds."""
    rng = np.random.default_rng(seed)
    n = rng.integers(0, 30, (steps, len(UPPERS)))
    return rng.binomial(n, UPPERS), n


def same_bits(a: Evidence, b: Evidence) -> bool:
    return all(
        getattr(a, field.name).tobytes() == getattr(b, field.name).tobytes()
        and getattr(a, field.name).dtype == getattr(b, field.name).dtype
        for field in dataclasses.fields(Evidence)
    )


def test_r_agrees_with_the_recursion_as_the_paper_writes_it() -> None:
    upper, r = 0.2, [0.0] * len(EXCESSES)
    detector = ErrorRateDetector(upper)
    evidence = detector.start()
    for k, n in [(0, 1), (1, 1), (1, 1), (3, 5), (0, 2), (9, 20)]:
        evidence = detector.step(evidence, np.array([k]), n)
        ratios = [((upper + d) / upper) ** k * ((1 - upper - d) / (1 - upper)) ** (n - k) for d in EXCESSES]
        r = [(1 + before) * ratio for before, ratio in zip(r, ratios, strict=True)]
        assert np.exp(evidence.log_r[0]) == pytest.approx(r)
        assert detector.log_mean(evidence)[0] == pytest.approx(math.log(sum(r) / len(r)))


def test_many_streams_at_once_have_the_bits_of_each_alone() -> None:
    errors, n = stream(1)
    together = ErrorRateDetector(UPPERS, 50)
    evidence = stepped(together, together.start(), errors, n)
    for s, upper in enumerate(UPPERS):
        alone = ErrorRateDetector(float(upper), 50)
        single = stepped(alone, alone.start(), errors[:, s : s + 1], n[:, s : s + 1])
        for field in dataclasses.fields(Evidence):
            assert getattr(single, field.name)[0].tobytes() == getattr(evidence, field.name)[s].tobytes()
        assert alone.log_mean(single)[0] == together.log_mean(evidence)[s]
        assert alone.onset(single)[0] == together.onset(evidence)[s]


def test_a_round_trip_through_bytes_at_every_step_changes_no_bit() -> None:
    errors, n = stream(2)
    detector = ErrorRateDetector(UPPERS)
    straight = through = detector.start()
    for k, total in zip(errors, n, strict=True):
        straight = detector.step(straight, k, total)
        through = detector.step(Evidence.from_bytes(through.to_bytes()), k, total)
        assert same_bits(straight, through)


def test_a_state_is_small() -> None:
    assert len(ErrorRateDetector(0.1).start().to_bytes()) == 164


@pytest.mark.parametrize("cut", [slice(0, 0), slice(0, 11), slice(0, -1), slice(1, None), slice(0, 12)])
def test_bytes_that_are_no_evidence_are_refused(cut: slice) -> None:
    with pytest.raises(ValueError, match="start the detector anew"):
        Evidence.from_bytes(ErrorRateDetector(0.1).start().to_bytes()[cut])


def test_a_stream_that_falls_silent_never_alarms() -> None:
    """Were an empty step counted, R would grow by 1 each, and reach any A without a single event."""
    detector = ErrorRateDetector(0.1, 20)
    evidence = detector.start()
    for _ in range(100):
        evidence = detector.step(evidence, np.array([0]), 0)
    assert not detector.alarms(evidence)[0]
    assert evidence.steps[0] == 100


def test_the_onset_is_the_first_step_of_the_rise() -> None:
    rng, rise = np.random.default_rng(6), 400
    n = np.full((500, 50), 100)
    rate = np.where(np.arange(500) < rise, 0.08, 0.2)
    detector = ErrorRateDetector(np.full(50, 0.1))
    evidence = stepped(detector, detector.start(), rng.binomial(n, rate[:, None]), n)
    assert detector.alarms(evidence).all()
    assert np.abs(detector.onset(evidence) - rise).max() <= 2


def test_the_cusum_is_the_sum_above_its_lowest_point_and_the_onset_follows_that_point() -> None:
    """Page's identity: max(0, c + x) from 0 on is the running sum less its running minimum."""
    errors, n = stream(7)
    detector = ErrorRateDetector(UPPERS)
    evidence = stepped(detector, detector.start(), errors, n)
    for s, upper in enumerate(UPPERS):
        excess = np.minimum(EXCESSES, (1 - upper) / 2)
        k, right = errors[:, s, None], (n - errors)[:, s, None]
        sums = np.cumsum(k * np.log1p(excess / upper) + right * np.log1p(-excess / (1 - upper)), axis=0)
        sums = np.concatenate([np.zeros((1, len(EXCESSES))), sums])
        assert evidence.cusum[s] == pytest.approx(sums[-1] - sums.min(0), abs=1e-9)
        # Empty steps repeat a lowest point; the last of them counts.
        assert evidence.onset[s].tolist() == [int(np.flatnonzero(c == c.min())[-1]) for c in sums.T]


def test_without_evidence_the_onset_is_the_next_step() -> None:
    detector = ErrorRateDetector(0.1)
    evidence = detector.start()
    for step in range(3):
        assert detector.onset(evidence)[0] == step
        evidence = detector.step(evidence, np.array([0]))


def test_a_reset_forgets_the_chosen_streams_and_only_them() -> None:
    errors, n = stream(3)
    detector = ErrorRateDetector(UPPERS)
    evidence = stepped(detector, detector.start(), errors, n)
    chosen = np.array([True, False, False, True, False])
    after = detector.reset(evidence, chosen)
    assert (after.log_r[chosen] == -np.inf).all()
    assert (after.cusum[chosen] == 0).all()
    assert (detector.onset(after)[chosen] == len(errors)).all()
    assert after.steps.tolist() == evidence.steps.tolist()
    for name in ("log_r", "cusum", "onset"):
        assert (getattr(after, name)[~chosen] == getattr(evidence, name)[~chosen]).all()


def test_an_overwhelming_pane_stays_finite() -> None:
    detector = ErrorRateDetector(0.01)
    evidence = detector.step(detector.start(), np.array([10**9]), 10**9)
    assert np.isfinite(evidence.log_r).all()
    assert detector.alarms(evidence)[0]


@pytest.mark.parametrize(("k", "n"), [(2, 1), (-1, 1), (0, -1)])
def test_impossible_counts_are_refused(k: int, n: int) -> None:
    detector = ErrorRateDetector(0.1)
    with pytest.raises(ValueError, match="closed panes"):
        detector.step(detector.start(), np.array([k]), n)


def test_counts_and_evidence_must_be_of_the_detectors_streams() -> None:
    """Else numpy would silently stretch one stream over all."""
    one, five = ErrorRateDetector(0.1), ErrorRateDetector(UPPERS)
    with pytest.raises(ValueError, match="same 5 streams"):
        five.step(five.start(), np.array([1]))
    with pytest.raises(ValueError, match="same 5 streams"):
        five.step(one.start(), np.ones(5, int))

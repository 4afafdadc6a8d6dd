"""What the concept detector finds, what it leaves alone, and what it says of its findings."""

from dataclasses import replace

import numpy as np
import pytest

from stats.error_rate import Saturated
from stats.outcome import TooFew
from stats.performance.cells import OutcomeLayout
from stats.performance.concept_detector import ConceptDetector, ConceptFinding, ConceptRule, ConceptState
from tests.unit.performance_stats.worlds import ANIMALS, BINARY, PRICES, Pairs, binary, folded, multiclass, prices

HOUR_MS = 3_600_000
RULE = ConceptRule(HOUR_MS)
WORLDS = {BINARY: binary, ANIMALS: multiclass, PRICES: prices}
START = 400_000
"""Number of the first pane."""


def detector_of(layout: OutcomeLayout, rule: ConceptRule = RULE, rows: int = 20_000, **world: float) -> ConceptDetector:
    return ConceptDetector(layout, folded(layout, WORLDS[layout](np.random.default_rng(0), rows, **world)), rule)


def run(detector: ConceptDetector, panes: list[np.ndarray]) -> list[ConceptFinding]:
    """Steps through hourly panes; all that was found, in order."""
    state, found = detector.start(), []
    for pane, cells in enumerate(panes, START):
        state, _, new = detector.step(state, pane * HOUR_MS, cells)
        found += new
    return found


def stream(layout: OutcomeLayout, seed: int, hours: int, n: int = 400, **world: float) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [folded(layout, WORLDS[layout](rng, n, **world)) for _ in range(hours)]


def test_streams_are_those_of_the_task() -> None:
    assert detector_of(BINARY).streams == ("errors", "concept", "outcomes_up", "outcomes_down")
    assert detector_of(ANIMALS).streams == detector_of(PRICES).streams == ("errors", "concept")
    assert detector_of(BINARY).bound == pytest.approx(np.log(4 * 720))
    assert detector_of(ANIMALS, ConceptRule(2 * HOUR_MS, budget=0.5)).bound == pytest.approx(np.log(2 * 360 * 2))


@pytest.mark.parametrize("layout", WORLDS, ids=lambda layout: layout.task)
def test_nothing_is_found_where_nothing_changed(layout: OutcomeLayout) -> None:
    assert run(detector_of(layout), stream(layout, 1, 200)) == []


@pytest.mark.parametrize(("layout", "change"), [
    (BINARY, {"flip": 0.15}),
    (ANIMALS, {"mix": 0.25}),
    (PRICES, {"noise": 1.3}),
], ids=["binary", "multiclass", "regression"])  # fmt: skip
def test_another_answer_to_the_same_inputs_is_found_and_its_onset(
    layout: OutcomeLayout, change: dict[str, float]
) -> None:
    found = run(detector_of(layout), stream(layout, 2, 60) + stream(layout, 3, 20, **change))
    (first, *_) = (finding for finding in found if finding.what == "concept")
    assert abs(first.onset_ms - (START + 60) * HOUR_MS) <= 2 * HOUR_MS
    assert first.log_e >= detector_of(layout).bound
    assert first.effect == pytest.approx(first.now - first.expected)
    assert first.effect > 0


@pytest.mark.parametrize(("layout", "before", "now"), [
    (BINARY, {"shift": -3}, {"shift": 0.3}),
    (PRICES, {"shift": -15}, {"shift": 10}),
], ids=["binary", "regression"])  # fmt: skip
def test_inputs_that_become_harder_are_more_errors_and_no_change_of_concept(
    layout: OutcomeLayout, before: dict[str, float], now: dict[str, float]
) -> None:
    found = run(detector_of(layout, **before), stream(layout, 4, 100, **now))
    assert {finding.what for finding in found} == {"errors"}


def test_a_model_that_is_too_sure_of_itself_has_not_become_worse_in_strata_the_reference_hardly_has() -> None:
    """Many classes, each with few rows: its own chance of an error is taken as all classes together put it right."""
    classes = OutcomeLayout("multiclass", [f"c{i}" for i in range(40)])

    def too_sure(rng: np.random.Generator, n: int, spread: float) -> Pairs:
        logit = spread * rng.standard_normal((n, 40))
        says, truth = (x / x.sum(1, keepdims=True) for x in (np.exp(logit), np.exp(0.6 * logit)))
        labels = (rng.random(n)[:, np.newaxis] > truth.cumsum(1)).sum(1).clip(0, 39)
        return Pairs(says.argmax(1), says, labels)

    rng = np.random.default_rng(5)
    detector = ConceptDetector(classes, folded(classes, too_sure(rng, 8_000, 6)), RULE)
    found = run(detector, [folded(classes, too_sure(rng, 400, 3.5)) for _ in range(25)])
    assert {finding.what for finding in found} == {"errors"}


def sure_of(share: float, yes: float, n: int = 2_000) -> np.ndarray:
    """Answers at scores of .305, of which exactly `yes` are positive; `share` of them are there at all."""
    k = int(share * n)
    return folded(BINARY, Pairs(np.zeros(k, int), np.full((k, 1), 0.305), (np.arange(k) < yes * k).astype(int)))


@pytest.mark.parametrize(("yes", "what"), [(0.42, "outcomes_up"), (0.18, "outcomes_down")])
def test_outcomes_are_told_by_their_direction_in_rates_of_the_positive_class(yes: float, what: str) -> None:
    detector = ConceptDetector(BINARY, sure_of(1, 0.3, 20_000), RULE)
    (finding,) = (found for found in run(detector, [sure_of(1, yes)]) if found.what.startswith("outcomes"))
    assert finding.what == what
    assert (finding.now, finding.n, finding.severity) == (pytest.approx(yes), 2_000, "page")
    assert finding.expected == pytest.approx(0.3, abs=1e-3)
    assert finding.effect == pytest.approx(yes - 0.3, abs=1e-3)


def test_figures_are_those_since_the_onset() -> None:
    detector = ConceptDetector(BINARY, sure_of(1, 0.2, 20_000), RULE)
    found = run(detector, [sure_of(1, 0.2)] * 5 + [sure_of(1, 0.25)] + [sure_of(0.5, 0.29)] * 4)
    (finding, *_) = (finding for finding in found if finding.what == "errors")
    assert finding.onset_ms == (START + 5) * HOUR_MS
    assert finding.severity == "message"
    spent = finding.n
    assert finding.now == pytest.approx((0.25 * 2_000 + 0.29 * (spent - 2_000)) / spent)
    assert finding.expected == pytest.approx(0.2)


def test_a_regression_tells_errors_in_the_labels_unit_and_pages_by_the_references_own() -> None:
    y = np.linspace(60, 140, 4_000)

    def off_by(e: float) -> np.ndarray:
        return folded(PRICES, Pairs(y + e * (1 + np.arange(4_000) % 2), None, y))

    detector = ConceptDetector(PRICES, off_by(4), RULE)
    (mild,) = (finding for finding in run(detector, [off_by(4.3)]) if finding.what == "errors")
    assert (mild.expected, mild.now, mild.effect) == (pytest.approx(6), pytest.approx(6.45), pytest.approx(0.45))
    assert mild.severity == "message"
    (severe,) = (finding for finding in run(detector, [off_by(4.5)]) if finding.what == "errors")
    assert severe.severity == "page"


def test_a_thousandfold_error_is_found_in_the_first_pane() -> None:
    found = run(detector_of(PRICES), stream(PRICES, 6, 1, n=50, noise=1_000))
    assert {finding.what for finding in found} == {"errors", "concept"}


def test_a_stream_that_was_found_starts_anew_and_the_others_go_on() -> None:
    detector = detector_of(BINARY)
    state = detector.start()
    for pane, cells in enumerate(stream(BINARY, 7, 40, flip=0.12), START):
        state, evidence, found = detector.step(state, pane * HOUR_MS, cells)
        if found:
            break
    anew = np.isneginf(state.evidence.log_r).all(-1)
    assert [name for name, fresh in zip(detector.streams, anew, strict=True) if fresh] == [f.what for f in found]
    assert set(evidence) == set(detector.streams)
    assert max(evidence.values()) >= detector.bound
    again = run(detector, stream(BINARY, 7, 60, flip=0.2))
    assert sum(finding.what == "concept" for finding in again) > 1


def test_panes_without_pairs_change_nothing() -> None:
    detector = detector_of(BINARY)
    panes = stream(BINARY, 8, 3)
    state, _, _ = detector.step(detector.start(), START * HOUR_MS, panes[0])
    same, evidence, found = detector.step(state, (START + 1) * HOUR_MS, BINARY.zeros())
    assert same.to_bytes() == state.to_bytes()
    assert set(evidence) == set(detector.streams)
    assert found == []
    assert detector.step(detector.start(), 0, BINARY.zeros())[1] == {}


def test_the_order_of_pairs_within_a_pane_does_not_matter() -> None:
    pairs = prices(np.random.default_rng(9), 500)
    turned = Pairs(pairs.predictions[::-1], None, pairs.labels[::-1])
    detector = detector_of(PRICES)
    one, other = (
        detector.step(detector.start(), START * HOUR_MS, folded(PRICES, of))[0].to_bytes() for of in (pairs, turned)
    )
    assert one == other


def test_pairs_without_scores_are_evidence_of_errors_alone() -> None:
    detector = detector_of(BINARY)
    pairs = binary(np.random.default_rng(10), 400, flip=0.4)
    silent = folded(BINARY, replace(pairs, probabilities=np.full((400, 1), np.nan)))
    state, evidence, _ = detector.step(detector.start(), START * HOUR_MS, silent)
    assert set(evidence) == {"errors"}
    assert np.isneginf(state.evidence.log_r[1:]).all()
    assert ConceptDetector(BINARY, silent, RULE).streams == ("errors",)


def test_a_reference_that_does_not_do_says_why() -> None:
    rng = np.random.default_rng(11)
    few = ConceptDetector(BINARY, folded(BINARY, binary(rng, 99)), RULE)
    assert few.off == TooFew(needed=100, have=99)
    wrong = Pairs(np.zeros(500, int), None, np.ones(500, int))
    never_right = ConceptDetector(BINARY, folded(BINARY, replace(wrong, probabilities=np.full((500, 1), 0.1))), RULE)
    assert isinstance(never_right.off, Saturated)
    for detector in (few, never_right):
        assert detector.streams == ()
        state, evidence, found = detector.step(detector.start(), 0, folded(BINARY, binary(rng, 500)))
        assert (evidence, found) == ({}, [])
        assert ConceptState.from_bytes(state.to_bytes()).to_bytes() == state.to_bytes()
    assert detector_of(BINARY).off is None


def test_labels_that_come_many_at_a_time_are_no_change() -> None:
    """Forty of each alarm in the first hours, when it is not known yet, unless the rule says so; five never do."""
    rng = np.random.default_rng(12)
    drawn = [folded(BINARY, binary(rng, 20)) for _ in range(300)]
    assert run(detector_of(BINARY), [5 * cells for cells in drawn]) == []
    found = run(detector_of(BINARY), [40 * cells for cells in drawn])
    assert found != []
    assert max(finding.onset_ms for finding in found) < (START + 48) * HOUR_MS
    assert run(detector_of(BINARY, replace(RULE, dispersion=40)), [40 * cells for cells in drawn]) == []


def test_a_change_is_found_where_labels_come_in_fives_too() -> None:
    rng = np.random.default_rng(13)
    panes = [5 * folded(BINARY, binary(rng, 80, flip=0.2 if pane >= 100 else 0.0)) for pane in range(140)]
    found = run(detector_of(BINARY), panes)
    assert found != []
    assert all(finding.onset_ms >= (START + 98) * HOUR_MS for finding in found)


def test_a_state_of_another_baseline_and_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="another baseline"):
        detector_of(BINARY).step(detector_of(ANIMALS).start(), 0, BINARY.zeros())
    for name, value in (
        ("pane_ms", 0),
        ("budget", 0),
        ("page", -1),
        ("tolerance", -0.1),
        ("z", 0),
        ("dispersion", 0.9),
    ):
        with pytest.raises(ValueError, match=f"{name} is"):
            replace(RULE, **{name: value})


@pytest.mark.parametrize("cut", [0, 3, 30, -1])
def test_other_bytes_are_no_state(cut: int) -> None:
    with pytest.raises(ValueError, match="start the detector anew"):
        ConceptState.from_bytes(detector_of(BINARY).start().to_bytes()[:cut])

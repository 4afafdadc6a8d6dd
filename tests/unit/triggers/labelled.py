"""Windows of labelled answers to judge: a day of cohorts, or an hour of labels; all is well unless told otherwise."""

from typing import Any

from schemas.performance_window import (
    Concept,
    ConceptDetection,
    ConceptFinding,
    Disparity,
    FairnessWindow,
    Figure,
    GroupRates,
    PerformanceWindow,
)

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
FIRST_MS = 1_372_636_800_000  # 2013-07-01 00:00 UTC
BOUND = 7.96
CALM = {"errors": 0.2, "concept": 0.1, "outcomes_up": -1.0, "outcomes_down": -3.0}


def figure(value: float, width: float = 0.02, n: int = 1_240) -> Figure:
    """A figure and an interval of that half-width around it."""
    return Figure(value=value, low=value - width, high=value + width, n=n)


def window(day: int = 0, accuracy: float = 0.79, width: float = 0.02, **changes: Any) -> PerformanceWindow:
    """A final day of cohorts; accuracy of the baseline is 0.79. `at_ms` may say where it starts."""
    by, version, segment = (
        changes.get(name, of) for name, of in (("by", "prediction_time"), ("version", "v1"), ("segment", ""))
    )
    size_ms = changes.get("size_ms", DAY_MS)
    start_ms = changes.pop("at_ms", FIRST_MS + day * size_ms)
    place = {
        "window_id": f"performance/{by}/{version}/{segment}/{size_ms}/{start_ms}",
        "revision": 0,
        "final": True,
        "by": by,
        "model": "flights",
        "version": version,
        "segment": segment,
        "start_ms": start_ms,
        "end_ms": start_ms + size_ms,
        "size_ms": size_ms,
        "pane_ms": HOUR_MS,
        "baseline_digest": "d01378bed5c9a52b",
        "outcomes_digest": "0c9a52bd01378bed",
    }
    well = {
        "task": "binary",
        "made": 1_333,
        "labelled": 1_240,
        "labels_until_ms": start_ms + size_ms + HOUR_MS,
        "label_delay_p50_s": 9_120.0,
        "label_delay_p95_s": 21_300.0,
        "figures": {"accuracy": figure(accuracy, width)},
        "reference": {"accuracy": figure(0.79, 0.01, 6_400)},
        "gap": {"accuracy": figure(accuracy - 0.79, width)},
        "classes": ("on-time", "late"),
    }
    return PerformanceWindow(**place | well | changes)


def found(what: str = "errors", **changes: Any) -> ConceptFinding:
    """A rise from 21 % to 38 % since the first hour, worth a page."""
    place = {"what": what, "severity": "page", "log_e": 9.1, "onset_ms": FIRST_MS, "n": 410}
    return ConceptFinding(**place | {"effect": 0.17, "expected": 0.21, "now": 0.38} | changes)


def pane(hour: int, *findings: ConceptFinding, **changes: Any) -> PerformanceWindow:
    """One hour of labels that the concept detector steps on."""
    evidence = CALM | {finding.what: finding.log_e for finding in findings}
    bound = changes.pop("bound", BOUND)
    step = ConceptDetection(bound=bound, panes=hour + 1, evidence=evidence, findings=findings)
    place = {"by": "label_time", "size_ms": HOUR_MS, "made": 0, "watching": "watching", "detection": step}
    return window(hour, **place | changes)


def concept(by_inputs: float = 0.004, **changes: Any) -> Concept:
    """A change of concept, with the class and the segment most responsible."""
    rise = {"n": 410, "reference": 0.21, "now": 0.38, "by_inputs": by_inputs, "p_value": 0.001}
    worst = {
        "worst_class": "on-time",
        "worst_class_share": 0.8,
        "worst_segment": "origin=EWR",
        "worst_segment_share": 0.6,
    }
    return Concept(**rise | {"by_concept": figure(0.17 - by_inputs)} | worst | changes)


def compared(*unfair: str, ratio: float = 0.94, odds: float = 0.05, **changes: Any) -> FairnessWindow:
    """Carrier B6 against UA; `unfair` names the limits that are surely passed."""
    rates = {
        "UA": GroupRates(
            n=300,
            selection_rate=figure(0.85, 0.04, 300),
            true_positive_rate=figure(0.92, 0.04, 220),
            false_positive_rate=figure(0.6, 0.1, 80),
        ),
        "B6": GroupRates(
            n=280,
            selection_rate=figure(0.62, 0.05, 280),
            true_positive_rate=figure(0.7, 0.06, 200),
            false_positive_rate=figure(0.55, 0.1, 80),
        ),
    }
    disparity = Disparity(
        group="B6",
        parity_difference=figure(-0.23, 0.06, 280),
        impact_ratio=figure(ratio, 0.04, 280),
        odds_difference=figure(odds, 0.04, 280),
        unfair=unfair,
    )
    place = {"attribute": "carrier", "favourable": "on-time", "against": "UA", "level": 0.9997}
    return FairnessWindow(**place | {"groups": rates, "disparities": (disparity,)} | changes)

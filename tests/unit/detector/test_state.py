"""A state that was stored and read goes on as if it never had been."""

from collections.abc import Callable

import numpy as np
import pytest

from stats.detector.detector import Detector, Rule, State
from tests.unit.detector.worlds import (
    detector_of,
    history_of,
    independent,
    layout_of,
    normal_counts,
    numeric,
    panes_of,
)


def test_a_stored_state_steps_on_bit_by_bit_through_findings_and_resets() -> None:
    rng = np.random.default_rng(1)
    layout, detector = detector_of(normal_counts(rng, 300, independent(rng, 3)))
    level = np.zeros((60, 3))
    level[30:, 1] = 0.6
    panes = panes_of(layout, normal_counts(rng, 300, level))
    kept = stored = detector.start()
    found = 0
    for i, (start_ms, cells) in enumerate(panes):
        history = history_of(panes[: i + 1])
        kept, log_e, findings = detector.step(kept, start_ms, cells, history)
        stored, log_e_stored, again = detector.step(State.from_bytes(stored.to_bytes()), start_ms, cells, history)
        assert log_e.tobytes() == log_e_stored.tobytes()
        assert kept.to_bytes() == stored.to_bytes()
        assert [finding.place for finding in findings] == [finding.place for finding in again]
        found += len(findings)
    assert found > 0


def test_a_state_of_25_features_takes_less_than_40_kb() -> None:
    layout = layout_of(*(numeric(f"x{i}", [50] * 24) for i in range(25)), numeric("p", [50] * 24, "score"))
    assert len(Detector(layout, None, Rule()).start().to_bytes()) <= 40_000


@pytest.mark.parametrize("spoil", [lambda data: data[:-1], lambda data: b"\x07" + data[1:], lambda data: data + b"0"])
def test_bytes_that_are_no_state_are_refused(spoil: Callable[[bytes], bytes]) -> None:
    data = Detector(layout_of(numeric("x", [5] * 24)), None, Rule()).start().to_bytes()
    with pytest.raises(ValueError, match="start the detector anew"):
        State.from_bytes(spoil(data))


def test_a_state_of_another_baseline_is_refused() -> None:
    one = layout_of(numeric("x", [5] * 24))
    two = layout_of(numeric("x", [5] * 24), numeric("y", [5] * 24))
    state = Detector(one, None, Rule()).start()
    with pytest.raises(ValueError, match="another baseline"):
        Detector(two, None, Rule()).step(state, 0, two.zeros(), lambda _: [])

"""The detector says the same about every pane, wherever its process is killed: while it learns and while it watches."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.monitor import Detector, Monitor
from schemas.window import Window
from schemas.windowing import WindowSpec
from tests.drift_stream import T0, Control, World, baseline, cut, event, killed, messages, seasoned

MINUTE_MS = 60_000
MONITOR = Monitor(
    model="m",
    windows=(WindowSpec(size=MINUTE_MS),),
    lateness=10_000,
    detector=Detector(pane=MINUTE_MS, burn_in=25 * MINUTE_MS),
)


def stepped(control: Control) -> dict[str, list[Window]]:
    """Every record published that carries a step, by window."""
    found: dict[str, list[Window]] = {}
    for record in control.out:
        if record.topic == "windows":
            window = Window.model_validate_json(record.value)
            if window.detection is not None:
                found.setdefault(window.window_id, []).append(window)
    return found


@given(st.integers(0, 2**32))
@settings(max_examples=4, deadline=None)
def test_killed_anywhere_the_detector_says_the_same(seed: int) -> None:
    """Version 1 has a season, version 2 learns one; a repeated record is the same in every field."""
    rng = random.Random(seed)
    events = [
        (rng.randrange(2), event(i, T0 + i * 900 + rng.randrange(-3_000, 3_001), version=rng.choice("12")))
        for i in range(2_400)
    ]
    made = World(MONITOR, {"m/1": seasoned(baseline()), "m/2": baseline(version="2")})
    made.fold(cut(rng, messages(events)), T0, silence_ms=9 * 86_400_000)
    calm = Control(made)
    calm.run()
    want, found = stepped(calm), stepped(killed(made, rng))
    assert len(want) > 35
    assert {key: windows[0].detection for key, windows in found.items()} == {
        key: windows[0].detection for key, windows in want.items()
    }
    assert all(window == windows[0] for windows in found.values() for window in windows)

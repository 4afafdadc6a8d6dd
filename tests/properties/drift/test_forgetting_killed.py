"""What is forgotten, and what is not, does not depend on where a process is killed."""

import random
from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.windows.rows import parts_of
from schemas.monitor import Detector, Monitor
from schemas.windowing import WindowSpec
from tests.drift_stream import T0, Control, World, baseline, event, killed, messages, seasoned

MINUTE_MS, DAY_MS = 60_000, 86_400_000
MONITOR = Monitor(
    model="m",
    windows=(WindowSpec(size=MINUTE_MS),),
    lateness=1_000,
    horizon=3_600_000,
    detector=Detector(pane=MINUTE_MS),
)


def own(rows: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    """Rows of drift's own kinds."""
    return {key: value for key, value in rows.items() if parts_of(key)[0] in {"pane", "detector", "season", "learning"}}


@given(st.integers(0, 2**32))
@settings(max_examples=4, deadline=None)
def test_killed_anywhere_the_same_versions_are_remembered(seed: int) -> None:
    """Versions come and go by the week; in the end the rows are those of a process that was never killed."""
    rng = random.Random(seed)
    made = World(MONITOR, {"m/0": seasoned(baseline(version="0"))})
    for week in range(14):
        version, start_ms = rng.choice("abcdefgh"), T0 + 7 * week * DAY_MS
        events = [(i % 2, event(week * 1_000 + i, start_ms + i * 2_000, version=version)) for i in range(90)]
        made.fold([messages(events, made.read), []], start_ms)
    calm = Control(made)
    calm.run()
    assert own(killed(made, rng).rows) == own(calm.rows) != {}

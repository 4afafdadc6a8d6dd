"""Any closed windows of two arms, empty and extreme ones among them."""

from hypothesis import strategies as st

from stats.rollout.mean_difference import ArmSums
from stats.rollout.two_rates import ArmCounts

_n = st.sampled_from([0, 1, 100]) | st.integers(0, 5000)
_y = st.sampled_from([0.0, 1.0]) | st.floats(-100, 100)


@st.composite
def arm_counts(draw: st.DrawFn) -> ArmCounts:
    """Counts of a window: none, some or all of the events of an arm."""
    numbers = []
    for _ in range(2):
        n = draw(_n)
        numbers += [n, draw(st.sampled_from([0, n]) | st.integers(0, n))]
    return ArmCounts(*numbers)


def sums(values: list[float]) -> ArmSums:
    """What a window holds of these observations."""
    squares = [y * y for y in values]
    return ArmSums(len(values), sum(y != 0 for y in values), float(sum(values)), float(sum(squares)))


observations = st.lists(_y, max_size=12)
"""One arm's values in a window."""

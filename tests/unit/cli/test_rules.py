"""A gate's figure and bound are told in their rule's unit."""

import pytest

from driftline.rules import in_unit


@pytest.mark.parametrize(
    ("rule", "value", "told"),
    [
        ("freshness", 604_800_000, "168.0 h"),
        ("freshness", -1_800_000, "-0.5 h"),
        ("missing", 0.02692, "2.7 %"),
        ("latency_p99_ms", 0.30629419, "0.3 ms"),
        ("size_bytes", 36_246, "0.04 MB"),
        ("rows", 37_688.0, "37,688"),
        ("primary", 0.0029084, "0.002908"),
        ("primary", 12_345.6, "12,346"),
        ("missing", None, "–"),
    ],
)
def test_a_figure_has_the_unit_of_its_rule(rule: str, value: float | None, told: str) -> None:
    assert in_unit(rule, value) == told

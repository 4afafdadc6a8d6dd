"""Figures of a gate as the record `GateResult`, and what stopped a run in one line."""

import re
from collections.abc import Sequence
from math import isfinite
from typing import Final, Literal

from schemas.model_event import GateResult
from stats.retraining.gate_figure import GateFigure

SHOWN: Final = 3
"""Failures that a summary tells in full."""
_SUBJECTS: Final = {
    "label_rows": "class",
    "label_balance": "class",
    "primary": "metric",
    "guard": "metric",
    "fairness": "attribute",
    "impact_ratio": "group",
    "odds_difference": "group",
}
"""What a rule looks at, where it is no feature."""
_LONGEST: Final = 256
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def result(gate: Literal["data", "model"], figure: GateFigure) -> GateResult:
    """One rule's figure as a record; a figure that is not finite is told in its words alone."""
    return GateResult(
        gate=gate,
        rule=figure.rule,
        feature=None if figure.feature is None else identifier(figure.feature),
        passed=bool(figure.passed),
        value=figure.value if figure.value is not None and isfinite(figure.value) else None,
        bound=figure.bound,
        detail=figure.detail,
    )


def identifier(name: str) -> str:
    """A name that events brought, such as a class or group, as records take it: not empty, no control character."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", name)[:_LONGEST] or "(empty)"


def summary(results: Sequence[GateResult]) -> str:
    """What a gate said, in one line: how many rules it asked, or the first failures with rule, feature and figure."""
    failures = [one for one in results if not one.passed]
    if not failures:
        return f"{results[0].gate} gate: {len({one.rule for one in results})} rules passed" if results else "no rule"
    told = "; ".join(f"{_subject(one)}rule {one.rule}: {one.detail}" for one in failures[:SHOWN])
    rest = len(failures) - SHOWN
    return f"{failures[0].gate} gate: {told}" + (f"; and {rest} more" if rest > 0 else "")


def _subject(one: GateResult) -> str:
    return "" if one.feature is None else f"{_SUBJECTS.get(one.rule, 'feature')} {one.feature!r}, "

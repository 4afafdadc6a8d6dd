"""Edge cases a person wrote down, rows with their expected answers: a candidate must not get any of them worse."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RegressionCases:
    """Exact counts, and the places (0..n-1) of the cases whose answer turned."""

    n: int
    production_right: int
    candidate_right: int
    broken: tuple[int, ...]
    """Right by production, wrong by the candidate."""
    fixed: tuple[int, ...]
    """Wrong by production, right by the candidate."""


def regression_cases(
    expected: Sequence[str | float],
    production: Sequence[str | float],
    candidate: Sequence[str | float],
    *,
    tolerance: float = 0.0,
) -> RegressionCases:
    """Compares the answers of both models to n cases: names of classes, or numbers within `tolerance`, in their unit.

    A number that is not finite is wrong. ValueError where there are not as many answers as cases.
    """
    if not len(expected) == len(production) == len(candidate):
        raise ValueError(
            f"{len(expected)} cases, {len(production)} answers of production and {len(candidate)} of the candidate: "
            "ask both models about every case"
        )
    if tolerance < 0:
        raise ValueError(f"tolerance is {tolerance:g}: give how far an answer may be off, 0 or more")
    was, now = (
        {place for place, pair in enumerate(zip(expected, answers, strict=True)) if _right(*pair, tolerance)}
        for answers in (production, candidate)
    )
    return RegressionCases(len(expected), len(was), len(now), tuple(sorted(was - now)), tuple(sorted(now - was)))


def _right(expected: str | float, answer: str | float, tolerance: float) -> bool:
    if isinstance(expected, str) or isinstance(answer, str):
        return expected == answer
    return abs(answer - expected) <= tolerance

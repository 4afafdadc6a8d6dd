"""Edge cases a person wrote down, rows with their expected answers: a candidate must not get any of them worse."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RegressionCases:
    """Exact counts, and the places (0..n-1) of the cases whose answer turned."""

    n: int
    production_right: int | None
    """None where production could not be asked: then each case must be right."""
    candidate_right: int
    broken: tuple[int, ...]
    """Right by production, wrong by the candidate."""
    fixed: tuple[int, ...]
    """Wrong by production, right by the candidate."""


def regression_cases(
    expected: Sequence[str | float],
    production: Sequence[str | float] | None,
    candidate: Sequence[str | float],
    *,
    tolerance: float = 0.0,
) -> RegressionCases:
    """Compares the answers of both models to n cases: names of classes, or numbers within `tolerance`, in their unit.

    A number that is not finite is wrong. Without production's answers it counts as right everywhere. ValueError where
    there are not as many answers as cases.
    """
    answered = [len(answers) for answers in (production, candidate) if answers is not None]
    if set(answered) != {len(expected)}:
        raise ValueError(f"{len(expected)} cases, {answered} answers of the models: ask each about every case")
    if tolerance < 0:
        raise ValueError(f"tolerance is {tolerance:g}: give how far an answer may be off, 0 or more")
    now = _places(expected, candidate, tolerance)
    was = set(range(len(expected))) if production is None else _places(expected, production, tolerance)
    known = None if production is None else len(was)
    return RegressionCases(len(expected), known, len(now), tuple(sorted(was - now)), tuple(sorted(now - was)))


def _places(expected: Sequence[str | float], answers: Sequence[str | float], tolerance: float) -> set[int]:
    """Of the cases that are answered right."""
    return {place for place, pair in enumerate(zip(expected, answers, strict=True)) if _right(*pair, tolerance)}


def _right(expected: str | float, answer: str | float, tolerance: float) -> bool:
    if isinstance(expected, str) or isinstance(answer, str):
        return expected == answer
    return abs(answer - expected) <= tolerance

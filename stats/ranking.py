"""The order in which a person should look at features."""

from collections.abc import Sequence


def rank(importance: Sequence[float | None], drift: Sequence[float | None], top: int | None = None) -> tuple[int, ...]:
    """Numbers of the columns: those of known importance, the most important first, then the others by drift.

    Ties keep the given order; a column without a drift score comes last. `top` cuts the answer.
    """

    def place(i: int) -> tuple[bool, float, bool, float]:
        weight, score = importance[i], drift[i]
        return weight is None, -(weight or 0.0), score is None, -(score or 0.0)

    return tuple(sorted(range(len(importance)), key=place)[:top])

"""What changed in a column, from what was expected to what came, in words and in the column's own unit."""

from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate

from schemas.window import Finding, Side
from services.triggers.quantities import pair, percents, sigmas

LEAST_RATE = 0.001
"""Change of a rate, as a share of 1, that is told beside what the finding is about."""
LEAST_SHIFT = 0.1
"""Shift of the mean, in standard deviations, and relative change of the standard deviation, that say enough."""

_RATES: Mapping[str, str] = {"missing": "missing", "unseen": "unseen in training", "nonfinite": "not finite"}
"""By the name of a rate."""
_NO_CATEGORIES = frozenset({"missing", "unseen", "infinite"})
"""Cells that are told as rates."""


def changes(finding: Finding, unit: str = "") -> list[str]:
    """Clauses such as `mean 1,050 → 1,120 miles (+0.3 σ)`, the most telling first; at least one.

    `unit` is the column's own, such as `miles`; of volume it is the stretch counted over, such as `an hour`.
    """
    return list(_CHANGES[finding.what](finding, unit)) or [f"effect {finding.effect:.3g}"]


def _arrow(texts: tuple[str, str], unit: str = "") -> str:
    return f"{texts[0]} → {texts[1]}{f' {unit}' if unit else ''}"


def shift(finding: Finding) -> float | None:
    """Mean now less mean expected, in standard deviations of the reference; None where it has none."""
    reference, now = finding.reference, finding.now
    if reference.mean is None or now.mean is None or not reference.std:
        return None
    return (now.mean - reference.mean) / reference.std


def _mean(finding: Finding, unit: str) -> Iterator[str]:
    reference, now, moved = finding.reference, finding.now, shift(finding)
    if reference.mean is not None and now.mean is not None:
        aside = f" ({sigmas(moved)})" if moved is not None else ""
        yield f"mean {_arrow(pair(reference.mean, now.mean), unit)}{aside}"


def _spread(finding: Finding, unit: str) -> Iterator[str]:
    before, after = finding.reference.std, finding.now.std
    if before and after is not None and abs(after / before - 1) >= LEAST_SHIFT:
        yield f"standard deviation {_arrow(pair(before, after), unit)}"


def _mode(finding: Finding) -> Iterator[str]:
    was, now = finding.reference.mode, finding.now.mode
    if was is None or now is None:
        return
    rates = _mode_rate(finding, finding.reference), _mode_rate(finding, finding.now)
    if rates[0] is None or rates[1] is None:
        if was != now:
            yield f"most frequent {was} → {now}"
        return
    before, after = percents(rates[0], rates[1])
    if was != now:
        yield f"most frequent {was} ({before}) → {now} ({after})"
    elif before != after:
        yield f"most frequent {now} {before} → {after}"


def _mode_rate(finding: Finding, side: Side) -> float | None:
    """The mode's share, if need be from its cell; None where it has none of its own."""
    cells = dict(zip(finding.cells, side.shares, strict=False))
    return side.mode_rate if side.mode_rate is not None else cells.get(side.mode or "")


def _cells(finding: Finding, told: str | None) -> Iterator[str]:
    """The cell that gained most, and the one that lost most, but for one that is told already."""
    sides = zip(finding.cells, finding.reference.shares, finding.now.shares, strict=False)
    moves = [(after - before, name, before, after) for name, before, after in sides if name not in _NO_CATEGORIES]
    for verb, (gain, name, before, after) in (("gained", max(moves)), ("lost", min(moves))) if moves else ():
        if name != told and (gain > 0) == (verb == "gained") and abs(gain) >= LEAST_RATE:
            yield f"{name} {verb} most ({_arrow(percents(before, after))})"


def _lower_half(finding: Finding) -> Iterator[str]:
    """Of the confidence, which has no unit: how much came where the less confident half was expected."""
    lower = [
        (before, after)
        for before, after, so_far in zip(
            finding.reference.shares, finding.now.shares, accumulate(finding.reference.shares), strict=False
        )
        if so_far <= 0.5 + LEAST_RATE
    ]
    if lower:
        before, after = (sum(side) for side in zip(*lower, strict=True))
        yield f"least confident answers {_arrow(percents(before, after))}"


def _rates(finding: Finding) -> Iterator[str]:
    for name, words in _RATES.items():
        before, after = (getattr(side, f"{name}_rate") for side in (finding.reference, finding.now))
        if name == finding.what or abs(after - before) >= LEAST_RATE:
            yield f"{words} {_arrow(percents(before, after))}"


def _shape(finding: Finding, unit: str) -> Iterator[str]:
    moments = [*_mean(finding, unit), *_spread(finding, unit)]
    yield from moments
    mode = list(_mode(finding))
    yield from mode
    if finding.column == "score/confidence" and not moments:
        yield from _lower_half(finding)
    elif len(moments) < 2 and abs(shift(finding) or 0.0) < LEAST_SHIFT:
        yield from _cells(finding, finding.now.mode if mode and finding.now.mode == finding.reference.mode else None)
    yield from _rates(finding)


def _rate(finding: Finding, unit: str) -> Iterator[str]:
    yield from sorted(_rates(finding), key=lambda clause: not clause.startswith(_RATES[finding.what]))
    if abs(shift(finding) or 0.0) >= LEAST_SHIFT:
        yield from _mean(finding, unit)


def _volume(finding: Finding, stretch: str) -> Iterator[str]:
    if finding.reference.mean is not None and finding.now.mean is not None:
        counts = pair(finding.reference.mean, finding.now.mean)
        yield f"{f'events {stretch}'.strip()} {_arrow(counts)} ({100 * finding.effect:+,.0f} %)"


_CHANGES: Mapping[str, Callable[[Finding, str], Iterator[str]]] = {
    "shape": _shape,
    "missing": _rate,
    "unseen": _rate,
    "nonfinite": _rate,
    "volume": _volume,
}
"""By what was found."""

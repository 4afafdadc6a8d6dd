"""Rules of the data gate about whole rows: which columns they have, how many there are, how new, how often the same."""

from collections.abc import Iterator

from stats.retraining.duplicates import repeated
from stats.retraining.examined import Examined, fits
from stats.retraining.gate_figure import GateFigure, at_least, at_most

_HOUR_MS = 3_600_000


def schema(of: Examined) -> Iterator[GateFigure]:
    """Every feature of the baseline is there, of its kind, and no other; the value is 1 where it is not so."""
    for feature in of.features:
        found = of.kinds.get(feature.name)
        detail = f"{feature.name!r} is {found or 'not in the snapshot'}, in the baseline it is {feature.kind}"
        yield at_most("schema", feature.name, float(not fits(feature, found)), 0.0, detail)
    known = {feature.name for feature in of.features}
    for name in of.snapshot.features:
        if name not in known:
            yield at_most("schema", name, 1.0, 0.0, f"{name!r} is {of.kinds[name]}, the baseline has no such feature")


def rows(of: Examined) -> Iterator[GateFigure]:
    """There are enough."""
    n, bound = of.snapshot.n, of.bounds.rows
    detail = f"{n:,} labelled rows, at least {bound:,} are asked for"
    step = ": wait until labels have come, or take a longer training.snapshot.lookback" if n < bound else ""
    yield at_least("rows", None, n, bound, detail + step)


def freshness(of: Examined) -> Iterator[GateFigure]:
    """The newest row is neither too old nor in the future; times are milliseconds."""
    age_ms, bounds = of.now_ms - int(of.snapshot.time_ms.max()), of.bounds
    bound = bounds.age_ms if age_ms >= 0 else -bounds.ahead_ms
    detail = f"the newest row is {abs(age_ms) / _HOUR_MS:.1f} h {'old' if age_ms >= 0 else 'ahead of now'}"
    judged = at_most if age_ms >= 0 else at_least
    yield judged("freshness", None, age_ms, bound, f"{detail}, {abs(bound) / _HOUR_MS:.1f} h is the most")


def duplicates(of: Examined) -> Iterator[GateFigure]:
    """Few rows repeat an earlier one."""
    repeats, n, bound = repeated(of.snapshot), of.snapshot.n, of.bounds.duplicates
    detail = f"{repeats:,} of {n:,} rows repeat an earlier one, {repeats / n:.2%}, {bound:.2%} is the most"
    yield at_most("duplicates", None, repeats / n, bound, detail)

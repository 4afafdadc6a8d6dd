"""Rules of the data gate about each feature by itself, from its counts and those of the baseline."""

from collections.abc import Iterator

from stats.rates import Rates, rates
from stats.retraining.examined import Examined
from stats.retraining.gate_figure import GateFigure, at_least, at_most, unknown
from stats.retraining.snapshot import absent, factors
from stats.scores import MIN_COUNT, score
from stats.section import CodedSection


def missing(of: Examined) -> Iterator[GateFigure]:
    """A feature's share of missing values has not grown much."""
    now, then = _rates(of)
    for feature, share, was in zip(of.layout.columns, now.missing.tolist(), then.missing.tolist(), strict=True):
        detail = f"{feature.name!r} is missing in {share:.2%} of rows, in the baseline in {was:.2%}"
        yield at_most("missing", feature.name, share - was, of.bounds.missing, detail)


def unseen(of: Examined) -> Iterator[GateFigure]:
    """A categorical feature has few values that the baseline does not know.

    As many as the reference has values that occur once are to be expected (Good 1953, Biometrika 40).
    """
    now, then = _rates(of)
    for i, feature in enumerate(of.layout.columns):
        if feature.kind != "numeric":
            share, expected = float(now.unseen[i]), feature.seen_once / max(int(then.n[i]), 1)
            detail = f"{feature.name!r} has {share:.2%} values that the baseline does not, {expected:.2%} were expected"
            yield at_most("unseen", feature.name, share - expected, of.bounds.unseen, detail)


def out_of_range(of: Examined) -> Iterator[GateFigure]:
    """A numeric feature has few values outside the baseline's range."""
    now, then = _rates(of)
    for i, feature in enumerate(of.layout.columns):
        if feature.kind == "numeric":
            share = float(now.out_of_range[i] + now.nonfinite[i] - then.nonfinite[i])
            detail = f"{feature.name!r} is out of the baseline's range or infinite in {share:.2%} of rows"
            yield at_most("range", feature.name, share, of.bounds.out_of_range, detail)


def distribution(of: Examined) -> Iterator[GateFigure]:
    """A feature is not another one altogether: adjusted PSI."""
    bound = of.bounds.psi_adj
    for feature, found in zip(of.layout.columns, score(of.layout, of.layout.reference_cells, of.cells), strict=True):
        if found.psi_adj is None:
            why = f"{found.n} rows, at least {MIN_COUNT} on both sides are needed"
            yield unknown("distribution", feature.name, bound, why)
        else:
            detail = f"{feature.name!r} has an adjusted PSI of {found.psi_adj:.3f}, {bound:g} is the most"
            yield at_most("distribution", feature.name, found.psi_adj, bound, detail)


def constant(of: Examined) -> Iterator[GateFigure]:
    """A feature that varied in the baseline has at least two values; missing is none."""
    cells = of.layout.reference_cells
    for feature, section in zip(of.layout.columns, of.layout.sections, strict=True):
        values = cells[section.start : section.rest + 1] if isinstance(section, CodedSection) else cells[section.bins]
        column = of.snapshot.features[feature.name]
        distinct = factors(column)[1] - bool(absent(column).any())
        detail = f"{feature.name!r} has {distinct} distinct values, in the baseline {(values > 0).sum()} or more"
        yield at_least("constant", feature.name, distinct, min(int((values > 0).sum()), 2), detail)


def _rates(of: Examined) -> tuple[Rates, Rates]:
    """Of the snapshot and of the baseline."""
    return rates(of.layout.padded, of.cells), rates(of.layout.padded, of.layout.reference_cells)

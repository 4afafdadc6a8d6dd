"""Rules of the data gate about labels: whether they are there, balanced as before, and not told by a single feature."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from stats.performance.exact_sum import Floats
from stats.reference import ColumnReference
from stats.retraining.examined import Examined
from stats.retraining.gate_figure import GateFigure, at_least, at_most, not_judged, unknown
from stats.retraining.labels import change_of_share
from stats.retraining.leakage import area_of_two, binned, information_share, rank_correlation
from stats.retraining.snapshot import factors, kind_of, numbers_of


def label(of: Examined) -> Iterator[GateFigure]:
    """Every row has a label, of a known class or a finite number."""
    lacking, n = int((~_labelled(of)).sum()), of.snapshot.n
    known = f"of the classes {', '.join(of.labels.classes)}" if of.labels.counts else "that is a finite number"
    detail = f"{lacking:,} of {n:,} rows have no label {known}, {lacking / n:.2%}"
    yield at_most("label", None, lacking / n, of.bounds.unlabelled, detail)


def label_rows(of: Examined) -> Iterator[GateFigure]:
    """Every class can be learnt: it has some rows. Of a regression, there are labels at all."""
    if not of.labels.counts:
        n = int(_labelled(of).sum())
        yield at_least("label_rows", None, n, of.bounds.class_rows, f"{n:,} rows have a number for a label")
    elif len(of.labels.counts) == 1:
        yield unknown("label_rows", None, 2, "labels are of one class: wait for labels of another")
    for (name, then), now in zip(of.labels.counts.items(), _counts(of), strict=True):
        bound = min(of.bounds.class_rows, then) if of.labels.measured else of.bounds.class_rows
        yield at_least(
            "label_rows", name, now, bound, f"class {name!r} has {now:,} rows, at least {bound:,} are asked for"
        )


def label_balance(of: Examined) -> Iterator[GateFigure]:
    """No class has surely become several times more or less frequent; a regression's mean label has not gone far."""
    labelled = _labelled(of)
    n, m = int(labelled.sum()), sum(of.labels.counts.values())
    if not n:
        yield unknown("label_balance", None, None, "no row has a label")
    elif not of.labels.measured:
        yield not_judged(
            "label_balance", "the baseline has no labelled rows, so each class was only asked for its rows"
        )
    elif not of.labels.counts:
        shift = (float(_numbers(of)[labelled].mean()) - of.labels.center) / of.labels.scale
        detail = f"the mean label is {shift:+.2f} standard deviations of the reference away from the reference's"
        yield at_most("label_balance", None, abs(shift), of.bounds.label_shift, detail)
    else:
        for (name, then), now in zip(of.labels.counts.items(), _counts(of), strict=True):
            found, factor = change_of_share(now, n, then, m)
            detail = (
                f"class {name!r} is {now / n:.2%} of labels, in the reference {then / m:.2%}: {found.value:.2f} times, "
                f"{found.low:.2f} to {found.high:.2f}"
            )
            yield at_most("label_balance", name, factor, of.bounds.class_factor, detail)


def leakage(of: Examined) -> Iterator[GateFigure]:
    """No feature nearly determines the label by itself."""
    labelled, bound = _labelled(of), of.bounds.leakage
    for feature in of.layout.columns:
        if labelled.any():
            measure, value = _told(of, feature, labelled)
            detail = f"{feature.name!r} determines the label to {value:.4f} ({measure}), {bound:g} is the most"
            yield at_most("leakage", feature.name, value, bound, detail)
        else:
            yield unknown("leakage", feature.name, bound, "no row has a label")


def _told(of: Examined, feature: ColumnReference, labelled: NDArray[np.bool_]) -> tuple[str, float]:
    """The measure that fits, and the figure."""
    column, classes = of.snapshot.features[feature.name], len(of.labels.counts)
    numeric = feature.kind == "numeric"
    values = numbers_of(column)[labelled] if numeric else np.zeros(0)
    if numeric and not classes:
        return "rank correlation", rank_correlation(values, _numbers(of)[labelled])
    codes = binned(values) if numeric else factors(column)[0][labelled]
    if not classes:
        return "share of information", information_share(codes, binned(_numbers(of)[labelled]))
    of_label = of.label_codes[labelled]
    shares = {"share of information": information_share(codes, of_label)}
    if numeric and classes == 2:
        shares["AUC"] = area_of_two(values, of_label == 1)
    return max(shares.items(), key=lambda share: share[1])


def _labelled(of: Examined) -> NDArray[np.bool_]:
    return of.label_codes >= 0 if of.labels.counts else np.isfinite(_numbers(of))


def _counts(of: Examined) -> list[int]:
    found: list[int] = np.bincount(of.label_codes[of.label_codes >= 0], minlength=len(of.labels.counts)).tolist()
    return found


def _numbers(of: Examined) -> Floats:
    """A regression's labels; what is no number is missing."""
    if kind_of(of.snapshot.label) == "numeric":
        return numbers_of(of.snapshot.label)
    return np.full(of.snapshot.n, np.nan)

"""One performance window in full, part by part; what it does not have is left out."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from driftline.output import count, percent, span, table, utc
from driftline.performance import Found, number, state_of, title_of, why_not, with_interval
from schemas.performance_window import Concept, Disparity, Estimate, FairnessWindow, Figure, PerformanceWindow

_FOUND = {
    "errors": "more errors than in the baseline",
    "concept": "like inputs are answered worse",
    "outcomes_up": "the positive class is more frequent than its scores say",
    "outcomes_down": "the positive class is less frequent than its scores say",
}
"""By stream of evidence, what the concept detector found."""


def detail(found: Found) -> Group:
    """The newest of the chosen windows that has closed."""
    window = found.newest
    heading = (
        f"{window.model} {window.version} {window.segment or 'all'}, {utc(window.start_ms)} – {utc(window.end_ms)} UTC "
        f"by {window.by.replace('_', ' ')}: {state_of(window, found.monitor.performance.horizon)}"
    )
    figures = figures_table(window)
    parts: list[RenderableType] = [
        Text(heading, style="bold"),
        _facts(window),
        *((figures,) if figures.row_count else ()),
        *_by_class(window),
        *_confusion(window),
        *chain.from_iterable(map(fairness_tables, window.fairness)),
        *_values(found),
    ]
    return Group(*chain.from_iterable((part, Text()) for part in parts))


def figures_table(window: PerformanceWindow) -> Table:
    """Every figure there is, with its interval, beside the baseline's and what was expected before labels."""
    expected, errors = (window.estimate.figures, window.estimate.error) if window.estimate else ({}, {})
    return table(
        None,
        ("figure", ">now (95 % interval)", ">from", ">baseline", ">now less baseline", ">before labels", ">its error"),
        (
            (
                title_of(name),
                with_interval(figure),
                count(figure.n),
                _alone(window.reference.get(name)),
                with_interval(window.gap.get(name)),
                with_interval(expected.get(name)),
                f"{errors[name]:+.3f}" if name in errors else "–",
            )
            for name, figure in window.figures.items()
            if _known(figure) or _known(expected.get(name))
        ),
    )


def fairness_tables(fairness: FairnessWindow) -> Iterator[Table]:
    """One protected attribute: rates by group, then each group against the group of comparison."""
    rates = ("selection_rate", "true_positive_rate", "false_positive_rate")
    distances = ("parity_difference", "impact_ratio", "odds_difference")
    yield table(
        f"Fairness by {escape(fairness.attribute)}: {escape(fairness.favourable)} is favourable",
        ("group", ">from", *(f">{title_of(name)}" for name in rates)),
        (
            (escape(group), count(found.n), *(with_interval(getattr(found, name)) for name in rates))
            for group, found in fairness.groups.items()
        ),
    )
    yield table(
        None,
        (f"against {escape(fairness.against)}", *(f">{title_of(name)}" for name in distances), "verdict"),
        (
            (escape(one.group), *(with_interval(getattr(one, name)) for name in distances), _verdict(one))
            for one in fairness.disparities
        ),
    )


def concept_words(concept: Concept) -> str:
    """How much the error changed, what the inputs explain of it, and where the rest is."""
    rest = concept.by_concept
    sure = rest.low is not None and rest.high is not None and (rest.low > 0 or rest.high < 0)
    chance = "" if concept.p_value is None else f", p {concept.p_value:.2g}"
    return (
        f"mean loss {number(concept.now)} against {number(concept.reference)} in the baseline: the inputs explain "
        f"{concept.by_inputs:+.3f}, like inputs are answered {'worse' if (rest.value or 0) >= 0 else 'better'} by "
        f"{with_interval(rest)}{chance} ({'a change' if sure else 'within chance'}){_most_responsible(concept)}"
    )


def _facts(window: PerformanceWindow) -> Table:
    made = Table.grid(padding=(0, 2))
    for label, text in _told(window):
        made.add_row(Text(label, style="dim"), Text(text))
    return made


def _told(window: PerformanceWindow) -> Iterator[tuple[str, str]]:
    coverage = window.figures.get("coverage")
    share = f" of {count(window.made)} predictions ({percent(coverage.value)})" if coverage and window.made else ""
    until = f", read until {utc(window.labels_until_ms)} UTC" if window.labels_until_ms else ""
    yield "labels", f"{count(window.labelled)}{share}{until}"
    delays_s = (window.label_delay_p50_s, window.label_delay_p95_s)
    if any(delays_s):
        half, most = ("–" if delay_s is None else span(delay_s) for delay_s in delays_s)
        yield "delay", f"half of them within {half}, 95 of 100 within {most}"
    yield "baseline", window.baseline_digest or "none: figures stand alone"
    if window.estimate is not None:
        yield "before labels", _estimate_words(window.estimate)
    if window.concept is not None:
        yield "concept", concept_words(window.concept)
    yield "detector", _detector_words(window)
    yield from _unknown(window)


def _unknown(window: PerformanceWindow) -> Iterator[tuple[str, str]]:
    """Figures without a value, by the reason."""
    by_reason: dict[str, list[str]] = {}
    for name, figure in window.figures.items():
        if not _known(figure):
            by_reason.setdefault(why_not(figure), []).append(title_of(name))
    for line, (reason, names) in enumerate(by_reason.items()):
        yield "" if line else "not known", f"{', '.join(names)}: {reason}"


def _known(figure: Figure | None) -> bool:
    return figure is not None and figure.value is not None


def _estimate_words(estimate: Estimate) -> str:
    if estimate.why_not is not None:
        return f"no estimate by {estimate.method}: {estimate.why_not}"
    held = "" if estimate.reliable else "; does not hold: labels show that like inputs are answered otherwise now"
    return f"{estimate.method} over {count(estimate.n)} predictions{held}"


def _detector_words(window: PerformanceWindow) -> str:
    step = window.detection
    if step is None or not step.findings:
        return window.watching
    told = (
        f"{_FOUND[one.what]} since {utc(one.onset_ms)} UTC: {number(one.now)} where {number(one.expected)} was expected"
        for one in step.findings
    )
    return "; ".join(told)


def _most_responsible(concept: Concept) -> str:
    named = ((concept.worst_class, concept.worst_class_share), (concept.worst_segment, concept.worst_segment_share))
    told = [f"{name} ({percent(share)})" for name, share in named if name is not None]
    return f"; most responsible: {', '.join(told)}" if told else ""


def _by_class(window: PerformanceWindow) -> Iterator[Table]:
    if any(map(_known, chain.from_iterable(figures.values() for figures in window.by_class.values()))):
        names = list(dict.fromkeys(chain.from_iterable(window.by_class.values())))
        yield table(
            None,
            ("class", *(f">{title_of(name)}" for name in names)),
            (
                (escape(one), *(with_interval(figures.get(name)) for name in names))
                for one, figures in window.by_class.items()
            ),
        )


def _confusion(window: PerformanceWindow) -> Iterator[Table]:
    if window.confusion:
        names = _with_others(window.classes, window.confusion)
        yield table(
            None,
            ("label \\ prediction", *(f">{escape(name)}" for name in names)),
            (
                (escape(name), *map(count, row[: len(names)]))
                for name, row in zip(names, window.confusion, strict=False)
            ),
        )


def _with_others(classes: Sequence[str], confusion: Sequence[Sequence[int]]) -> tuple[str, ...]:
    """The classes; all other values too, where there are any."""
    others = sum(confusion[-1]) + sum(row[-1] for row in confusion)
    return (*classes, "other values") if others else tuple(classes)


def _values(found: Found) -> Iterator[Table]:
    """What a prediction was worth, of every version and segment in the same stretch of time."""
    newest = found.newest
    same = (newest.start_ms, newest.size_ms, newest.by)
    valued = {
        (window.version, window.segment): figure
        for window in found.every
        if (window.start_ms, window.size_ms, window.by) == same
        and (figure := window.figures.get("value")) is not None
        and figure.value is not None
    }
    if valued:
        yield _value_table(valued)


def _value_table(valued: Mapping[tuple[str, str], Figure]) -> Table:
    return table(
        None,
        ("version", "segment", ">value a prediction", ">from"),
        (
            (escape(version), escape(segment) or "all", with_interval(figure), count(figure.n))
            for (version, segment), figure in sorted(valued.items())
        ),
    )


def _verdict(disparity: Disparity) -> str:
    unfair = map(title_of, disparity.unfair)
    return f"◆ unfair by {', '.join(unfair)}" if disparity.unfair else "● within limits"


def _alone(figure: Figure | None) -> str:
    if figure is None:
        return "–"
    return number(figure.value) if figure.value is not None else why_not(figure)

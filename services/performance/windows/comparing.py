"""Groups of the protected attributes, compared; and limits that are surely passed."""

from collections.abc import Mapping

from runtime.cells import Cells
from schemas.performance import Performance
from schemas.performance_window import Disparity, FairnessWindow, GroupRates
from services.performance.windows.figures import figure
from stats.performance import fairness as rates
from stats.performance.fairness_verdict import LIMITS, Limit, unfair, verdict_level
from stats.performance.layout import OutcomeLayout


def compare(
    layout: OutcomeLayout,
    dimensions: Mapping[str, Mapping[str, Cells]],
    asked: Performance,
    slide_ms: int,
    *,
    judge: bool,
) -> tuple[FairnessWindow, ...]:
    """Every protected attribute with two groups or more, of a classification. `dimensions`: cells by attribute, group.

    `judge` only where a window is looked at once: the budget of false verdicts is for as many looks as windows.
    """
    asked_for = asked.fairness
    if layout.task == "regression" or asked_for.favourable not in {None, *layout.classes}:
        return ()
    groups = {of.name: cells for of in asked_for.protected if len(cells := dimensions.get(of.name, {})) > 1}
    comparisons = len(LIMITS) * sum(len(cells) - 1 for cells in groups.values()) * len(asked.windows)
    level = verdict_level(asked_for.budget, slide_ms, comparisons) if comparisons else 0.0
    made: list[FairnessWindow] = []
    for attribute in (of for of in asked_for.protected if of.name in groups):
        cells = groups[attribute.name]
        found = rates.fairness(
            layout,
            cells,
            favourable=asked_for.favourable,
            against=attribute.against if attribute.against in cells else None,
            min_count=asked_for.min_count,
        )
        passed: Mapping[str, tuple[Limit, ...]] = {}
        if judge:
            passed = unfair(
                found, impact_ratio=asked_for.impact_ratio, odds_difference=asked_for.odds_difference, level=level
            )
        made.append(_window(attribute.name, found, level, passed))
    return tuple(made)


def _window(
    attribute: str, found: rates.Fairness, level: float, passed: Mapping[str, tuple[Limit, ...]]
) -> FairnessWindow:
    return FairnessWindow(
        attribute=attribute,
        favourable=found.favourable,
        against=found.against,
        level=level,
        groups={
            name: GroupRates(
                n=group.n,
                selection_rate=figure(group.selection_rate),
                true_positive_rate=figure(group.true_positive_rate),
                false_positive_rate=figure(group.false_positive_rate),
            )
            for name, group in sorted(found.rates.items())
        },
        disparities=tuple(
            Disparity(
                group=name,
                parity_difference=figure(apart.parity_difference),
                impact_ratio=figure(apart.impact_ratio),
                odds_difference=figure(apart.odds_difference),
                unfair=passed.get(name, ()),
            )
            for name, apart in sorted(found.disparity.items())
        ),
    )

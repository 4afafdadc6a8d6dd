"""How much of a change in errors the inputs explain, and who is responsible for the rest."""

from collections.abc import Mapping

from runtime.cells import Cells
from schemas.performance_window import Concept
from services.performance.windows.figures import figure
from services.performance.windows.references import Reference
from stats.outcome import TooFew
from stats.performance.concept import Responsible, concept_change, responsible_segment


def concept(reference: Reference, cells: Cells, dimensions: Mapping[str, Mapping[str, Cells]]) -> Concept | None:
    """The comparison with the reference, int64[size]; None where either side has too few labels with scores.

    `dimensions`: cells of segments by dimension and value. Who is responsible is said only of a change that surely is
    one.
    """
    found = concept_change(reference.layout, reference.cells, cells)
    if isinstance(found, TooFew):
        return None
    change = found.by_concept
    sure = change.low > 0 or change.high < 0
    segment = _responsible(reference, dimensions) if sure else None
    return Concept(
        n=found.n,
        reference=found.reference,
        now=found.now,
        by_inputs=found.by_inputs,
        by_concept=figure(change),
        p_value=None if isinstance(found.p_value, TooFew) else found.p_value,
        worst_class=found.responsible.name if sure else None,
        worst_class_share=found.responsible.share if sure else None,
        worst_segment=segment.name if segment is not None else None,
        worst_segment_share=segment.share if segment is not None else None,
    )


def _responsible(reference: Reference, dimensions: Mapping[str, Mapping[str, Cells]]) -> Responsible | None:
    """The segment with the greatest contribution, over all dimensions of two values or more."""
    found: list[Responsible] = []
    for dimension, values in sorted(dimensions.items()):
        if len(values) < 2:
            continue
        named = {f"{dimension}={value}": cells for value, cells in sorted(values.items())}
        worst = responsible_segment(reference.layout, reference.cells, named)
        if not isinstance(worst, TooFew):
            found.append(worst)
    return max(found, key=lambda one: abs(one.contribution), default=None)

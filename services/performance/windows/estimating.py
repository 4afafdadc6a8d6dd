"""Performance before labels, and what the same estimate is worth where labels have come."""

from collections.abc import Mapping
from typing import Literal

from runtime.cells import Cells
from schemas.performance_window import Estimate, Figure
from services.performance.windows.figures import figures
from services.performance.windows.references import Reference
from stats.outcome import TooFew
from stats.performance.cbpe import cbpe
from stats.performance.dle import ErrorMap, dle
from stats.performance.estimate import Estimate as Expected

_SURELY = 0.001
"""A p-value below it says that answers to like inputs changed: the estimate does not hold."""


def estimate(
    reference: Reference, cells: Cells, now: Mapping[str, Figure], *, p_value: float | None, drifted: bool
) -> Estimate:
    """What is expected of the predictions made, int64[size], beside what labels say of them so far, `now`.

    `drifted`: the concept detector has found a change that has not calmed yet.
    """
    layout, maps = reference.layout, reference.maps
    method: Literal["CBPE", "DLE"] = "DLE" if layout.task == "regression" else "CBPE"
    reliable = not drifted and (p_value is None or p_value >= _SURELY)
    made = int(layout.part(cells, "made"))
    if isinstance(maps, TooFew):
        why_not = f"too few labelled reference rows: {maps.have:,} of {maps.needed:,}"
        return Estimate(method=method, n=made, figures={}, reliable=False, why_not=why_not)
    expected = _expected(reference, cells, "made")
    tested = {name: one for name, one in _expected(reference, cells, "joined").items() if isinstance(one, Expected)}
    return Estimate(
        method=method,
        n=made,
        figures=figures(expected, "predictions"),
        backtest=figures(tested),
        error={
            name: one.value - truth.value
            for name, one in tested.items()
            if (truth := now.get(name)) is not None and truth.value is not None
        },
        reliable=reliable,
    )


def _expected(reference: Reference, cells: Cells, of: Literal["made", "joined"]) -> Mapping[str, Expected | TooFew]:
    layout, maps = reference.layout, reference.maps
    if isinstance(maps, ErrorMap):
        return dle(layout, maps, layout.part(cells, "made_bins" if of == "made" else "bins"))
    assert not isinstance(maps, TooFew)  # noqa: S101  the caller has looked
    return cbpe(layout, maps, cells, of=of)

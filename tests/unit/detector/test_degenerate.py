"""Columns with next to nothing in them give figures, not NaN, and do not disturb the others."""

import numpy as np
import pytest

from stats.detector.detector import Detector, Rule
from stats.detector.multiwindow import MultiWindow
from stats.detector.season import learn
from stats.layout import Layout
from tests.unit.detector.worlds import HOUR_MS, coded, layout_of, numeric, panes_of

pytestmark = pytest.mark.filterwarnings("error")

N_EVENTS = 100
ROWS = {
    "constant": [0, N_EVENTS, 0],
    "never a value": [0, 0, 0, N_EVENTS],
    "no bins": [0, N_EVENTS],
    "no category": [0, 0, N_EVENTS],
    "one category": [N_EVENTS],
    "always true": [0, N_EVENTS],
    "nothing in the reference": [40, 60],
}


def odd_layout() -> Layout:
    return layout_of(
        numeric("constant", [0, 5_000, 0], edges=(0.0, 1.0)),
        numeric("never a value", [0, 0, 0, 5_000], edges=(0.0, 1.0)),
        numeric("no bins", [0, 5_000], edges=()),
        coded("no category", [0, 0, 5_000], width=0),
        coded("one category", [5_000]),
        coded("always true", [0, 5_000], kind="boolean"),
        coded("nothing in the reference", [0, 0]),
    )


@pytest.mark.parametrize("rule", [Detector, MultiWindow])
@pytest.mark.parametrize("with_season", [False, True])
def test_every_figure_is_a_number_and_only_what_changed_is_found(
    rule: type[Detector | MultiWindow], *, with_season: bool
) -> None:
    layout = odd_layout()
    panes = panes_of(layout, np.array(list(ROWS.values()), dtype=object)[np.newaxis].repeat(48, 0))
    season = learn(layout, panes, HOUR_MS) if with_season else None
    judge = rule(layout, season, Rule())
    state = judge.start()
    for i, (start_ms, cells) in enumerate(panes):
        state, evidence, found = judge.step(
            state, start_ms, cells, lambda since, i=i: [pane for pane in panes[: i + 1] if pane[0] >= since]
        )
        assert not np.isnan(evidence).any()
        names = {judge.watched.names[finding.place][1] for finding in found}
        assert names <= {"nothing in the reference"}


def test_a_column_that_never_had_a_value_and_now_has_is_found() -> None:
    layout = layout_of(numeric("x", [0, 0, 0, 5_000], edges=(0.0, 1.0)))
    panes = panes_of(layout, np.array([[[0, 30, 0, 70]]]))
    detector = Detector(layout, None, Rule())
    _, _, (finding,) = detector.step(detector.start(), *panes[0], lambda _: panes)
    assert finding.severity == "page"

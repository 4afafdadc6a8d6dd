"""Policies on drift: by the detector, by a score of enough features, by the concept detector."""

from typing import Any

import pytest

from tests.unit.triggers.conftest import Make
from tests.unit.triggers.labelled import found, pane
from tests.unit.triggers_policies.asked import Service, monitor, policy

NAMES = ("dep_delay", "distance", "carrier", "hour")


def _scored(day: int = 0, psi: dict[str, float | None] | None = None, **changes: Any) -> Any:
    """A day with an adjusted PSI of each feature, most important first; None is too few."""
    columns = {
        name: Make.column(psi_adj=score, outcome="ok" if score is not None else "too_few")
        for name, score in (dict.fromkeys(NAMES, 0.01) | (psi or {})).items()
    }
    return Make.window(day, features=columns, **changes)


def _pane(hour: int, *drifting: str) -> Any:
    """An hour that the detector steps on."""
    columns = dict.fromkeys(NAMES, Make.column())
    return Make.pane(hour, *(Make.finding(f"feature/{name}") for name in drifting), features=columns)


@pytest.mark.parametrize(
    ("asked", "psi", "asks"),
    [
        ({}, {"hour": 0.3}, True),
        ({"top": 3}, {"hour": 0.3}, False),
        ({"top": 3}, {"carrier": 0.3}, True),
        ({"features": 2}, {"carrier": 0.3}, False),
        ({"features": 2}, {"carrier": 0.3, "hour": 0.2}, False),
        ({"features": 2}, {"carrier": 0.3, "hour": 0.21}, True),
        ({"share": 0.5}, {"carrier": 0.3}, False),
        ({"share": 0.5}, {"carrier": 0.3, "hour": 0.3}, True),
        ({"share": 0.5}, {"carrier": 0.3, "hour": None, "distance": None}, True),
        ({"min_count": 1_001}, {"carrier": 0.3}, False),
        ({"window": "1h"}, {"carrier": 0.3}, False),
    ],
)
def test_a_score_asks_when_enough_features_are_beyond(asked: Any, psi: Any, asks: bool) -> None:  # noqa: FBT001  a table's column
    service = Service(monitor(policy("drift", signal="psi_adj", above=0.2, **asked)))
    assert bool(service.see(_scored(psi=psi))) is asks


def test_a_day_that_nothing_can_be_said_of_neither_ends_a_run_nor_adds_to_it() -> None:
    service = Service(monitor(policy("drift", signal="psi_adj", above=0.2, for_windows=2)))
    beyond, unknown = {"hour": 0.3}, dict.fromkeys(NAMES)
    assert service.days(_scored(day, psi) for day, psi in enumerate((beyond, unknown, beyond))) == [2]


def test_scores_name_the_features_and_their_figures_most_important_first() -> None:
    service = Service(monitor(policy("drift", signal="psi_adj", above=0.2, features=2)))
    (request,) = service.see(_scored(psi={"hour": 0.31, "dep_delay": 0.25}))
    assert request.reason == (
        "2 of the 4 most important features drift by adjusted PSI (bound 0.2): dep_delay 0.25, hour 0.31,"
        " over 2013-07-01 00:00 – 2013-07-02 00:00 UTC."
    )


def test_findings_of_different_panes_add_up_while_their_incidents_are_open() -> None:
    service = Service(monitor(policy("drift", features=2)))
    panes = [_pane(0, "dep_delay"), _pane(1, "carrier"), _pane(2)]
    assert service.days(panes) == [1]
    assert service.requests[0].reason == (
        "2 of the 4 most important features drift by the detector: dep_delay, carrier,"
        " over 2013-07-01 01:00 – 2013-07-01 02:00 UTC."
    )


def test_an_incident_that_is_resolved_counts_no_more() -> None:
    service = Service(monitor(policy("drift", features=2)))
    assert service.days([_pane(0, "dep_delay"), _pane(1), _pane(2), _pane(3, "carrier")]) == []


def test_windows_that_the_detector_takes_no_step_on_do_not_count() -> None:
    service = Service(monitor(policy("drift", for_windows=2)))
    unstepped = _pane(1, "dep_delay").model_copy(update={"detection": None})
    assert service.days([_pane(0, "dep_delay"), unstepped]) == []
    assert service.see(_pane(2))


def test_prediction_and_volume_are_no_features() -> None:
    service = Service(monitor(policy("drift")))
    seen = Make.pane(0, Make.finding("prediction/prediction"), Make.finding("model/volume", what="volume"))
    assert service.see(seen) == []


def test_the_concept_detector_asks_from_its_finding_until_it_is_quiet() -> None:
    service = Service(monitor(policy("drift", signal="concept", cooldown="1h")))
    assert service.days([pane(0), pane(1, found()), pane(2), pane(3), pane(4)]) == [1, 2]
    request = service.requests[0]
    assert request.kind == "drift"
    assert request.reason == "Errors rose from 21 % to 38 % since 2013-07-01 00:00 UTC, by the concept detector."

"""The demo's last words on a candidate name what can be done about it."""

from pathlib import Path

import pytest

from driftline.demo.candidates import what_to_do
from driftline.demo.retraining import Retraining
from schemas.model_event import ModelEvent


@pytest.mark.parametrize(
    ("kept", "told"), [(True, "`driftline approve v2 --data-dir here` or `driftline reject v2"), (False, "With --keep")]
)
def test_a_candidate_can_be_decided_on_while_services_run(*, kept: bool, told: str) -> None:
    known = Retraining()
    known.take_event(
        ModelEvent(run_id="r", model="m", version="v2", step="candidate", time_ms=1_362_000_000_000).to_json()
    )
    (sentence,) = what_to_do(known, Path("here"), kept=kept)
    assert "`driftline approvals v2 --data-dir here`" in sentence
    assert told in sentence

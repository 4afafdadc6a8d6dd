"""`services.performance join` on a real broker: a store is rebuilt by the monitors that held when pairs were made."""

import shutil
from pathlib import Path

from runtime.settings import KafkaSettings
from schemas.plan_change import PlanChange
from services.performance.layouts import layout_of
from tests.chaos.harness import read
from tests.integration.drift.services import apply, running, wait_for
from tests.integration.performance.test_join_service import accounts, outcomes, produce
from tests.performance_stream import HOUR_MS, MONITORS, T0, label, prediction, summed
from tests.unit.performance_join.oracle import expected

EVENTS = 60
MONITOR = MONITORS["binary"]


def test_corrections_find_the_segments_of_before_the_change_and_the_loss(
    settings: KafkaSettings, tmp_path: Path
) -> None:
    """And predictions of after it are in the new ones."""
    layout = layout_of(None, MONITOR)
    assert layout is not None
    old = [prediction(number, T0) for number in range(EVENTS)]
    labels = [label(number, T0, "stay") for number in range(EVENTS)]
    corrected = [label(number, T0 + HOUR_MS, "leave") for number in range(EVENTS)]
    new = [prediction(EVENTS + number, T0) for number in range(EVENTS)]

    def told(topic: str, events: int) -> bool:
        return sum(account.events - account.moved for account in accounts(settings, topic)) == events

    apply(settings, "monitors", "binary", MONITOR)
    with running(settings, tmp_path, "join:0", service="services.performance") as first:
        produce(settings, "predictions", old)
        produce(settings, "labels", labels)
        wait_for(lambda: told("labels", EVENTS) and told("predictions", EVENTS), first)
    shutil.rmtree(tmp_path / "join:0" / "join")
    apply(settings, "monitors", "binary", MONITOR.model_copy(update={"segments": ("desk",)}))
    with running(settings, tmp_path, "join:0", service="services.performance") as second:
        produce(settings, "predictions", new)
        produce(settings, "labels", corrected)
        wait_for(lambda: told("labels", 2 * EVENTS) and told("predictions", 2 * EVENTS), second)

    found = summed(outcomes(settings))
    made_later = {place: counted for place, counted in found.items() if place[3] == "desk=7"}
    assert {n for n, _ in made_later.values()} == {0}, "predictions without labels"
    before = expected(old, [*labels, *corrected], {"binary": layout})
    regions = {place: counted for place, counted in before.items() if place[3].startswith("region=")}
    assert {place: found[place] for place in regions} == regions
    assert {place for place in found if place[3].startswith("region=")} == regions.keys()
    changes = [PlanChange.model_validate_json(value) for _, _, value in read(settings, "plans")]
    assert {change.monitors for change in changes} == {1, 2}

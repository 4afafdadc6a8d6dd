"""Every bad payload reaches `dead-letters` with its reason and its bytes, and its neighbours are counted."""

from pathlib import Path

import numpy as np
from confluent_kafka import Producer

from driftline import accounts
from driftline.audit import audit
from runtime.clock import SystemClock
from runtime.settings import KafkaSettings
from schemas.baseline import Baseline
from schemas.dead_letter import PAYLOAD_CAP_BYTES, DeadLetter
from schemas.monitor import Monitor
from services.drift.reference import columns_of
from stats.baseline import Reference, build_column
from tests.chaos.harness import read
from tests.integration.drift.services import apply, ledger, running, wait_for
from tests.unit.decode.bad_predictions import BAD
from tests.unit.decode.events import encoded, event

GOOD = 3
"""Good events after each bad one."""


def churn() -> Baseline:
    """Of the model that the payloads speak of."""
    rng = np.random.default_rng(4)
    plans = [str(p) for p in rng.choice(["basic", "plus"], 1_000)]
    stays = [str(p) for p in rng.choice(["stay", "leave"], 1_000)]
    reference = Reference(
        (
            build_column("age", "feature", "numeric", rng.normal(40, 10, 1_000)),
            build_column("income", "feature", "numeric", rng.normal(50_000, 9_000, 1_000)),
            build_column("plan", "feature", "categorical", plans),
            build_column("active", "feature", "boolean", [bool(b) for b in rng.integers(0, 2, 1_000)]),
            build_column("prediction", "prediction", "categorical", stays),
            build_column("score", "score", "numeric", rng.random(1_000)),
        )
    )
    columns = columns_of(reference)
    return Baseline(model="churn", version="1", digest=reference.digest, rows=1_000, columns=columns)


def test_bad_payloads_are_dead_letters_and_good_neighbours_count(settings: KafkaSettings, tmp_path: Path) -> None:
    apply(settings, "monitors", "churn", Monitor(model="churn", classes=("stay", "leave", "1")))
    apply(settings, "baselines", "churn/1", churn())
    producer = Producer(settings.client(**{"message.max.bytes": 8_000_000}))
    topic = settings.topic("predictions")
    expected: dict[int, tuple[str, str, bytes | None]] = {}
    for bad in BAD:
        value = bad.value
        if bad.reason == "FUTURE":  # ahead of the time the broker stamps
            value = encoded(event(time_ms=SystemClock().wall_ms() + 3_600_000))
        expected[len(expected) * (GOOD + 1)] = (bad.name, bad.reason, value)
        producer.produce(topic, value, bad.key, partition=0)
        for _ in range(GOOD):
            producer.produce(topic, encoded(event()), b"p-1", partition=0)
    assert producer.flush(30) == 0
    total = len(BAD) * (GOOD + 1)
    assert len(BAD) >= 50
    with running(settings, tmp_path, "fold") as fold:
        wait_for(lambda: sum(account.events for account in ledger(settings)) >= total, fold)
    assert sum(account.counted.get("churn", 0) for account in ledger(settings)) == len(BAD) * GOOD
    letters = [DeadLetter.model_validate_json(value) for _, _, value in read(settings, "dead-letters")]
    found = {letter.offset: letter for letter in letters}
    assert len(letters) == len(found) == len(BAD)
    wrong = [
        (name, reason, found[offset].reason)
        for offset, (name, reason, _) in expected.items()
        if found[offset].reason != reason
    ]
    assert not wrong
    for offset, (name, _, value) in expected.items():
        assert found[offset].payload == (value or b"")[:PAYLOAD_CAP_BYTES], name
        assert found[offset].payload_size == len(value or b""), name
    checks = {check.name: check.outcome for check in audit(accounts.read(settings)).checks}
    assert checks == dict.fromkeys(checks, "balanced") | {"windows": "pending"}

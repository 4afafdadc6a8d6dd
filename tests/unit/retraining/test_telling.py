"""What goes back to Kafka fits in a record, whatever came from it."""

import base64
import random
from pathlib import Path

from runtime.clock import ManualClock
from runtime.log.memory import MemoryMessage
from runtime.log.protocol import Batch
from runtime.metrics import Metrics
from runtime.registry import Registry, Stamp, advance_run, record_gate, run_view
from schemas.base import SourceRange
from schemas.dead_letter import DeadLetter
from schemas.model_event import GateResult
from schemas.topics import TOPICS
from services.retraining.announcing import RESULTS, event_of
from services.retraining.exchange import Exchange
from services.retraining.intake import take
from services.retraining.naming import folder_of, version_of
from tests.unit.retraining.conftest import T0, request

STAMP = Stamp("retraining", T0)
NOISE = random.Random(0).randbytes(500_000)
"""Nothing that compression makes smaller."""


def result(number: int) -> GateResult:
    """The last of 6,000 rules fails."""
    detail = f"{number} " + "cannot be judged, too few rows " * 10
    return GateResult(
        gate="data", rule=f"r{number}", feature="é" * 256, passed=number < 5_999, value=0.5, bound=1.0, detail=detail
    )


def test_the_event_of_a_wide_models_gate_tells_failures_and_fits_in_a_record(registry: Registry) -> None:
    """One that did not would end the service, again and again."""
    with registry.writing() as session:
        take(session, STAMP, request())
        record_gate(session, STAMP, "a" * 32, "data", [result(number) for number in range(6_000)])
        advance_run(session, STAMP, "a" * 32, "data_gate", "why " * 100_000)
        event = event_of(run_view(session, "a" * 32), "data_gate", T0, "why " * 100_000)
    assert len(event.to_json()) < TOPICS["model.events"].max_message_bytes / 2
    assert len(event.gates) == RESULTS
    assert [one.rule for one in event.gates if not one.passed] == ["r5999"]


def test_the_letter_of_a_record_with_an_endless_field_name_and_key_fits_in_a_record(registry: Registry) -> None:
    value = b'{"%s": 1}' % base64.b64encode(NOISE)
    message = MemoryMessage(value, key=NOISE, topic="approvals")
    ranges = {
        place: SourceRange(topic=topic, topic_id=topic, partition=0, partitions=1, start=0, end=place)
        for place, topic in enumerate(("retraining.requests", "approvals"))
    }
    exchange = Exchange(registry, ManualClock(), Metrics("retraining"), partitions=1)
    (record,) = exchange.handle(Batch([message], ranges, frozenset()), T0)
    letter = DeadLetter.model_validate_json(record.value)
    assert len(record.value) < TOPICS["dead-letters"].max_message_bytes / 2
    assert (letter.topic, letter.reason, letter.payload_size) == ("approvals", "SCHEMA", len(value))


def test_a_run_whose_id_is_no_file_name_has_a_folder_and_a_version_all_the_same() -> None:
    """Ids are hashes, but anybody can write a request."""
    names = ("../../etc", "é" * 256, "manual-1", "manual-2")
    folders = {folder_of(name) for name in names}
    assert len(folders) == len({version_of(name, T0) for name in names}) == len(names)
    assert all(len(Path(folder).parts) == 1 and folder.isalnum() for folder in folders)
    assert folder_of("a" * 32) == "a" * 32

"""Partials of a torn transaction are found again in their topic."""

from confluent_kafka import Producer

from runtime.settings import KafkaSettings
from runtime.windows.history import KafkaHistory
from schemas.outcome import Outcome
from tests.unit.windows.outcomes import mark, outcome


def test_only_what_overlaps_and_came_before_is_read_back(settings: KafkaSettings) -> None:
    """Both series of the model; no marks, no other model, nothing from the offset at hand on."""
    records = [
        (b"m", outcome("prediction_time", 0, 10, (0, 1))),
        (b"mark", mark(0, 10)),
        (b"m", outcome("prediction_time", 10, 20, (0, 2))),
        (b"m", outcome("label_time", 10, 20, (0, 2))),
        (b"n", outcome("label_time", 10, 20, (0, 2)).model_copy(update={"model": "n"})),
        (b"m", outcome("prediction_time", 10, 25, (0, 3))),
    ]
    producer = Producer(settings.client())
    for key, record in records:
        producer.produce(settings.topic("outcomes"), record.to_json(), key, partition=1)
    assert producer.flush(30) == 0
    history = KafkaHistory(settings, "outcomes", Outcome)
    assert list(history(1, 5, "m", "P+L/0", 10)) == [records[2][1], records[3][1]]
    assert list(history(1, 2, "m", "P+L/0", 10)) == []
    assert list(history(0, 5, "m", "P+L/0", 10)) == []

"""What a long life of short looks at Kafka leaves behind."""

import gc

import psutil

from runtime.admin import start_offsets
from runtime.settings import KafkaSettings


def test_looking_at_offsets_leaves_no_threads_while_the_collector_rests(settings: KafkaSettings) -> None:
    """The hot loop keeps it at rest: clients in a cycle would pile up until no thread can be started."""
    gc.collect()
    gc.disable()
    try:
        start_offsets(settings, ["predictions"])
        before = psutil.Process().num_threads()
        for _ in range(5):
            start_offsets(settings, ["predictions"])
        assert psutil.Process().num_threads() < before + 5
    finally:
        gc.enable()

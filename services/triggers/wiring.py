"""The one place where the triggers service is put together."""

from typing import NoReturn

from runtime.admin import describe
from runtime.clock import SystemClock
from runtime.errors import OperatorError
from runtime.faust.halt import halt
from runtime.faust.projection import Projection
from runtime.faust_app import run
from runtime.follower import Follower
from runtime.process import instrumented
from runtime.settings import KafkaSettings
from schemas.monitor import Monitor
from schemas.retraining import RetrainingSnooze
from services.triggers.agents import REQUESTS, judging
from services.triggers.settings import TriggersSettings
from services.triggers.telling import telling

SERVICE = "triggers"


def main() -> NoReturn:
    """Runs the service until it is told to stop, or cannot go on."""
    clock, settings = SystemClock(), TriggersSettings()
    with instrumented(SERVICE, settings, clock) as instruments:
        try:
            kafka = KafkaSettings()
            topics = describe(kafka, ["alerts", REQUESTS])
            monitors = Follower(kafka, "monitors", Monitor, clock)
            snoozes = Follower(kafka, "retraining.controls", RetrainingSnooze, clock)
            monitors.wait_caught_up(settings.catch_up_s)
            snoozes.wait_caught_up(settings.catch_up_s)
        except OperatorError as error:
            halt(error.what, error.next_step)
        partitions = {name: topic.partitions for name, topic in topics.items()}
        projection = Projection(
            service=SERVICE,
            source="windows",
            handle=judging(monitors, snoozes, partitions, telling(instruments.metrics)),
            data_dir=settings.data_dir / SERVICE,
            slot=settings.slot,
        )
        run(projection, kafka, instruments)

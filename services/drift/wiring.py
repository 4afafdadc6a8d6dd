"""The one place where the drift service is put together."""

from collections.abc import Callable, Mapping
from typing import NoReturn

from runtime import hot_loop
from runtime.admin import describe
from runtime.clock import Clock, SystemClock
from runtime.decode.arrow_memory import keep_freed_memory
from runtime.errors import OperatorError
from runtime.faust.halt import halt
from runtime.faust.projection import Projection
from runtime.faust_app import run
from runtime.follower import Follower
from runtime.log.kafka import KafkaLog
from runtime.log.protocol import Batch, OutRecord
from runtime.process import instrumented
from runtime.settings import KafkaSettings
from runtime.watched import Watched
from runtime.windows.history import KafkaHistory
from schemas.baseline import Baseline
from schemas.monitor import Monitor
from schemas.profile import Profile
from services.drift.fold.handler import FoldHandler
from services.drift.fold.measuring import FoldMeter
from services.drift.settings import DriftSettings
from services.drift.windows.handler import WindowsHandler
from services.drift.windows.publishing import Publisher
from stats.fold import warm

CATCH_UP_S = 60.0


def watch(kafka: KafkaSettings, clock: Clock) -> Watched:
    """What was applied, read to the end before the first event. Raises OperatorError when that takes too long."""
    monitors = Follower(kafka, "monitors", Monitor, clock)
    baselines = Follower(kafka, "baselines", Baseline, clock)
    for follower in (monitors, baselines):
        follower.wait_caught_up(CATCH_UP_S)
    return Watched(monitors, baselines, clock)


def fold(observe: Callable[[hot_loop.Step], None] = lambda _: None) -> int:
    """Runs the hot tier until it is told to stop, or cannot go on; returns the exit code. `observe` sees every turn."""
    keep_freed_memory()
    clock, settings = SystemClock(), DriftSettings()
    with instrumented("drift-fold", settings, clock) as instruments:
        stop = hot_loop.stop_on_signals()
        warm()
        try:
            kafka = KafkaSettings()
            handler = FoldHandler(watch(kafka, clock), describe(kafka, ["profiles"])["profiles"].partitions)
            log = KafkaLog(kafka, "drift-fold", settings.slot, "predictions", clock=clock)
        except OperatorError as error:
            halt(error.what, error.next_step)
        meter = FoldMeter(instruments, log.lag)

        def folded(batch: Batch, wall_ms: int) -> list[OutRecord]:
            records = handler.fold(batch, wall_ms)
            meter.note(records)
            return records

        def observed(step: hot_loop.Step) -> None:
            meter.observe(step)
            observe(step)

        pace = hot_loop.Pace(max_records=settings.batch_records, linger_s=settings.batch_wait_s)
        return hot_loop.run(log, folded, stop, clock, pace=pace, observe=observed)


def windows() -> NoReturn:
    """Runs the control tier until it is told to stop, or cannot go on."""
    clock, settings = SystemClock(), DriftSettings()
    with instrumented("drift-windows", settings, clock) as instruments:
        try:
            kafka = KafkaSettings()
            watched = watch(kafka, clock)
            publisher = Publisher(watched, describe(kafka, ["windows"])["windows"].partitions, instruments.metrics)
        except OperatorError as error:
            halt(error.what, error.next_step)
        handler = WindowsHandler(watched, publisher, KafkaHistory(kafka, "profiles", Profile), instruments.metrics)
        projection = Projection(
            service="drift-windows",
            source="profiles",
            handle=handler.handle,
            data_dir=settings.data_dir / "drift-windows",
            slot=settings.slot,
        )
        run(projection, kafka, instruments)


PROCESSES: Mapping[str, Callable[[], int]] = {"fold": fold, "windows": windows}

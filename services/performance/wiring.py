"""The one place where the performance service is put together."""

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
from runtime.log.replay import KafkaReplay
from runtime.process import instrumented
from runtime.settings import KafkaSettings
from runtime.watched import Watched
from runtime.windows.history import KafkaHistory
from schemas.baseline import Baseline
from schemas.monitor import Monitor
from schemas.outcome import Outcome
from services.performance.join.halves import TOPICS
from services.performance.join.handler import JoinHandler
from services.performance.join.measuring import JoinMeter
from services.performance.join.plans import Plans
from services.performance.join.stores import Stores
from services.performance.settings import PerformanceSettings
from services.performance.windows.handler import SERVICE, WindowsHandler
from services.performance.windows.publishing import Publisher

CATCH_UP_S = 60.0


def follow(kafka: KafkaSettings, clock: Clock) -> tuple[Follower[Monitor], Follower[Baseline]]:
    """What was applied, read to the end before the first event. Raises OperatorError when that takes too long."""
    monitors = Follower(kafka, "monitors", Monitor, clock)
    baselines = Follower(kafka, "baselines", Baseline, clock)
    for follower in (monitors, baselines):
        follower.wait_caught_up(CATCH_UP_S)
    return monitors, baselines


def join(observe: Callable[[hot_loop.Step], None] = lambda _: None) -> int:
    """Runs the hot tier until it is told to stop, or cannot go on; returns the exit code. `observe` sees every turn."""
    keep_freed_memory()
    clock, settings = SystemClock(), PerformanceSettings()
    with instrumented("performance-join", settings, clock) as instruments:
        stop = hot_loop.stop_on_signals()
        meter = JoinMeter(instruments, clock)
        try:
            kafka = KafkaSettings()
            plans = Plans(*follow(kafka, clock), clock)
            stores = Stores(
                settings.data_dir / "join",
                plans,
                KafkaReplay(kafka, clock),
                clock,
                waiting_limit=settings.waiting_labels,
                on_replay=meter.replayed,
            )
            handler = JoinHandler(plans, stores, describe(kafka, ["outcomes"])["outcomes"].partitions, meter.note)
            log = KafkaLog(kafka, "performance-join", settings.slot, TOPICS, clock=clock)
        except OperatorError as error:
            halt(error.what, error.next_step)

        def joined(batch: Batch, wall_ms: int) -> list[OutRecord]:
            records = handler.join(batch, wall_ms)
            meter.joined(records)
            return records

        def observed(step: hot_loop.Step) -> None:
            handler.settle(step.outcome)
            meter.observe(step, log.lag, stores.open)
            observe(step)

        pace = hot_loop.Pace(max_records=settings.batch_records, linger_s=settings.batch_wait_s)
        try:
            return hot_loop.run(log, joined, stop, clock, pace=pace, observe=observed)
        except OperatorError as error:
            halt(error.what, error.next_step)
        finally:
            stores.close()


def windows() -> NoReturn:
    """Runs the control tier until it is told to stop, or cannot go on."""
    clock, settings = SystemClock(), PerformanceSettings()
    with instrumented(SERVICE, settings, clock) as instruments:
        try:
            kafka = KafkaSettings()
            watched = Watched(*follow(kafka, clock), clock)
            partitions = describe(kafka, ["windows"])["windows"].partitions
        except OperatorError as error:
            halt(error.what, error.next_step)
        publisher = Publisher(watched, clock, partitions, instruments.metrics)
        history = KafkaHistory(kafka, "outcomes", Outcome)
        handler = WindowsHandler(watched, publisher, history, instruments.metrics)
        projection = Projection(
            service=SERVICE,
            source="outcomes",
            handle=handler.handle,
            data_dir=settings.data_dir / SERVICE,
            slot=settings.slot,
        )
        run(projection, kafka, instruments)


PROCESSES: Mapping[str, Callable[[], int]] = {"join": join, "windows": windows}

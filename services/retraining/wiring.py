"""The one place where the retraining service is put together."""

from functools import partial
from queue import Empty, SimpleQueue
from threading import Event, Thread

from runtime import hot_loop
from runtime.admin import describe
from runtime.clock import SystemClock
from runtime.errors import OperatorError
from runtime.faust.halt import halt
from runtime.follower import Follower
from runtime.log.kafka import KafkaLog
from runtime.log.partitioning import partition_of
from runtime.process import instrumented
from runtime.registry import Registry, RegistrySettings
from runtime.registry.lineage import models
from runtime.settings import KafkaSettings
from runtime.watched import Watched
from schemas.baseline import Baseline
from schemas.monitor import Monitor
from services.retraining.backends.local import LocalBackend
from services.retraining.exchange import SERVICE, TOPICS, Exchange
from services.retraining.mirroring import Mirror
from services.retraining.settings import RetrainingSettings
from services.retraining.stages.stage import Bench
from services.retraining.worker import Worker

_PACE = hot_loop.Pace(max_records=100, linger_s=0.2, heartbeat_s=0.5)
"""Requests are few; what was done is told at the next heartbeat."""

_MIRROR_S = 5.0
"""How often what could not be mirrored is looked at; the mirror itself rests longer where MLflow is away."""


def main() -> int:
    """Runs the service until it is told to stop, or cannot go on; returns the exit code."""
    clock, settings = SystemClock(), RetrainingSettings()
    with instrumented(SERVICE, settings, clock) as instruments:
        stop, wake = hot_loop.stop_on_signals(), Event()
        try:
            kafka = KafkaSettings()
            topics = describe(kafka, [*TOPICS, "model.events", "baselines"])
            registry = Registry.opened(RegistrySettings.under(settings.data_dir))
            monitors = Follower(kafka, "monitors", Monitor, clock)
            baselines = Follower(kafka, "baselines", Baseline, clock)
            for follower in (monitors, baselines):
                follower.wait_caught_up(settings.catch_up_s)
            mirror = Mirror(settings.mlflow_uri.get_secret_value(), registry, clock)
            log = KafkaLog(kafka, SERVICE, settings.slot, TOPICS, clock=clock)
        except OperatorError as error:
            halt(error.what, error.next_step)
        partitions = topics["model.events"].partitions
        changed: SimpleQueue[str] = SimpleQueue()
        exchange = Exchange(
            registry, clock, instruments.metrics, partitions=partitions, wake=wake.set, changed=changed.put
        )
        work = settings.data_dir / "runs"
        backend = LocalBackend(clock, at_once=settings.jobs)
        bench = Bench(kafka, registry, Watched(monitors, baselines, clock), backend, work, clock, settings.code_version)
        requests = topics[TOPICS[0]].partitions
        worker = Worker(bench, lambda model: partition_of(model.encode(), requests) in exchange.owned)
        threads = (
            Thread(target=partial(_work, worker, stop, wake, settings.poll_s), name="worker", daemon=True),
            Thread(target=partial(_mirror, mirror, registry, changed, stop), name="mirror", daemon=True),
        )

        def observed(turn: hot_loop.Step) -> None:
            instruments.health.beat()
            instruments.health.ready()
            exchange.settle(turn)

        for thread in threads:
            thread.start()
        try:
            return hot_loop.run(log, exchange.handle, stop, clock, pace=_PACE, observe=observed)
        except OperatorError as error:
            halt(error.what, error.next_step)
        finally:
            stop.set()
            wake.set()
            backend.close()


def _work(worker: Worker, stop: Event, wake: Event, poll_s: float) -> None:
    """Works until told to stop. Whatever ends it ends the process: the supervisor starts it anew."""
    try:
        worker.sweep()
        while not stop.is_set():
            if not worker.turn():
                wake.wait(poll_s)
                wake.clear()
    except OperatorError as error:
        halt(error.what, error.next_step)
    except Exception as error:  # noqa: BLE001  a thread that died silently would leave the service idle for ever
        halt(f"a stage raised {type(error).__name__}: {error}", "see the log above; the run goes on where it stood")


def _mirror(mirror: Mirror, registry: Registry, changed: "SimpleQueue[str]", stop: Event) -> None:
    """Follows the registry. Nothing waits for it, and it raises nothing."""
    with registry.reading() as session:
        known = models(session)
    mirror.reflect(*known)
    while not stop.is_set():
        try:
            mirror.reflect(changed.get(timeout=_MIRROR_S))
        except Empty:
            mirror.reflect()

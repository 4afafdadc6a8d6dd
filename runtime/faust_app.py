"""Runs a keyed projection as a process: `run(Projection(...), KafkaSettings())` is a service's whole main."""

import asyncio
import logging
import signal
import warnings
from collections.abc import Callable, Mapping
from typing import NoReturn

import structlog

from runtime.clock import SystemClock
from runtime.errors import OperatorError
from runtime.faust.app import LEASE_S, ControlApp, control_app
from runtime.faust.halt import halt, leave
from runtime.faust.projection import BadRecord, Projection
from runtime.faust.topics import EndOffsets, prepare
from runtime.faust.watchdog import Lease, Progress, StallDetector, Watchdog
from runtime.process import Instruments
from runtime.settings import KafkaSettings

_log = structlog.get_logger(__name__)
_QUIET = {
    "faust": logging.WARNING,
    "mode": logging.WARNING,
    "aiokafka": logging.ERROR,
    "runtime.faust": logging.WARNING,
}
"""Below, they tell of their inner life; services log under the module their class is in."""
COMMIT_TIMEOUT_S = 10.0


def run(projection: Projection, settings: KafkaSettings, instruments: Instruments | None = None) -> NoReturn:
    """Runs until SIGTERM or SIGINT (exit status 0), or until going on would lose or repeat something (70).

    With `instruments`, health follows the watchdog's looks and readiness the partitions'.
    """
    for name, level in _QUIET.items():
        logging.getLogger(name).setLevel(level)
    warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"(faust|mode|aiokafka)\b")
    try:
        asyncio.run(_main(projection, settings, instruments))
    except OperatorError as error:
        halt(error.what, error.next_step)
    except Exception as error:  # noqa: BLE001  Faust raises what stopped it
        halt(f"{projection.service} did not start: {error!r}", "read the traceback")
    halt(f"{projection.service} ended by itself", "read the log above")


async def _main(projection: Projection, settings: KafkaSettings, instruments: Instruments | None) -> None:
    clock = SystemClock()
    partitions = prepare(projection, settings, clock)
    lease = Lease(clock, LEASE_S)
    app = control_app(projection, settings, partitions, lease, _counting(instruments))
    stopping: list[asyncio.Task[None]] = []

    def stop() -> None:
        if not stopping:
            stopping.append(asyncio.create_task(_stop(app)))

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    ends = EndOffsets(settings, app.source, partitions, clock)
    tell = _telling(app, projection, instruments)
    stalls = StallDetector(projection.stall_s)
    Watchdog(clock, lease, stalls, look=lambda: app.progress(ends.now()), on_alive=tell).start()
    await app.start()
    _log.info("ready", rows=app.store.count())
    await app.wait_until_stopped()


async def _stop(app: ControlApp) -> None:
    """Ends in order: the event under way is finished and committed; as a static member it keeps its partitions."""
    if app.assigned:
        await app.shell.pause()
        try:
            async with asyncio.timeout(COMMIT_TIMEOUT_S):
                for _ in range(2):  # the first may only wait for one that began before
                    await app.consumer.commit()
        except TimeoutError:
            _log.warning("not_committed", next_step="nothing: the last events come again, and rows know them")
    _log.info("stopped", events=app.shell.events)
    leave(0)


def _counting(instruments: Instruments | None) -> Callable[[BadRecord], None]:
    def count(bad: BadRecord) -> None:
        if instruments is not None:
            instruments.metrics.count("driftline_dead_letters_total", model=bad.model or "", reason=bad.reason)

    return count


def _telling(
    app: ControlApp, projection: Projection, instruments: Instruments | None
) -> Callable[[Mapping[int, Progress]], None]:
    """What the watchdog's every look is told to metrics and health; runs in its thread."""
    told = 0

    def tell(progress: Mapping[int, Progress]) -> None:
        nonlocal told
        if instruments is None:
            return
        metrics, health = instruments.metrics, instruments.health
        events = app.shell.events
        metrics.count("driftline_records_total", events - told)
        told = events
        metrics.set("driftline_rows", app.store.count())
        for partition, found in progress.items():
            metrics.set("driftline_lag_records", found.lag, topic=projection.source, partition=str(partition))
        health.beat()
        if app.started and not app.rebalancing:
            health.ready()
        else:
            health.wait_for("its partitions and their rows")

    return tell

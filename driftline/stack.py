"""Kafka, the topics and the services as one thing that is started and stopped."""

import gc
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from driftline import connection
from driftline.connection import RunState
from driftline.processes import Process, processes
from driftline.readiness import is_ready
from runtime.admin import create_topics
from runtime.broker import EmbeddedKafka
from runtime.clock import Clock
from runtime.registry import RegistrySettings
from runtime.settings import KafkaSettings
from runtime.supervisor import Event, ProcessSpec, Supervisor

Say = Callable[[str], None]
"""Takes a sentence for the operator."""
_READY_POLL_S = 0.2


class Stack:
    """Started in two steps, so that there is a Kafka to apply monitors to before services read their first event.

    As a context manager it stops everything it started, whatever happened; nothing outlives this process either way.
    """

    def __init__(
        self, data_dir: Path, clock: Clock, *, port: int = 0, workers: int = 1, say: Say = lambda _: None
    ) -> None:
        """`say` hears what differs in topics, and what happens to services; from any thread."""
        self.data_dir = data_dir
        self.processes: list[Process] = []
        self.failure: str | None = None
        """The service that ends again and again, with the end of its log."""
        self.note = ""
        """What the operator should know now: the last thing that went wrong."""
        self._clock = clock
        self._port = port
        self._workers = workers
        self._say = say
        self._kafka: EmbeddedKafka | None = None
        self._settings: KafkaSettings | None = None
        self._supervisor: Supervisor | None = None

    @property
    def settings(self) -> KafkaSettings:
        """How to reach the Kafka; raises RuntimeError before `start_kafka`."""
        if self._settings is None:
            raise RuntimeError("call start_kafka first")
        return self._settings

    @property
    def kafka_log(self) -> Path | None:
        """The broker's log; None for a Kafka that was not started here."""
        return self._kafka.log_path if self._kafka else None

    def start_kafka(self, progress: Say) -> None:
        """Starts a broker, or takes the one KAFKA_BOOTSTRAP_SERVERS names, and makes the topics that are missing.

        Blocks until it answers; the first time ever it fetches Apache Kafka, and says so by `progress`. Raises
        OperatorError when it cannot be had.
        """
        if os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
            self._settings = connection.from_environment()
        else:
            self._kafka = EmbeddedKafka(
                self.data_dir / "kafka",
                self._port,
                progress=lambda jar, there, needed: progress(f"fetching it, once: {there} of {needed} ({jar})"),
                clock=self._clock,
            )
            self._kafka.start()
            self._kafka.wait_ready()
            self._settings = connection.from_environment(
                bootstrap_servers=self._kafka.bootstrap_servers, security_protocol="PLAINTEXT"
            )
        for difference in create_topics(self._settings, clock=self._clock):
            self._say(str(difference))

    def start_services(self) -> None:
        """Starts every service and writes the state file that other commands look for."""
        shared = self.settings.environment() | RegistrySettings.under(self.data_dir).environment()
        self.processes = processes(self.data_dir, self._workers, shared)
        self._supervisor = Supervisor(
            [ProcessSpec(p.name, p.argv, Path(p.state.log), env=p.environment) for p in self.processes],
            self._clock,
            self._heard,
        )
        for process in self.processes:
            Path(process.environment["DRIFTLINE_DATA_DIR"]).mkdir(parents=True, exist_ok=True)
        self._supervisor.start()
        connection.write_state(
            self.data_dir,
            RunState(
                pid=os.getpid(),
                bootstrap_servers=self.settings.bootstrap_servers,
                topic_prefix=self.settings.topic_prefix,
                services={p.name: p.state for p in self.processes},
            ),
        )

    def wait_ready(self, timeout_s: float = 60.0) -> bool:
        """Waits until every service serves its purpose, one has failed, or time is up; returns whether all do."""
        until_s = self._clock.monotonic() + timeout_s
        starting = [process.state.metrics for process in self.processes if process.state.metrics]
        while starting and self.failure is None and self._clock.monotonic() < until_s:
            starting = [address for address in starting if not is_ready(address)]
            if starting:
                self._clock.sleep(_READY_POLL_S)
        return not starting

    def stop(self) -> None:
        """Stops services, then Kafka. Safe at any time, and more than once."""
        connection.remove_state(self.data_dir)
        if self._supervisor is not None:
            self._supervisor.stop()
        if self._kafka is not None:
            gc.collect()  # admin clients that still wait for it would complain that Kafka is gone
            self._kafka.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _heard(self, event: Event) -> None:
        sentence = str(event)
        self.note = sentence.splitlines()[0] if event.kind in ("exited", "crash_loop") else ""
        if event.kind == "crash_loop":
            self.failure = sentence
        self._say(sentence)

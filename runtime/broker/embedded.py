"""A real Apache Kafka on this machine, without Docker: for `driftline up`, tests and benchmarks."""

import base64
import fcntl
import os
import signal
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from runtime.broker.archive import ClassArchive
from runtime.broker.jars import Progress, class_path
from runtime.broker.java import find_java
from runtime.broker.ports import HOST, free_port
from runtime.broker.properties import server_properties, write_properties
from runtime.child import spawn
from runtime.clock import Clock, SystemClock
from runtime.errors import OperatorError
from runtime.settings import KafkaSettings

_READY_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 30.0  # the first time it also writes the class archive
_LOG_LINES = 20
_LOG_OPTIONS = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
)


class EmbeddedKafka:
    """One broker on one data directory; it dies with this process, however that ends.

    As a context manager it starts, waits until clients can connect, and stops. Started again on the same
    directory it keeps its data, and started again as the same object its port.
    """

    def __init__(
        self,
        data_dir: Path,
        port: int = 0,
        *,
        heap_mb: int = 256,
        properties: Mapping[str, str] | None = None,
        login: Mapping[str, Any] | None = None,
        progress: Progress | None = None,
        clock: Clock | None = None,
    ) -> None:
        """`port` 0 takes a free one; `properties` are set on top of those of `properties.py`.

        Where they ask for a login, `login` has the fields of KafkaSettings that clients need for it.
        """
        self.data_dir = data_dir.resolve()
        self.port = port or free_port()
        self._heap_mb = heap_mb
        self._properties = dict(properties or {})
        self._login = dict(login or {"security_protocol": "PLAINTEXT"})
        self._progress = progress
        self._clock = clock or SystemClock()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None
        self._archive: ClassArchive

    @property
    def bootstrap_servers(self) -> str:
        """host:port for clients."""
        return f"{HOST}:{self.port}"

    @property
    def log_path(self) -> Path:
        """The broker's own log."""
        return self.data_dir / "broker.log"

    @property
    def pid(self) -> int:
        """Of the Java process; raises RuntimeError when it was not started."""
        return self._running().pid

    def settings(self, topic_prefix: str = "") -> KafkaSettings:
        """Settings that lead to this broker, whatever the environment says."""
        return KafkaSettings(bootstrap_servers=self.bootstrap_servers, topic_prefix=topic_prefix, **self._login)

    def start(self) -> None:
        """Starts the process without waiting; the first time fetches the jars and formats the directory.

        Raises OperatorError when the directory is in use, no Java is found, or the jars cannot be had.
        """
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._take_directory()
        try:
            self._launch()
        except BaseException:
            self._release_directory()
            raise

    def wait_ready(self, timeout_s: float = _READY_TIMEOUT_S) -> None:
        """Blocks until a client is served.

        Raises OperatorError with the end of the broker's log when it stops, or is not ready in time.
        """
        admin = AdminClient(self.settings().client(error_cb=lambda _: None, log_level=0))
        deadline_s = self._clock.monotonic() + timeout_s
        while self._clock.monotonic() < deadline_s:
            if self._running().poll() is not None:
                raise self._failure(f"the broker stopped with status {self._running().returncode}")
            try:
                cluster: Any = admin.list_topics(timeout=0.5)
                if cluster.brokers and cluster.cluster_id == self._cluster_id():  # not another's on this port
                    return
            except KafkaException:
                pass  # not yet; the log tells why if it stays so
            self._clock.sleep(0.05)
        raise self._failure(f"the broker was not ready within {timeout_s:.0f} s")

    def stop(self) -> None:
        """Shuts the broker down in order, by force after 30 s; does nothing when it is not running."""
        if self._process is not None and self._process.poll() is None:
            self.resume()
            self._process.terminate()
            try:
                self._process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.kill()
            self._archive.keep()
        self._process = None
        self._release_directory()

    def kill(self) -> None:
        """Kills it as a crash would (SIGKILL); `start` brings it back on the same port."""
        self._running().kill()
        self._running().wait()

    def suspend(self) -> None:
        """Freezes it (SIGSTOP): connections stay open and nothing answers."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Ends `suspend` (SIGCONT)."""
        self._running().send_signal(signal.SIGCONT)

    def log_tail(self, lines: int = _LOG_LINES) -> str:
        """The last lines of the broker's log."""
        if not self.log_path.exists():
            return ""
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])

    def __enter__(self) -> Self:
        self.start()
        try:
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("the broker was not started: call start() first")
        return self._process

    def _failure(self, what: str) -> OperatorError:
        return OperatorError(
            f"{what}. The end of {self.log_path}:\n{self.log_tail()}",
            "see the log; a directory that cannot be repaired can be deleted, with all data in it",
        )

    def _launch(self) -> None:
        self._archive = ClassArchive(find_java(), class_path(self._progress))
        logs, config = self.data_dir / "logs", self.data_dir / "server.properties"
        write_properties(config, server_properties(logs, self.port, free_port(), self._properties))
        with self.log_path.open("ab") as log:
            if not (logs / "meta.properties").exists():
                cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
                arguments = ["format", f"--cluster-id={cluster_id}", "--config", str(config)]
                formatted = spawn([*self._java(), "kafka.tools.StorageTool", *arguments], output=log)
                if formatted.wait() != 0:
                    raise self._failure("the data directory could not be formatted")
            archiving = self._archive.options()
            self._process = spawn([*self._java(*archiving), "kafka.Kafka", str(config)], output=log)

    def _cluster_id(self) -> str:
        meta = (self.data_dir / "logs" / "meta.properties").read_text()
        return next(line for line in meta.splitlines() if line.startswith("cluster.id=")).partition("=")[2]

    def _java(self, *options: str) -> list[str]:
        heap = (f"-Xmx{self._heap_mb}m", "-XX:+UseSerialGC")
        jars = os.pathsep.join(map(str, self._archive.jars))
        return [str(self._archive.java.path), *heap, *options, *_LOG_OPTIONS, "-cp", jars]

    def _take_directory(self) -> None:
        if self._lock is not None:
            return
        lock = (self.data_dir / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            holder = lock.read().strip()
            lock.close()
            raise OperatorError(
                f"{self.data_dir} is in use by {holder or 'another process'}",
                "use that broker (KAFKA_BOOTSTRAP_SERVERS), stop it, or choose another directory",
            ) from error
        lock.truncate(0)
        lock.write(f"process {os.getpid()}, broker at {self.bootstrap_servers}\n")
        lock.flush()
        self._lock = lock

    def _release_directory(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

"""What a chaos run is made of: a broker behind a proxy, workers started again, a feeder, a reader of the truth.

The fault injector (faults.py) and the oracle (oracle.py) know nothing of what the workers do.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Self

from confluent_kafka import Producer

from runtime.broker import EmbeddedKafka
from runtime.broker.embedded import free_port
from runtime.child import spawn
from runtime.clock import SystemClock
from runtime.settings import KafkaSettings
from tests.chaos.oracle import Line
from tests.chaos.proxy import HOST, Proxy
from tests.ending import asked_to_end
from tests.on_kafka import committed_records

ROOT = Path(__file__).parents[2]
TICK_S = 0.1
CLOCK = SystemClock()


@contextmanager
def broker_behind_proxy(directory: Path) -> Iterator[tuple[EmbeddedKafka, Proxy]]:
    """A broker with two doors: its own port for the harness, and the proxy's for the workers."""
    port, behind, front, controller = (free_port() for _ in range(4))
    doors = {
        "listeners": f"CLIENT://{HOST}:{port},PROXIED://{HOST}:{behind},CONTROLLER://{HOST}:{controller}",
        "advertised.listeners": f"CLIENT://{HOST}:{port},PROXIED://{HOST}:{front}",
        "listener.security.protocol.map": "CLIENT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.quorum.voters": f"1@{HOST}:{controller}",
    }
    with EmbeddedKafka(directory, port, properties=doors) as broker, Proxy(front, behind) as proxy:
        yield broker, proxy


class Workers:
    """Processes by slot, started again whenever they end. `command` makes the process of a slot."""

    def __init__(
        self, command: Callable[[str], Sequence[str]], slots: Sequence[str], settings: KafkaSettings, log: Path
    ) -> None:
        self.slots = slots
        self.exits: Counter[int] = Counter()
        """Ends by exit code, without those of `kill`."""
        self._command = command
        self._environment = os.environ | settings.environment() | {"PYTHONUNBUFFERED": "1"}  # what it said last counts
        self._log: IO[bytes] = log.open("ab")
        self._processes = {slot: self.start(slot) for slot in slots}

    def start(self, slot: str) -> subprocess.Popen[bytes]:
        """Starts a process for a slot, beside the one it may have."""
        return spawn(self._command(slot), env=self._environment, cwd=ROOT, output=self._log)

    def tend(self) -> None:
        """Starts again what ended."""
        for slot, process in self._processes.items():
            if process.poll() is not None:
                self.exits[process.returncode] += 1
                self._processes[slot] = self.start(slot)

    def wait(self, seconds: float) -> None:
        """Lets time pass, tending the workers."""
        until_s = CLOCK.monotonic() + seconds
        while CLOCK.monotonic() < until_s:
            self.tend()
            CLOCK.sleep(TICK_S)

    def signal(self, slot: str, number: signal.Signals) -> None:
        """Sends a signal to a slot's process."""
        self._processes[slot].send_signal(number)

    def kill(self, slot: str) -> None:
        """Kills a slot's process at once, and starts it again."""
        self._processes[slot].kill()
        self._processes[slot].wait()
        self._processes[slot] = self.start(slot)

    @contextmanager
    def down(self, slot: str) -> Iterator[None]:
        """Kills a slot's process at once; there is none until the block ends."""
        process = self._processes.pop(slot)
        process.kill()
        process.wait()
        try:
            yield
        finally:
            self._processes[slot] = self.start(slot)

    def double(self, slot: str) -> int | None:
        """Runs a second process in a slot; returns how the first one ended. The second is the slot's process then."""
        first, self._processes[slot] = self._processes[slot], self.start(slot)
        self._wait_for_end_of(first)
        if first.returncode is None:
            _ask_and_kill(first)
            return None
        self.exits[first.returncode] += 1
        return first.returncode

    def ask_to_end(self, slot: str) -> None:
        """Sends SIGTERM to a slot's process, and waits for its end: what comes next is met by another."""
        self.signal(slot, signal.SIGTERM)
        self._wait_for_end_of(self._processes[slot])

    def drain(self) -> list[int]:
        """Asks all to end, and returns their exit codes. One that does not is asked where it hangs, and killed."""
        asked_to_end(self._processes.values())
        for process in self._processes.values():
            if process.poll() is None:
                _ask_and_kill(process)
        return [process.wait() for process in self._processes.values()]

    def end(self) -> None:
        """Ends what still runs."""
        for process in self._processes.values():
            process.kill()
            process.wait()
        self._log.close()

    def _wait_for_end_of(self, process: subprocess.Popen[bytes], timeout_s: float = 60.0) -> None:
        until_s = CLOCK.monotonic() + timeout_s
        while process.poll() is None and CLOCK.monotonic() < until_s:
            self.tend()
            CLOCK.sleep(TICK_S)
        self.tend()


def _ask_and_kill(process: subprocess.Popen[bytes]) -> None:
    """Has the worker write where it hangs into its log, and ends it."""
    process.send_signal(signal.SIGUSR1)
    CLOCK.sleep(1)
    process.kill()
    process.wait()


def sure_producer(settings: KafkaSettings, **more: Any) -> Producer:
    """A producer that loses and doubles nothing."""
    config = {"enable.idempotence": True, "linger.ms": 20, "delivery.timeout.ms": 300_000}
    return Producer(settings.client(**config | more))


class Feeder:
    """Writes small numbers to every partition at an even rate, until stopped. Nothing it wrote is lost or doubled."""

    def __init__(self, settings: KafkaSettings, topic: str, partitions: int, rate: int, seed: int) -> None:
        self._producer = sure_producer(settings)
        self._topic = settings.topic(topic)
        self._partitions = partitions
        self._rate = rate
        self._random = random.Random(seed)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._feed, name="feeder")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Returns when everything is acknowledged."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
            assert self._producer.flush(60) == 0

    def _feed(self) -> None:
        while not self._stop.wait(TICK_S):
            for _ in range(round(self._rate * TICK_S)):
                value = b"%d" % self._random.randrange(1_000)
                self._producer.produce(self._topic, value, partition=self._random.randrange(self._partitions))
            self._producer.poll(0)


def read(settings: KafkaSettings, topic: str) -> Iterator[tuple[int, int, bytes]]:
    """(partition, offset, value) of every committed record, up to the end as it is now."""
    for message in committed_records(settings, settings.topic(topic)):
        yield message.partition(), message.offset(), message.value()


def truth(settings: KafkaSettings, topic: str) -> Mapping[int, Sequence[tuple[int, int]]]:
    """The raw topic: by partition, (offset, value) of every record."""
    found: dict[int, list[tuple[int, int]]] = {}
    for partition, offset, value in read(settings, topic):
        found.setdefault(partition, []).append((offset, int(value)))
    return found


def lines(settings: KafkaSettings, topic: str) -> list[Line]:
    """The workers' accounts, in the order they were committed."""
    return [Line(*json.loads(value)) for _, _, value in read(settings, topic)]


def python(module: str) -> Callable[[str], Sequence[str]]:
    """The command that runs a module with the slot as its argument."""
    return lambda slot: [sys.executable, "-m", module, slot]

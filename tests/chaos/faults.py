"""The fault injector: a table of faults, each with how often it is drawn."""

import random
import signal
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from runtime.broker import EmbeddedKafka
from runtime.log.kafka_config import SESSION_TIMEOUT_S, SOCKET_TIMEOUT_S
from runtime.log.overdue import HALTED
from tests.chaos.harness import Workers
from tests.chaos.proxy import Proxy


@dataclass
class Arena:
    """Where faults happen."""

    workers: Workers
    broker: EmbeddedKafka
    proxy: Proxy
    random: random.Random
    done: Counter[str] = field(default_factory=Counter)

    def slot(self) -> str:
        """Any slot."""
        return self.random.choice(self.workers.slots)


def kill(arena: Arena) -> None:
    """kill -9 at any point of a batch."""
    arena.workers.kill(arena.slot())


def kill_all(arena: Arena) -> None:
    """Every worker at once."""
    for slot in arena.workers.slots:
        arena.workers.kill(slot)


def drain_one(arena: Arena) -> None:
    """SIGTERM: the batch under way is ended."""
    arena.workers.ask_to_end(arena.slot())


def freeze(arena: Arena, seconds: float) -> None:
    """A process that stands still and then goes on as if nothing had been."""
    slot = arena.slot()
    arena.workers.signal(slot, signal.SIGSTOP)
    arena.workers.wait(seconds)
    arena.workers.signal(slot, signal.SIGCONT)


def hold_commit(arena: Arena) -> None:
    """The end of a transaction is given up by its producer, and arrives much later (KAFKA-17754)."""
    arena.proxy.hold_next()
    arena.workers.wait(1.5 * SOCKET_TIMEOUT_S)
    arena.proxy.release()


def hold_commit_and_kill(arena: Arena) -> None:
    """The same, and its producer is dead when it arrives."""
    arena.proxy.hold_next()
    arena.workers.wait(1.0)
    kill_all(arena)
    arena.workers.wait(2.0)
    arena.proxy.release()


def second_process(arena: Arena) -> None:
    """Two processes in one slot: the older one is fenced and ends by itself."""
    code = arena.workers.double(arena.slot())
    assert code == HALTED, f"the fenced process ended with {code}"


def slow_network(arena: Arena) -> None:
    """Half a second of delay in each direction."""
    arena.proxy.request_delay_s = arena.proxy.response_delay_s = 0.5
    arena.workers.wait(4)
    arena.proxy.request_delay_s = arena.proxy.response_delay_s = 0


def lost_connections(arena: Arena) -> None:
    """Every connection breaks."""
    arena.proxy.drop_connections()


def deaf(arena: Arena) -> None:
    """Answers do not come back: what was asked has happened, and nobody knows."""
    arena.proxy.block(responses=True)
    arena.workers.wait(1.5 * SOCKET_TIMEOUT_S)
    arena.proxy.block()


def mute(arena: Arena) -> None:
    """Requests do not arrive."""
    arena.proxy.block(requests=True)
    arena.workers.wait(1.5 * SOCKET_TIMEOUT_S)
    arena.proxy.block()


def broker_crash(arena: Arena) -> None:
    """kill -9 of the broker, and its return."""
    arena.broker.kill()
    arena.workers.wait(1)
    arena.broker.start()
    arena.broker.wait_ready()


def broker_pause(arena: Arena) -> None:
    """The broker stands still."""
    arena.broker.suspend()
    arena.workers.wait(1.5 * SOCKET_TIMEOUT_S)
    arena.broker.resume()


Fault = Callable[[Arena], None]

FAULTS: dict[str, tuple[Fault, int]] = {
    "kill -9": (kill, 8),
    "kill -9 of all": (kill_all, 1),
    "SIGTERM": (drain_one, 2),
    "SIGSTOP within the session": (lambda arena: freeze(arena, 1), 3),
    "SIGSTOP past the session": (lambda arena: freeze(arena, 1.5 * SESSION_TIMEOUT_S), 2),
    "EndTxn held": (hold_commit, 4),
    "EndTxn held, producer killed": (hold_commit_and_kill, 2),
    "second process in a slot": (second_process, 2),
    "500 ms of latency": (slow_network, 1),
    "connections dropped": (lost_connections, 2),
    "answers lost": (deaf, 1),
    "requests lost": (mute, 1),
    "broker kill -9": (broker_crash, 1),
    "broker SIGSTOP": (broker_pause, 1),
}
"""Name → (fault, weight)."""


def inject(arena: Arena, faults: int, table: Mapping[str, tuple[Fault, int]] = FAULTS) -> None:
    """Every fault of the table once, then by weight, in random order, with pauses between them."""
    weights = [weight for _, weight in table.values()]
    drawn = [*table, *arena.random.choices(list(table), weights, k=max(0, faults - len(table)))]
    arena.random.shuffle(drawn)
    for name in drawn[:faults]:
        arena.workers.wait(arena.random.uniform(0.5, 2.5))
        table[name][0](arena)
        arena.done[name] += 1


def without(*names: str) -> Mapping[str, tuple[Fault, int]]:
    """The table but for some."""
    return {name: fault for name, fault in FAULTS.items() if name not in names}

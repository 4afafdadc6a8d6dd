"""The supervisor with real programs; only the waiting between restarts is on a clock held by hand."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from runtime.clock import ManualClock
from runtime.metrics import Metrics
from runtime.supervisor import CRASH_LOOP, Event, ProcessSpec, Supervisor, restart_delay_s

SLEEP = (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)")
FAIL = (sys.executable, "-c", "print('no disk'); raise SystemExit(3)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
)


def eventually(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "it never came true"
        time.sleep(0.02)


class Bench:
    """A supervisor, its clock and what it reported."""

    def __init__(self, folder: Path, **programs: tuple[str, ...]) -> None:
        self.clock = ManualClock()
        self.events: list[Event] = []
        self.logs = {name: folder / f"{name}.log" for name in programs}
        specs = [
            ProcessSpec(name, argv, self.logs[name], stop_timeout_s=0.3 if argv == STUBBORN else 20.0)
            for name, argv in programs.items()
        ]
        self.metrics = Metrics("up")
        self.supervisor = Supervisor(specs, self.clock, self.events.append, self.metrics)

    def step_until(self, kind: str, count: int) -> Event:
        """Steps, the clock standing still, until so many events of a kind were reported."""

        def reached() -> bool:
            self.supervisor.step()
            return len(self.seen(kind)) >= count

        eventually(reached)
        return self.seen(kind)[-1]

    def seen(self, kind: str) -> list[Event]:
        return [event for event in self.events if event.kind == kind]

    def up(self, name: str) -> None:
        eventually(lambda: b"up" in self.logs[name].read_bytes())


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(**programs: tuple[str, ...]) -> Bench:
        made.append(Bench(tmp_path, **programs))
        return made[-1]

    yield make
    for one in made:
        one.supervisor.stop()


def test_delays_double_from_one_second_to_thirty() -> None:
    assert [restart_delay_s(failures) for failures in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]
    assert restart_delay_s(1_000_000) == 30


def test_a_failing_program_waits_longer_each_time_and_is_reported_as_a_crash_loop(
    bench: Callable[..., Bench],
) -> None:
    one = bench(broken=FAIL)
    for failures in range(1, CRASH_LOOP):
        event = one.step_until("exited", failures)
        assert (event.status, event.delay_s) == ("status 3", restart_delay_s(failures))
        one.clock.sleep(event.delay_s - 0.1)
        one.supervisor.step()
        assert len(one.seen("started")) == failures, "it was started before its time"
        one.clock.sleep(0.2)
    loop = one.step_until("crash_loop", 1)
    assert loop.log_tail.splitlines() == ["no disk"] * CRASH_LOOP
    assert str(loop).startswith("broken keeps failing, last with status 3; it is tried again every 16 s.")
    assert str(loop).endswith("no disk")


def test_a_minute_of_health_forgives_earlier_failures(bench: Callable[..., Bench]) -> None:
    one = bench(service=SLEEP)
    for expected_s, healthy in ((1.0, False), (2.0, False), (1.0, True)):
        one.supervisor.step()
        pid = one.supervisor.pid("service")
        assert pid is not None
        one.clock.sleep(61.0 if healthy else 1.0)
        os.kill(pid, signal.SIGKILL)
        event = one.step_until("exited", len(one.seen("exited")) + 1)
        assert (event.status, event.delay_s) == ("SIGKILL", expected_s)
        one.clock.sleep(event.delay_s)
    value = one.metrics.registry.get_sample_value
    labels = {"service": "up", "process": "service"}
    assert value("driftline_process_restarts_total", labels) == 2
    assert value("driftline_process_up", labels) == 0


def test_programs_stop_in_reverse_order_and_by_force_only_when_they_will_not(bench: Callable[..., Bench]) -> None:
    one = bench(first=SLEEP, second=STUBBORN, third=SLEEP)
    one.supervisor.step()
    one.up("second")
    one.supervisor.stop()
    ends = [(event.name, event.kind, event.status) for event in one.events if event.kind != "started"]
    assert ends == [
        ("third", "stopped", "SIGTERM"),
        ("second", "killed", "SIGKILL"),
        ("first", "stopped", "SIGTERM"),
    ]
    assert one.supervisor.pid("first") is None


def test_restart_replaces_the_process_even_when_it_is_suspended(bench: Callable[..., Bench]) -> None:
    one = bench(service=SLEEP)
    one.supervisor.step()
    one.up("service")
    before = one.supervisor.pid("service")
    assert before is not None
    os.kill(before, signal.SIGSTOP)
    one.supervisor.restart("service")
    assert one.supervisor.pid("service") not in (None, before)
    assert not psutil.pid_exists(before), "no zombie is left"


def test_a_program_that_does_not_exist_says_so_in_its_log(bench: Callable[..., Bench]) -> None:
    one = bench(typo=("no-such-program",))
    event = one.step_until("exited", 1)
    assert event.status == "status 127"
    assert "cannot start no-such-program" in event.log_tail


def test_two_programs_of_one_name_are_refused(tmp_path: Path) -> None:
    twice = ProcessSpec("a", SLEEP, tmp_path / "a.log")
    with pytest.raises(ValueError, match="names must differ"):
        Supervisor([twice, twice], ManualClock(), lambda _: None)


def test_no_program_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    source = (
        "import sys, time, pathlib\n"
        "from runtime.clock import SystemClock\n"
        "from runtime.supervisor import ProcessSpec, Supervisor\n"
        f"specs = [ProcessSpec(n, {SLEEP!r}, pathlib.Path(sys.argv[1], n)) for n in ('a', 'b')]\n"
        "Supervisor(specs, SystemClock(), lambda e: print(e.pid, flush=True)).start()\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", source, str(tmp_path)], stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        programs = [psutil.Process(int(killed.stdout.readline())) for _ in range(2)]
        eventually(lambda: all((tmp_path / name).exists() and (tmp_path / name).read_bytes() for name in "ab"))
        killed.kill()
    gone, alive = psutil.wait_procs(programs, timeout=10)
    assert (len(gone), alive) == (2, [])


def test_a_started_supervisor_brings_programs_back_by_itself_until_it_is_stopped(tmp_path: Path) -> None:
    events: list[Event] = []
    clock = ManualClock()
    supervisor = Supervisor([ProcessSpec("service", SLEEP, tmp_path / "log")], clock, events.append)
    supervisor.start()
    first = supervisor.pid("service")
    assert first is not None
    os.kill(first, signal.SIGKILL)
    eventually(lambda: events[-1].kind == "exited")
    clock.sleep(1.0)
    eventually(lambda: supervisor.pid("service") not in (None, first))
    supervisor.stop()
    supervisor.step()
    assert supervisor.pid("service") is None, "once stopped, nothing is started any more"


def test_ctrl_c_in_the_terminal_reaches_no_program_directly(bench: Callable[..., Bench]) -> None:
    one = bench(service=SLEEP)
    one.supervisor.step()
    pid = one.supervisor.pid("service")
    assert pid is not None
    eventually(lambda: os.getsid(pid) == pid)

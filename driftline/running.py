"""`driftline up`: starts everything, shows how it is, ends it in order."""

from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from driftline import lag
from driftline.data_dir import prepare
from driftline.errors import ExitCode
from driftline.lag import Lag
from driftline.output import console, count, table
from driftline.signals import ending_in_order
from driftline.stack import Stack
from driftline.steps import Steps
from runtime.clock import Clock, SystemClock
from runtime.errors import OperatorError

_LOOK_S = 2.0


def up(data_dir: Path, *, port: int, workers: int, fresh: bool) -> ExitCode:
    """Runs until Ctrl-C or SIGTERM. Raises CommandError or OperatorError when something cannot start."""
    clock, out = SystemClock(), console()

    def say(sentence: str) -> None:
        out.print(sentence, soft_wrap=True)

    stack = Stack(prepare(data_dir, fresh=fresh), clock, port=port, workers=workers, say=say)
    with ending_in_order(), stack:
        try:
            _start(stack, out, clock)
            out.print(where(stack, data_dir))
            _watch(stack, out, clock)
        except KeyboardInterrupt:
            out.print("Stopping.")
    return ExitCode.OK


def where(stack: Stack, data_dir: Path) -> RenderableType:
    """Where everything is."""
    kafka_log = str(stack.kafka_log) if stack.kafka_log else "a Kafka of your own"
    places = [("kafka", stack.settings.bootstrap_servers, kafka_log)]
    places += [(p.name, f"{p.state.metrics}/metrics", p.state.log) for p in stack.processes]
    prefix = stack.settings.topic_prefix
    return Group(
        "",
        table(None, ("", "address", "log"), places),
        "",
        f"Topics begin with {prefix!r}." if prefix else "Topics have no prefix.",
        f"From another terminal: driftline status --data-dir {data_dir}. Ctrl-C ends everything.",
        "",
    )


def _start(stack: Stack, out: Console, clock: Clock) -> None:
    steps = Steps(out, clock)
    with steps.shown():
        with steps.step("Kafka and its topics") as tell:
            stack.start_kafka(tell)
            tell(stack.settings.bootstrap_servers)
        with steps.step("Services") as tell:
            stack.start_services()
            tell(", ".join(process.name for process in stack.processes))


def _watch(stack: Stack, out: Console, clock: Clock) -> None:
    if not out.is_terminal:
        while True:
            clock.sleep(_LOOK_S)
    with Live(console=out, auto_refresh=False) as live:
        while True:
            live.update(_lags(stack), refresh=True)
            clock.sleep(_LOOK_S)


def _lags(stack: Stack) -> RenderableType:
    try:
        found = lag.lags(stack.settings)
    except OperatorError as error:
        return Text(f"{error.what}\nNext step: {error.next_step}.")
    return lag_table(found)


def lag_table(found: list[Lag]) -> RenderableType:
    """How far each service is behind."""
    if not found:
        return Text("Services are starting.", style="dim")
    return table(None, ("service", "reads", ">waiting"), ((x.service, x.topic, count(x.records)) for x in found))

"""`driftline demo flights` from start to end."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from driftline import accounts, publishing
from driftline.data_dir import prepare
from driftline.demo import sabotage
from driftline.demo.candidates import answered, approve, what_to_do
from driftline.demo.display import Rate, display
from driftline.demo.events import events
from driftline.demo.flights import Flights, load, millis
from driftline.demo.model import Trained, train
from driftline.demo.monitor import monitor
from driftline.demo.replay import Replay
from driftline.demo.screen import Moment
from driftline.demo.summary import summary
from driftline.demo.track import TOPICS, Track
from driftline.errors import CommandError, ExitCode
from driftline.manifests import Manifest
from driftline.output import console, count
from driftline.reading import Tail
from driftline.report import audit_table
from driftline.signals import ending_in_order
from driftline.stack import Stack
from driftline.steps import Background, Steps
from runtime.clock import Clock, SystemClock

_FRAME_S = 0.25
_STALL_S = 60.0
"""A run that does not move for so long after its last event ends as it is, and the audit says what is missing."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for."""

    speed: float
    """Times real time; infinite: as fast as it goes."""
    until: datetime | None
    data_dir: Path
    keep: bool
    screen: bool
    yes: bool
    """Approve every candidate (candidates.py)."""
    sabotage: str | None
    """One of sabotage.KINDS."""


def parse_speed(text: str) -> float:
    """A positive number, or max. Raises CommandError."""
    try:
        speed = math.inf if text == "max" else float(text)
    except ValueError:
        speed = math.nan
    if not speed > 0 or (math.isinf(speed) and text != "max"):
        raise CommandError(f"--speed: {text!r} is no speed.", "write a number above 0, such as 150000, or max")
    return speed


def run(options: Options) -> ExitCode:
    """Runs the demo; stops everything it started, whatever happens. Raises CommandError or OperatorError."""
    clock = SystemClock()
    stack = Stack(prepare(options.data_dir, fresh=True), clock)
    demo = Demo(options, stack, console(), clock)
    with ending_in_order(), stack:
        try:
            return demo.play()
        except KeyboardInterrupt:
            demo.out.print("Stopping.")
            demo.summarise(complete=False)
            return ExitCode.INTERRUPTED
        finally:
            demo.stop()


@dataclass
class Demo:
    """One run of the demo: its parts, and what is known of it so far."""

    options: Options
    stack: Stack
    out: Console
    clock: Clock
    track: Track = field(default_factory=Track)
    replay: Replay | None = None
    began_s: float = 0.0
    summarised: bool = False
    approved: set[str] = field(default_factory=set)
    """Runs whose candidate was approved here."""

    def play(self) -> ExitCode:
        """From the start to the audit, and on until Ctrl-C if the services are to be kept."""
        flights, trained = self._start()
        if self.options.sabotage is not None:
            flights = sabotage.KINDS[self.options.sabotage](flights)
        self.replay = Replay(self.stack.settings, events(flights, trained.model), self.options.speed, self.clock)
        self.began_s = self.clock.monotonic()
        self.replay.start()
        self._follow(self.replay, len(flights), trained.baseline.metrics)
        self.summarise(complete=True)
        if self.replay.error is not None:
            raise CommandError(
                f"The replay ended early: {self.replay.error}.", f"see {self.stack.kafka_log}", ExitCode.KAFKA
            )
        code = self._judge()
        for sentence in what_to_do(self.track.retraining, self.options.data_dir, kept=self.options.keep):
            self.out.print(sentence, soft_wrap=True, markup=False)
        if self.options.keep:
            self.out.print("Kafka and the services go on. Ctrl-C ends them.")
            while True:
                self.clock.sleep(_FRAME_S)
        return code

    def summarise(self, *, complete: bool) -> None:
        """Prints what is known of the run, once; nothing before the replay began."""
        if self.replay is not None and not self.summarised:
            self.summarised = True
            seconds = self.clock.monotonic() - self.began_s
            sent = (self.replay.sent, self.replay.sent_labels)
            self.out.print(summary(self.track, *sent, seconds, complete=complete))

    def stop(self) -> None:
        """Ends the replay."""
        if self.replay is not None:
            self.replay.stop()

    def _start(self) -> tuple[Flights, Trained]:
        """Kafka beside the model, which takes as long; then what is watched, and only then the services reading it."""
        steps = Steps(self.out, self.clock)

        def start_kafka() -> None:
            with steps.step("Kafka") as say:
                self.stack.start_kafka(say)
                say(self.stack.settings.bootstrap_servers)

        with steps.shown():
            kafka = Background(start_kafka)
            with steps.step("Flights of 2013") as say:
                every = load()
                flights = every.rows(every.time_ms < _end_ms(self.options.until))
                say(f"{count(len(flights))} of {count(len(every))} are replayed, the training weeks too")
            with steps.step("Model of late arrivals") as say:
                trained = train(every)
                say(f"trained on January, AUC {trained.auc:.2f} on the week from February 4")
            kafka.wait()
            with steps.step("Services") as say:
                watched = Manifest(self.stack.data_dir, monitor(self.options.speed), trained.baseline)
                publishing.apply(self.stack.settings, [watched])
                self.stack.start_services()
                say("on their way")
                self.stack.wait_ready()
                say(", ".join(process.name for process in self.stack.processes))
        self.out.print(
            f"Data, state and logs are in {self.stack.data_dir}. "
            f"From another terminal: driftline status --data-dir {self.options.data_dir}\n",
            soft_wrap=True,
        )
        return flights, trained

    def _follow(self, replay: Replay, total: int, holdout: Mapping[str, float]) -> None:
        """Shows the run until everything sent is accounted for, or nothing moves any more."""
        tail, rate = Tail(self.stack.settings, TOPICS), Rate()
        moved_s, before = self.clock.monotonic(), (0,) * 8
        try:
            with display(self.out, live=self.options.screen and self.out.is_terminal) as show:
                while not self._finished(replay):
                    for topic, message in tail.poll(_FRAME_S):
                        self.track.take(topic, message.value() or b"")
                    if self.options.yes:
                        approve(self.track.retraining, self.stack.data_dir, self.approved, self.clock)
                    if self.stack.failure is not None:
                        raise CommandError(
                            self.stack.failure, f"see the logs in {self.stack.data_dir / 'log'}", ExitCode.SERVICE
                        )
                    now_s = self.clock.monotonic()
                    track = self.track
                    state = (
                        replay.sent, track.counted, track.final_windows, track.in_windows,
                        replay.sent_labels, track.labels, track.answers.labelled, track.retraining.steps,
                    )  # fmt: skip
                    if state != before:
                        moved_s, before = now_s, state
                    elif replay.done and not track.retraining.under_way and now_s - moved_s > _STALL_S:
                        return
                    show(self._moment(replay, total, holdout, rate.at(now_s, track.counted)), now_s)
        finally:
            tail.close()

    def _finished(self, replay: Replay) -> bool:
        """Whether everything sent is accounted for, and every request for retraining answered."""
        if not (replay.done and self.track.settled(replay.sent, replay.sent_labels)):
            return False
        return answered(self.track.retraining, self.stack.data_dir, decided=self.options.yes)

    def _moment(self, replay: Replay, total: int, holdout: Mapping[str, float], events_per_s: float) -> Moment:
        return Moment(
            sent=replay.sent,
            total=total,
            time_ms=replay.time_ms,
            speed=self.options.speed,
            events_per_s=events_per_s,
            track=self.track,
            holdout=holdout,
            note=self.stack.note or ("" if self.track.counted else "the services are starting"),
        )

    def _judge(self) -> ExitCode:
        result = accounts.confirmed(lambda: accounts.read(self.stack.settings), self.clock)
        self.out.print("Conservation audit", style="bold")
        self.out.print(audit_table(result))
        return ExitCode.OK if result.verdict == "balanced" else ExitCode.PROBLEM


def _end_ms(until: datetime | None) -> float:
    return millis(until.replace(tzinfo=UTC)) if until else math.inf

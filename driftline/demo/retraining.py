"""What the demo knows of retraining: each request, and how far its run has come."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from rich.table import Table
from rich.text import Text

from driftline.output import table, utc
from schemas.model_event import ModelEvent, Step
from schemas.retraining import RetrainingRequest

WORDS: Final[Mapping[Step, str]] = MappingProxyType(
    {
        "started": "taking labelled rows",
        "data_gate": "training",
        "trained": "comparing with production",
        "model_gate": "has passed its gates",
        "candidate": "waits for a person",
        "approved": "approved",
        "rejected": "rejected",
        "promoted": "serves",
        "retired": "retired",
        "failed": "refused",
    }
)
"""What a run does, or what became of it, after each step."""
UNDER_WAY: Final = frozenset({"started", "data_gate", "trained", "model_gate"})


@dataclass
class Run:
    """A run's events, from its first to its newest."""

    events: dict[Step, ModelEvent] = field(default_factory=dict)

    @property
    def last(self) -> ModelEvent:
        """Where it stands."""
        return next(reversed(self.events.values()))

    @property
    def under_way(self) -> bool:
        """Whether it is still to bring a candidate or an end."""
        return self.last.step in UNDER_WAY


@dataclass
class Retraining:
    """Requests and runs, in order of appearance. The `take_` methods add a record; a repetition changes nothing."""

    requests: dict[str, RetrainingRequest] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)

    def take_request(self, value: bytes) -> None:
        """A record of `retraining.requests`."""
        request = RetrainingRequest.model_validate_json(value)
        self.requests[request.trigger_id] = request

    def take_event(self, value: bytes) -> None:
        """A record of `model.events`."""
        event = ModelEvent.model_validate_json(value)
        self.runs.setdefault(event.run_id, Run()).events.setdefault(event.step, event)

    @property
    def steps(self) -> int:
        """How many steps all runs have taken."""
        return sum(len(run.events) for run in self.runs.values())

    @property
    def under_way(self) -> bool:
        """Whether any run is still to bring a candidate or an end."""
        return any(run.under_way for run in self.runs.values())

    @property
    def waiting(self) -> list[ModelEvent]:
        """Candidates that wait for a person."""
        return [run.last for run in self.runs.values() if run.last.step == "candidate"]


def line(retraining: Retraining) -> Text:
    """The newest run in one line, for the screen."""
    if not retraining.runs:
        return Text("Retraining  nothing asked for it yet", style="dim")
    run_id, run = next(reversed(retraining.runs.items()))
    asked = retraining.requests.get(run_id)
    why = f"{utc(asked.requested_ms, date_only=True)}, {asked.policy}: " if asked else ""
    told = f"{why}{run.last.version} {WORDS[run.last.step]}"
    if run.last.detail and not run.under_way:
        told += f" ({run.last.detail})"
    return Text.assemble(("Retraining  ", "bold"), told, no_wrap=True, overflow="ellipsis")


def summary(retraining: Retraining) -> Table | str:
    """Every run: when and why it was asked for, and what became of it."""
    if not retraining.runs:
        return "Nothing asked for retraining."
    rows = []
    for run_id, run in retraining.runs.items():
        asked = retraining.requests.get(run_id)
        rows.append(
            (
                utc(asked.requested_ms, date_only=True) if asked else "",
                asked.policy if asked else "",
                run.last.version,
                WORDS[run.last.step],
                run.last.detail,
            )
        )
    return table("Retraining", ("asked", "policy", "candidate", "", "why"), rows)

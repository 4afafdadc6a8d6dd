"""The order of the stages: what a run does next follows from its step and its products."""

from dataclasses import dataclass

from schemas.model_event import Step
from services.retraining.stages.deadline import expire
from services.retraining.stages.judging import judge
from services.retraining.stages.pinning import pin_down
from services.retraining.stages.snapshotting import examine, take_rows
from services.retraining.stages.stage import PARTS, Stage, Standing
from services.retraining.stages.training import train


@dataclass(frozen=True, slots=True)
class Entry:
    """Done at a step, until the products are there; without any, until the step is left."""

    at: Step
    do: Stage
    brings: frozenset[str] = frozenset()


TABLE = (
    Entry("started", pin_down, frozenset({"plan"})),
    Entry("started", take_rows, frozenset(f"rows:{part}" for part in PARTS)),
    Entry("started", examine),
    Entry("data_gate", train),
    Entry("trained", judge),
    Entry("candidate", expire),
)
STEPS = frozenset(entry.at for entry in TABLE)
"""At others only people, or services, take a run on."""


def stage_of(standing: Standing) -> Stage | None:
    """What is to be done; None where only people can take the run on."""
    for entry in TABLE:
        if entry.at == standing.step and not (entry.brings and entry.brings <= standing.products.keys()):
            return entry.do
    return None

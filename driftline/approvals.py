"""What waits for a person's decision, what was decided, and all that is known of a candidate."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from rich.markup import escape
from rich.table import Table
from sqlmodel import Session

from driftline.errors import CommandError
from driftline.output import table, utc
from driftline.provenance import approval_words
from driftline.registry import opened
from runtime.registry import Registry, RunView, lineage_of, run_of, runs_of
from runtime.registry.lineage import UsedDataset
from schemas.comparison import Comparison
from schemas.monitor import Monitor

M = TypeVar("M", bound=BaseModel)
_PREFIX = 4
"""Digits of a run's id that name it, at least."""
_WAITING = ("candidate", "against", "waits since (UTC)", "until", "rules passed", "asked by", "run")
_DECIDED = ("candidate", "now", "since (UTC)", "decisions", "run")


class Standing(BaseModel):
    """A run that brought a candidate."""

    model_config = ConfigDict(frozen=True)

    run: RunView
    decide_by_ms: int | None
    """When the candidate is retired; null where it does not wait, or nobody knows."""


class Request(Standing):
    """What a person is asked to decide on, in full."""

    comparison: Comparison | None
    """Null where the run has none yet."""
    datasets: tuple[UsedDataset, ...]
    """With their offsets."""


class _Plan(BaseModel):
    monitor: Monitor


def standings(data_dir: Path) -> list[Standing]:
    """Runs with a candidate, those opened last first. Raises CommandError."""
    with opened(data_dir) as registry, registry.reading() as session:
        return [
            Standing(run=run, decide_by_ms=decide_by_ms(registry, run))
            for run in runs_of(session)
            if any(step.step == "candidate" for step in run.steps)
        ]


def request(data_dir: Path, named: str) -> Request:
    """All that is known of one run's candidate. Raises CommandError."""
    with opened(data_dir) as registry, registry.reading() as session:
        run = find(session, named)
        made = lineage_of(session, run.model, run.version) if run.version else ()
        return Request(
            run=run,
            decide_by_ms=decide_by_ms(registry, run),
            comparison=_product(registry, run, "comparison", Comparison),
            datasets=made[0].datasets if made else (),
        )


def find(session: Session, named: str) -> RunView:
    """The run of an id, its beginning, a request that it answers, or the version it made. Raises CommandError."""
    runs = runs_of(session)
    own = run_of(session, named)
    exact = [run for run in runs if own == run.run_id or run.version == named]
    chosen = exact or [run for run in runs if len(named) >= _PREFIX and run.run_id.startswith(named)]
    if not chosen:
        raise CommandError(f"No run or candidate is called {named}.", "`driftline runs` lists those there are")
    if len(chosen) > 1:
        names = ", ".join(f"{run.run_id} ({run.model})" for run in chosen)
        raise CommandError(f"{len(chosen)} runs are called {named}.", f"name one of {names}")
    return chosen[0]


def decide_by_ms(registry: Registry, run: RunView) -> int | None:
    """When a candidate that waits is retired; None where it does not wait, or nobody knows."""
    plan = _product(registry, run, "plan", _Plan) if run.stands.step == "candidate" else None
    return None if plan is None else run.stands.time_ms + plan.monitor.training.decide_within


def _product(registry: Registry, run: RunView, name: str, of: type[M]) -> M | None:
    if name not in run.products:
        return None
    try:
        return of.model_validate_json(registry.artifacts.read(run.products[name]))
    except ValidationError as error:
        raise CommandError(
            f"The {name} of run {run.run_id} cannot be read: {error.errors(include_url=False)[0]['msg']}.",
            "use the same version of Driftline everywhere: a newer or an older one wrote it",
        ) from error


def tables(found: Sequence[Standing]) -> Iterator[Table | str]:
    """What waits, then what was decided."""
    waiting = [one for one in found if one.run.stands.step == "candidate"]
    if waiting:
        yield table("Waits for a decision", _WAITING, map(_waiting, waiting))
        newest = waiting[0].run
        yield f"All there is to decide by: driftline approvals {escape(newest.version or newest.run_id)}"
    else:
        yield "No candidate waits for a decision."
    decided = [one.run for one in found if one.run.stands.step != "candidate"]
    if decided:
        yield table("Decided", _DECIDED, map(_decided, decided))


def _waiting(one: Standing) -> tuple[str, ...]:
    run = one.run
    passed = sum(gate.passed for gate in run.gates)
    asked = ", ".join(dict.fromkeys([run.actor, *(joined.actor for joined in run.joined)]))
    return (
        escape(f"{run.model} {run.version}"),
        escape(run.incumbent),
        utc(run.stands.time_ms),
        utc(one.decide_by_ms),
        f"{passed} of {len(run.gates)}",
        escape(asked),
        run.run_id[:8],
    )


def _decided(run: RunView) -> tuple[str, ...]:
    said = "; ".join(decisions(run)) or run.stands.detail or "nobody decided"
    return (
        escape(f"{run.model} {run.version}"),
        run.stands.step,
        utc(run.stands.time_ms),
        escape(said),
        run.run_id[:8],
    )


def next_step(named: str) -> str:
    """What a person can do about a candidate that waits."""
    return f"Next step: driftline approve {named}, or driftline reject {named}; both need --reason and --actor."


def decisions(run: RunView) -> Iterator[str]:
    """What people said, and what of it was refused."""
    yield from (f"{approval_words(approval)}: {approval.reason}" for approval in run.approvals)
    for refused in run.refusals:
        yield f"{refused.decision} by {refused.actor}, {utc(refused.time_ms)}, refused: {refused.why}"

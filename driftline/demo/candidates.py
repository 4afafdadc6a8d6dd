"""What the demo does about candidates: waits for them, and approves them if it was told to."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from driftline import deciding
from driftline.demo.retraining import Retraining
from runtime.clock import Clock
from runtime.registry import Registry, RegistrySettings, run_of

PERSON: Final = "demo"
"""Who approves."""
_APPROVED_FOR_MS: Final = 7 * 86_400_000


def answered(known: Retraining, data_dir: Path, *, decided: bool) -> bool:
    """Whether every request has its run, none is still at work, and, if `decided`, none waits for a person."""
    if known.under_way or (decided and known.waiting):
        return False
    if not known.requests:
        return True
    with Registry.for_reading(RegistrySettings.under(data_dir)) as registry, registry.reading() as session:
        return all(run_of(session, trigger_id) in known.runs for trigger_id in known.requests)


def approve(known: Retraining, data_dir: Path, approved: set[str], clock: Clock) -> None:
    """Approves candidates that wait, each once: their runs are added to `approved`. Does not wait for the service."""
    for event in known.waiting:
        if event.run_id not in approved:
            approved.add(event.run_id)
            expires_ms = clock.wall_ms() + _APPROVED_FOR_MS
            terms = deciding.Terms("approve", PERSON, "it passed every gate", expires_ms, max_weight_bp=10_000)
            deciding.decide(data_dir, event.run_id, terms, clock, wait_s=0)


def what_to_do(known: Retraining, data_dir: Path, *, kept: bool) -> Iterator[str]:
    """A sentence on each candidate that waits for a person; `kept`: services go on, and can take the decision up."""
    for event in known.waiting:
        named = f"{event.version} --data-dir {data_dir}"
        decide = (
            f"`driftline approve {named}` or `driftline reject {named}` decides."
            if kept
            else "With --keep it can be approved after the replay; with --yes the demo does."
        )
        yield (
            f"{event.model} {event.version} waits for a person. "
            f"`driftline approvals {named}` shows it against production. {decide}"
        )

"""Retraining runs: how far they are, and why they failed."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from driftline import rules
from driftline.output import count, table, utc
from driftline.registry import opened
from runtime.registry import RunView, runs_of


def read(data_dir: Path, model: str | None) -> list[RunView]:
    """Runs of one model or of all, those opened last first. Raises CommandError."""
    with opened(data_dir) as registry, registry.reading() as session:
        return runs_of(session, model)


def tables(runs: Sequence[RunView]) -> Iterator[Table | str]:
    """Every run, then the rules that were not passed."""
    if not runs:
        yield "No run yet: a retraining policy of a monitor asks for one, or `driftline triggers fire`."
        return
    columns = ("run", "opened (UTC)", "model", "candidate", "stands at", "since (UTC)", "why")
    yield table(None, columns, map(_row, runs))
    failures = list(_failures(runs))
    if failures:
        yield table("Rules not passed", ("run", *rules.COLUMNS), failures)
        yield "A failed run is over. Once its cause is gone, ask again: driftline triggers fire"
    waiting = [run for run in runs if run.stands.step == "candidate"]
    if waiting:
        yield f"{count(len(waiting))} {'waits' if len(waiting) == 1 else 'wait'} for a decision: driftline approvals"


def _row(run: RunView) -> tuple[str, ...]:
    return (
        run.run_id[:8],
        utc(run.registered_ms),
        escape(f"{run.model} {run.incumbent}"),
        escape(run.version or "–"),
        run.stands.step,
        utc(run.stands.time_ms),
        escape(_why(run)),
    )


def _why(run: RunView) -> str:
    """Why there is one, or why it failed; what rules say stands in their own table."""
    if run.stands.step == "failed":
        broken = [gate for gate in run.gates if not gate.passed]
        named = ", ".join(dict.fromkeys(gate.rule for gate in broken))
        return f"{broken[0].gate} gate: {named}" if broken else run.stands.detail
    joined = f" ({len(run.joined)} more asked)" if run.joined else ""
    return f"{run.reason}{joined}"


def _failures(runs: Iterable[RunView]) -> Iterator[tuple[str, ...]]:
    return ((run.run_id[:8], *rules.row(gate)) for run in runs for gate in run.gates if not gate.passed)

"""Retraining runs: how far they are, and why they failed."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from driftline.output import figure, table, utc
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
    columns = ("run", "opened (UTC)", "model", "candidate", "stands at", "since", "why")
    yield table(None, columns, map(_row, runs))
    failures = list(_failures(runs))
    if failures:
        yield table("Rules not passed", ("run", "gate", "rule", "of", ">figure", ">bound", "in words"), failures)


def _row(run: RunView) -> tuple[str, ...]:
    joined = f"; {len(run.joined)} more asked" if run.joined else ""
    why = run.stands.detail if run.stands.step == "failed" else f"{run.policy}: {run.reason}{joined}"
    return (
        run.run_id[:8],
        utc(run.registered_ms),
        escape(f"{run.model} {run.incumbent}"),
        escape(run.version or "–"),
        run.stands.step,
        utc(run.stands.time_ms),
        escape(why),
    )


def _failures(runs: Iterable[RunView]) -> Iterator[tuple[str, ...]]:
    for run in runs:
        for gate in run.gates:
            if not gate.passed:
                yield (
                    run.run_id[:8],
                    gate.gate,
                    escape(gate.rule),
                    escape(gate.feature or ""),
                    figure(gate.value, 4),
                    figure(gate.bound, 4),
                    escape(gate.detail),
                )

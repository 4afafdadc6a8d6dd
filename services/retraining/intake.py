"""Requests become runs: each opens one, or joins the run of its model that is under way. Each may be repeated."""

from typing import Final, Literal

from sqlmodel import Session

from runtime.registry import Stamp, join_run, open_run, run_of, unfinished_runs
from schemas.retraining import RetrainingRequest

MAKING: Final = frozenset({"started", "data_gate", "trained", "model_gate"})
"""Steps at which a run is still to bring its candidate."""

Taken = Literal["opened", "joined", "known"]


def take(session: Session, stamp: Stamp, request: RetrainingRequest) -> Taken:
    """What became of a request; `known` where it was answered before."""
    if run_of(session, request.trigger_id) is not None:
        return "known"
    for run, step in unfinished_runs(session, request.model):
        if step in MAKING:
            join_run(session, stamp, request, run.run_id)
            return "joined"
    open_run(session, stamp, request)
    return "opened"

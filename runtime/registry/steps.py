"""The states of a retraining run, as a table. The database enforces the same table (tables/runs.py).

A run goes started, data_gate, trained, model_gate, candidate, approved, promoted, retired. It may end before: failed
until it is promoted, rejected or retired once it is a candidate.
"""

from collections.abc import Mapping
from typing import Final

from schemas.model_event import Step

FIRST: Final[Step] = "started"
NEXT: Final[Mapping[str, tuple[Step, ...]]] = {
    "started": ("data_gate", "failed"),
    "data_gate": ("trained", "failed"),
    "trained": ("model_gate", "failed"),
    "model_gate": ("candidate", "failed"),
    "candidate": ("approved", "rejected", "retired", "failed"),
    "approved": ("promoted", "rejected", "retired", "failed"),
    "promoted": ("retired",),
    "rejected": (),
    "retired": (),
    "failed": (),
}
"""What may follow a step; a gate's step says that it was judged, not that it was passed."""

ORDER: Final = {step: position for position, step in enumerate(NEXT)}


def as_rule() -> str:
    """The table as a condition on the columns `previous` and `step`, for the database."""
    allowed = [f"(previous IS NULL AND step = '{FIRST}')"]
    allowed += [
        f"(previous = '{step}' AND step IN ({', '.join(map(repr, following))}))"
        for step, following in NEXT.items()
        if following
    ]
    return " OR ".join(allowed)

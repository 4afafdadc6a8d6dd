"""What the concept detector remembers, beside the rows of runtime/windows."""

from dataclasses import dataclass, field
from typing import Self

from runtime.windows.rows import dump, load


@dataclass(slots=True)
class ConceptRow:
    """The concept detector of one version."""

    identity: str
    """Of the labelled reference and the rule: another one starts it afresh."""
    panes: int = 0
    """Steps made."""
    kept: list[int] = field(default_factory=list)
    """Starts of the panes whose steps are rows, in order; the last was taken last."""
    changed_ms: int | None = None
    """End of the newest pane in which like inputs were found to be answered otherwise."""
    state: bytes = b""
    """Of stats/performance/concept_state.py; empty before the first step."""

    def to_bytes(self) -> bytes:
        """The row as it is stored."""
        names = ("identity", "panes", "kept", "changed_ms")
        return dump({name: getattr(self, name) for name in names}, self.state)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The row that was stored."""
        header, state = load(data)
        return cls(**header, state=state)

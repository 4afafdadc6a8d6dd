"""What all metrics together say of a canary, and what it leads to.

Rolling back takes one metric: with α split over the tests that may roll back, the chance of ever doing so falsely is α
at most (Bonferroni; each test holds at every window at once). Promoting takes all of them, and no split: a canary worse
by its margin in any one is promoted with that one's chance at most (intersection-union test, Berger 1982,
Multiparameter hypothesis testing and acceptance sampling). Too little data and silence are outcomes of their own, never
success. A sample-ratio mismatch comes before all: how events got into the arms is then unknown, and what was counted
says nothing of the versions.

Assumed: each test's own conditions, and tests and margins named before the rollout.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from stats.outcome import TooFew
from stats.rollout.silence import Silent

Finding: TypeAlias = Literal["worse", "as good", "inconclusive"] | TooFew | Silent
"""What one metric says."""
Ratio: TypeAlias = Literal["mismatch", "match"] | TooFew
"""What stats/rollout/sample_ratio.py says."""
Outcome: TypeAlias = Literal["void", "worse", "silent", "too few", "inconclusive", "as good"]

ACTIONS: Mapping[Outcome, Literal["hold", "roll back", "wait", "promote"]] = {
    "void": "hold",
    "worse": "roll back",
    "silent": "hold",
    "too few": "wait",
    "inconclusive": "wait",
    "as good": "promote",
}
"""In order: the first outcome that anything speaks for is the verdict."""
SAMPLE_RATIO = "sample ratio"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One outcome for the canary and what follows from it; waiting ends at the rollout's deadline with a person."""

    outcome: Outcome
    action: Literal["hold", "roll back", "wait", "promote"]
    because: tuple[str, ...]
    """Metrics that speak for the outcome, or SAMPLE_RATIO."""


def split_alpha(alpha: float, tests: Sequence[str]) -> dict[str, float]:
    """The share of `alpha` that each test that may roll back is held to, by name."""
    if not 0 < alpha < 1 or not tests or len(set(tests)) < len(tests):
        raise ValueError(f"alpha {alpha:g} over tests {list(tests)}: name each once, at least one, and alpha in (0, 1)")
    return dict.fromkeys(tests, alpha / len(tests))


def joined(
    rolls_back: Literal["worse", "not yet"],
    promotes: Literal["worse", "as good", "inconclusive"] | TooFew,
    silent: Silent | None = None,
) -> Finding:
    """One metric's finding, of the test that rolls back, the interval that promotes, and what is heard of it lately.

    Harm that was found stays found in silence; whatever else was found does not.
    """
    if "worse" in (rolls_back, promotes):
        return "worse"
    return silent or promotes


def combine(found: Mapping[str, Finding], ratio: Ratio) -> Verdict:
    """The verdict over all metrics, by name, of the rollout's closed windows so far.

    ValueError without any metric: nothing measured must not look like all is well.
    """
    if not found:
        raise ValueError("a rollout without metrics cannot be judged: name at least one that may roll it back")
    spoken: dict[Outcome, list[str]] = {outcome: [] for outcome in ACTIONS}
    for name, finding in found.items():
        spoken[_outcome(finding)].append(name)
    if ratio != "match":
        spoken["void" if ratio == "mismatch" else "too few"].append(SAMPLE_RATIO)
    outcome = next(outcome for outcome, metrics in spoken.items() if metrics)
    return Verdict(outcome, ACTIONS[outcome], tuple(spoken[outcome]))


def _outcome(finding: Finding) -> Outcome:
    if isinstance(finding, Silent):
        return "silent"
    return "too few" if isinstance(finding, TooFew) else finding

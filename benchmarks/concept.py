"""False alarms and delays of the concept detector, by stream: `python benchmarks/concept.py [--quick]`.

A model with a reference of 10,080 labelled rows, and hourly panes of 100 or 1,000 labels, for months of 30 days. Each
has a reference of its own. First table: findings per 1,000 model-months in worlds without a change of concept; where
inputs move into harder strata in mid-month, `errors` finds what there is, and every other finding is false. Second
table: after two quiet days a change, and the hours until it is found, the first counted as 1; where the onset was then
put, in hours from the truth; and the share found in a day and in a week, the longest that is looked at.

Classification: scores from a normal logit whose spread makes the error rate, labels drawn with their probability
("overconfident": with that of 0.5 or 0.6 of the logit). Regression: predictions from a normal, errors of unit spread at
their centre and growing away from it. Counts are drawn as the fold would give them. Writes results/concept.json.
"""

import argparse
import json
import platform
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit, ndtr

from stats.performance.concept_detector import ConceptDetector, ConceptFinding, ConceptRule
from stats.performance.exact_sum import digits_of
from stats.performance.layout import BINS, OutcomeLayout

RESULTS = Path(__file__).parent / "results" / "concept.json"
HOUR_MS = 3_600_000
MONTH_H, QUIET_H, WEEK_H = 720, 48, 168
REFERENCE = 10_080
BINARY = OutcomeLayout("binary", ("no", "yes"))
NUMBERS = OutcomeLayout("regression", prediction_edges=np.linspace(-2, 2, 19))
STREAMS = ("errors", "concept", "outcomes_up", "outcomes_down")

Vectors = NDArray[np.int64]
"""Panes, [hours, layout.size]."""


@dataclass(frozen=True, slots=True)
class Scores:
    """A classifier's answers and their truth."""

    error_rate: float = 0.1
    """Of a calibrated model; it sets how far from ½ its scores are."""
    slope: float = 1.0
    """Labels follow so much of the logit."""
    flipped: float = 0.0
    """Share of labels that are turned round."""
    copies: int = 1
    """So often each event comes."""
    wander: float = 0.0
    """Standard deviation of what moves the labels' logit for a day."""
    layout = BINARY

    def panes(self, rng: np.random.Generator, hours: int, n: int) -> Vectors:
        """So many hours of n labels."""
        at = logit((np.arange(BINS) + 0.5) / BINS)
        share = np.diff(ndtr(logit(np.linspace(0, 1, BINS + 1)) / spread(self.error_rate)))
        day = np.repeat(rng.normal(0, self.wander, hours // 24 + 1), 24)[:hours, np.newaxis]
        rate = expit(self.slope * at + day)
        rate = rate + self.flipped * (1 - 2 * rate)
        count = rng.multinomial(n // self.copies, share, hours)
        positive = rng.binomial(count, rate) * self.copies
        count *= self.copies
        vectors = np.zeros((hours, BINARY.size), np.int64)
        said, half = np.arange(BINS) >= BINS // 2, BINS // 2
        BINARY.part(vectors, "n")[...] = count.sum(-1)
        for label, of in enumerate((count - positive, positive)):
            bins, confusion = BINARY.part(vectors, "bins"), BINARY.part(vectors, "confusion")
            bins[:, 0, 0, label], bins[:, 0, 1, label] = of * ~said, of * said
            confusion[:, label, 0], confusion[:, label, 1] = of[:, :half].sum(-1), of[:, half:].sum(-1)
        return vectors


@dataclass(frozen=True, slots=True)
class Errors:
    """A regression's answers and their errors."""

    tail: Literal["normal", "laplace", "t3"] = "normal"
    error: float = 1.0
    """Times what errors are in the reference."""
    spread: float = 1.0
    """Of the predictions."""
    layout = NUMBERS

    def panes(self, rng: np.random.Generator, hours: int, n: int) -> Vectors:
        """So many hours of n labels."""
        draw = {"normal": rng.standard_normal, "laplace": lambda k: rng.laplace(0, 0.5**0.5, k)}
        noise = draw.get(self.tail, lambda k: rng.standard_t(3, k) / 3**0.5)(hours * n)
        predicted = self.spread * rng.standard_normal(hours * n)
        e = self.error * (1 + predicted**2 / 4) * np.abs(noise)
        bins = NUMBERS.edges.size + 1
        place = np.repeat(np.arange(hours) * bins, n) + np.searchsorted(NUMBERS.edges, predicted)
        sums = [np.bincount(place, power, hours * bins) for power in (e, e**2, e**4)]
        vectors = np.zeros((hours, NUMBERS.size), np.int64)
        NUMBERS.part(vectors, "n")[...] = n
        NUMBERS.part(vectors, "bins")[...] = np.bincount(place, minlength=hours * bins).reshape(hours, bins)
        NUMBERS.part(vectors, "bin_sums")[...] = digits_of(np.stack(sums, -1)).reshape(hours, bins, 3, -1)
        return vectors


World = Scores | Errors


@dataclass(frozen=True, slots=True)
class Case:
    """A world before and after a moment."""

    name: str
    before: World
    after: World | None = None
    explained: bool = False
    """By the inputs: `errors` is right to find it, the other streams are not."""
    reference: int = REFERENCE
    dispersion: float = 1.0
    events: tuple[int, ...] = (1_000, 100)


QUIET = (
    *(Case(f"error rate {rate:g}", Scores(rate)) for rate in (0.05, 0.1, 0.3)),
    Case("error rate .1, 720 reference rows", Scores(), reference=720),
    Case("error rate .1, overconfident", Scores(slope=0.6)),
    Case("each label five times", Scores(copies=5)),
    Case("each label five times, φ = 5 given", Scores(copies=5), dispersion=5),
    Case("each label fifty times", Scores(copies=50)),
    Case("days differ by a logit of .1", Scores(wander=0.1)),
    Case("days differ by a logit of .3", Scores(wander=0.3)),
    Case("harder inputs, .1 → .15", Scores(), Scores(0.15), explained=True),
    Case("harder inputs, .05 → .2", Scores(0.05), Scores(0.2), explained=True),
    Case("harder inputs, overconfident", Scores(slope=0.6), Scores(0.15, slope=0.6), explained=True),
    Case(
        "harder inputs, overconfident, 720 rows",
        Scores(0.02, slope=0.5),
        Scores(0.2, slope=0.5),
        explained=True,
        reference=720,
    ),
    *(Case(f"regression, {tail}", Errors(tail)) for tail in ("normal", "laplace", "t3")),
    Case("regression, harder inputs", Errors(), Errors(spread=1.3), explained=True),
)
CHANGES = (
    Case("errors .10 → .15, labels turned", Scores(), Scores(flipped=0.0625)),
    Case("one segment in ten turned, .10 → .18", Scores(), Scores(flipped=0.1)),
    Case("errors .05 → .10, labels turned", Scores(0.05), Scores(0.05, flipped=0.0556)),
    Case("harder inputs, .10 → .15", Scores(), Scores(0.15)),
    Case("regression, errors × 1.1", Errors(), Errors(error=1.1)),
    Case("regression, errors × 1.5", Errors(), Errors(error=1.5)),
    Case("regression t3, errors × 1.1", Errors("t3"), Errors("t3", error=1.1)),
)


def spread(error_rate: float) -> float:
    """The logit's standard deviation at which a calibrated model is wrong so often."""
    at = (np.arange(BINS) + 0.5) / BINS
    edges = logit(np.linspace(0, 1, BINS + 1))

    def excess(sigma: float) -> float:
        return float(np.diff(ndtr(edges / sigma)) @ np.minimum(at, 1 - at)) - error_rate

    return float(brentq(excess, 0.05, 60))


def findings(case: Case, rng: np.random.Generator, n: int, before_h: int, after_h: int) -> list[list[ConceptFinding]]:
    """What each hour brings."""
    once = replace(case.before, copies=1) if isinstance(case.before, Scores) else case.before
    reference = once.panes(rng, MONTH_H, case.reference // MONTH_H).sum(0)
    rule = ConceptRule(HOUR_MS, dispersion=case.dispersion)
    detector = ConceptDetector(case.before.layout, reference, rule)
    vectors = case.before.panes(rng, before_h, n)
    if case.after is not None:
        vectors = np.concatenate((vectors, case.after.panes(rng, after_h, n)))
    state, found = detector.start(), []
    for hour, cells in enumerate(vectors):
        state, _, new = detector.step(state, hour * HOUR_MS, cells)
        found.append(new)
    return found


def quiet_row(case: Case, n: int, months: int) -> dict[str, Any]:
    """Findings per 1,000 model-months, by stream; null for those that are right."""
    rng = np.random.default_rng([n, *case.name.encode()])
    half = MONTH_H // 2 if case.after is not None else 0
    counts = dict.fromkeys(STREAMS, 0)
    for _ in range(months):
        for hour in findings(case, rng, n, MONTH_H - half, half):
            for finding in hour:
                counts[finding.what] += 1
    per_1000: dict[str, float | None] = {name: 1_000 * count / months for name, count in counts.items()}
    false = sum(counts.values()) - (counts["errors"] if case.explained else 0)
    return {
        "world": case.name,
        "labels_an_hour": n,
        "months": months,
        "found_per_1000": per_1000,
        "false_per_1000": 1_000 * false / months,
    }


def change_row(case: Case, n: int, runs: int) -> dict[str, Any]:
    """Delays in hours by stream, the median over runs; null where most runs find nothing."""
    rng = np.random.default_rng([n, *case.name.encode()])
    delays: dict[str, list[float]] = {name: [] for name in STREAMS}
    onsets: list[float] = []
    for _ in range(runs):
        found = findings(case, rng, n, QUIET_H, WEEK_H)[QUIET_H:]
        for name in STREAMS:
            hours = [hour for hour, new in enumerate(found, 1) if any(finding.what == name for finding in new)]
            delays[name].append(hours[0] if hours else np.inf)
        first = next((new[0] for new in found if new), None)
        if first is not None:
            onsets.append(first.onset_ms / HOUR_MS - QUIET_H)
    soonest = np.min(list(delays.values()), axis=0)
    return {
        "world": case.name,
        "labels_an_hour": n,
        "runs": runs,
        "delay_h": {name: median(hours) for name, hours in delays.items()},
        "first_h": median(soonest),
        "onset_h": median(onsets) if onsets else None,
        "found_24h": float(np.mean(soonest <= 24)),
        "found_week": float(np.mean(soonest <= WEEK_H)),
    }


def median(hours: Any) -> float | None:
    middle = float(np.median(hours))
    return middle if np.isfinite(middle) else None


def cases(of: tuple[Case, ...]) -> Iterator[tuple[Case, int]]:
    return ((case, n) for case in of for n in case.events)


def shown(value: float | None, form: str = ",.0f") -> str:
    return "–" if value is None else format(value, form)


def line(row: dict[str, Any], cells: list[str]) -> None:
    print(f"{row['world']:<42}{row['labels_an_hour']:>8}" + "".join(f"{cell:>14}" for cell in cells), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few months and runs")
    quick = parser.parse_args().quick
    months, runs = (6, 12) if quick else (60, 60)
    report: dict[str, Any] = {"quick": quick, "python": platform.python_version(), "quiet": [], "changes": []}
    head = {"world": "found per 1,000 model-months", "labels_an_hour": "labels/h"}
    line(head, ["months", *STREAMS, "false"])
    for case, n in cases(QUIET):
        row = quiet_row(case, n, months)
        figures = [*row["found_per_1000"].values(), row["false_per_1000"]]
        line(row, [str(months), *(shown(figure) for figure in figures)])
        report["quiet"].append(row)
    print()
    line(head | {"world": "median hours until found"}, ["first", *STREAMS, "onset", "in 24 h", "in a week"])
    for case, n in cases(CHANGES):
        row = change_row(case, n, runs)
        hours = [row["first_h"], *row["delay_h"].values(), row["onset_h"]]
        line(row, [*(shown(hour) for hour in hours), f"{row['found_24h']:.0%}", f"{row['found_week']:.0%}"])
        report["changes"].append(row)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()

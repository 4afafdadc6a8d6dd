"""Scores one window of 25 features, against scipy on the raw values: `python benchmarks/score.py [--quick]`.

Ours folds the window and computes every score from counts; scipy computes KS and Wasserstein alone, on 20 numeric
features, against 100,000 reference rows. Also shown: how far our figures from counts lie from scipy's from raw values.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.stats import ks_2samp, wasserstein_distance

from stats.baseline import build_column
from stats.fold import Columns, fold
from stats.layout import Layout
from stats.reference import Reference
from stats.scores import score

NUMERIC, CODED, REFERENCE_ROWS = 20, 5, 100_000
LETTERS = list("abcdefgh")
RESULTS = Path(__file__).parent / "results"


def seconds(work: Callable[[], object], repeats: int) -> float:
    """CPU seconds of the fastest of some runs, the one least disturbed."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def window_row(layout: Layout, reference: np.ndarray, n: int, repeats: int) -> dict[str, float]:
    rng = np.random.default_rng(n)
    values = rng.normal(0.2, 1.1, (NUMERIC, n))
    codes = rng.integers(0, len(LETTERS), (CODED, n)).astype(np.int32)
    columns = Columns(values, codes, np.full(n, 200, np.int16), rng.gamma(2, 10, n), rng.random(n))
    group = np.zeros(n, np.int64)
    (cells,) = fold(layout, columns, group, 1)
    fold_s = seconds(lambda: fold(layout, columns, group, 1), repeats)
    score_s = seconds(lambda: score(layout, layout.reference_cells, cells), 10 * repeats)
    pairs = list(zip(reference, values, strict=True))
    ks_s = seconds(lambda: [ks_2samp(r, x, method="asymp") for r, x in pairs], 1)
    wasserstein_s = seconds(lambda: [wasserstein_distance(r, x) for r, x in pairs], 1)
    scores = score(layout, layout.reference_cells, cells)
    ks_error = max(abs(s.ks - ks_2samp(r, x).statistic) for s, (r, x) in zip(scores, pairs, strict=False))
    wasserstein_error = max(
        abs(s.wasserstein - wasserstein_distance(r, x) / r.std()) for s, (r, x) in zip(scores, pairs, strict=False)
    )
    return {
        "n": n,
        "fold_ms": fold_s * 1e3,
        "score_ms": score_s * 1e3,
        "scipy_ks_ms": ks_s * 1e3,
        "scipy_wasserstein_ms": wasserstein_s * 1e3,
        "ratio_ks": ks_s / (fold_s + score_s),
        "ks_error": ks_error,
        "wasserstein_error": wasserstein_error,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one size and fewer repeats")
    quick = parser.parse_args().quick
    rng = np.random.default_rng(0)
    reference = rng.normal(size=(NUMERIC, REFERENCE_ROWS))
    layout = Layout(
        Reference(
            (
                *(build_column(f"x{i}", "feature", "numeric", row) for i, row in enumerate(reference)),
                *(
                    build_column(f"c{i}", "feature", "categorical", rng.choice(LETTERS, 5_000).tolist())
                    for i in range(CODED)
                ),
            )
        )
    )
    rows = [window_row(layout, reference, n, 5) for n in ((10_000,) if quick else (10_000, 100_000, 1_000_000))]
    print("".join(f"{name:>22}" for name in rows[0]))
    for row in rows:
        print("".join(f"{value:>22.4g}" for value in row.values()))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "score.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()

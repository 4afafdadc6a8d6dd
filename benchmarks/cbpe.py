"""Performance before labels, against NannyML itself: `python benchmarks/cbpe.py [--quick]`.

Four data sets that come with NannyML, in its own chunks: its estimates and the truth as it computes them, and ours of
histograms, whose calibration maps are fitted on the same reference rows. The command fails where a figure of ours is
further from NannyML's than the bound, in any chunk.
"""

import argparse
import json
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from peers.environments import version
from peers.process import call

from stats.outcome import TooFew
from stats.performance.calibration_map import calibration_maps
from stats.performance.cbpe import cbpe
from stats.performance.cells import fold_outcomes, fold_predictions
from stats.performance.estimate import Estimate
from stats.performance.layout import OutcomeLayout

RESULTS = Path(__file__).parent / "results"
CHUNK = 5_000
BOUND = 0.002
"""Largest difference to NannyML's estimate of a chunk."""
BINARY, MANY = ("0", "1"), ("highstreet_card", "prepaid_card", "upmarket_card")
DATA_SETS = {"work from home": BINARY, "car loans": BINARY, "US census": BINARY, "credit cards": MANY}
"""Data sets and their classes."""
METRICS = ("accuracy", "precision", "recall", "f1", "auc")
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Row:
    """One metric of one data set, over its chunks."""

    data_set: str
    metric: str
    chunks: int
    mean_gap: float
    """|ours − NannyML's estimate|."""
    worst_gap: float
    nannyml_error: float
    """Mean |NannyML's estimate − truth|."""
    our_error: float
    worst_nannyml_error: float
    worst_our_error: float
    in_band: float
    """Share of chunks whose truth our band holds."""


class Events:
    """Columns of a data set, and what the layout makes of them."""

    def __init__(self, layout: OutcomeLayout, columns: dict[str, list[Any]]) -> None:
        self._layout = layout
        self._labels, self._predictions = (layout.codes(columns[name]) for name in ("labels", "predictions"))
        self._probabilities = np.array(columns["probabilities"], np.float64)

    def made(self, rows: slice) -> NDArray[np.int64]:
        """The vector of predictions without their labels."""
        predictions = self._predictions[rows]
        group = np.zeros(len(predictions), np.intp)
        return fold_predictions(self._layout, predictions, self._probabilities[rows], group=group, groups=1)[0]

    def joined(self) -> NDArray[np.int64]:
        """The vector of all pairs."""
        nothing = np.full(len(self._labels), np.nan)
        group = np.zeros(len(self._labels), np.intp)
        columns = (self._predictions, self._probabilities, self._labels, np.zeros(len(self._labels)), nothing)
        return fold_outcomes(self._layout, *columns, group=group, groups=1)[0]


def estimates(layout: OutcomeLayout, found: dict[str, Any]) -> dict[str, list[Estimate]]:
    """Ours of every chunk, by metric."""
    maps = calibration_maps(layout, Events(layout, found["reference"]).joined())
    assert not isinstance(maps, TooFew)
    analysis = Events(layout, found["analysis"])
    ours = [
        cbpe(layout, maps, analysis.made(slice(start, end + 1))) for start, end in zip(*found["chunks"], strict=True)
    ]
    names = {metric: f"{metric}_macro" if f"{metric}_macro" in ours[0] else metric for metric in METRICS}
    return {
        metric: [estimate for chunk in ours if isinstance(estimate := chunk[name], Estimate)]
        for metric, name in names.items()
    }


def compared(data_set: str, layout: OutcomeLayout, found: dict[str, Any]) -> Iterator[Row]:
    for metric, ours in estimates(layout, found).items():
        theirs, truth = (np.array(found[part][metric], np.float64) for part in ("estimate", "truth"))
        value, low, high = (np.array([getattr(one, part) for one in ours]) for part in ("value", "low", "high"))
        gap, their_error, our_error = np.abs(value - theirs), np.abs(theirs - truth), np.abs(value - truth)
        yield Row(
            data_set,
            metric,
            len(gap),
            float(gap.mean()),
            float(gap.max()),
            float(their_error.mean()),
            float(our_error.mean()),
            float(their_error.max()),
            float(our_error.max()),
            float(((low <= truth) & (truth <= high)).mean()),
        )


def table(rows: list[Row]) -> str:
    titles = ("mean gap", "worst gap", "their error", "our error", "their worst", "our worst", "in band")
    lines = [f"{'data set':<16}{'metric':<11}{'chunks':>7}" + "".join(f"{title:>13}" for title in titles)]
    for row in rows:
        name, metric, chunks, *figures, share = asdict(row).values()
        cells = "".join(f"{figure:>13.5f}" for figure in figures)
        lines.append(f"{name:<16}{metric:<11}{chunks:>7}{cells}{share:>13.0%}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one data set of two classes, one of three")
    names = ("work from home", "credit cards") if parser.parse_args().quick else tuple(DATA_SETS)
    rows: list[Row] = []
    for name in names:
        classes = DATA_SETS[name]
        layout = OutcomeLayout("binary" if classes is BINARY else "multiclass", classes)
        rows += compared(name, layout, call("nannyml", "cbpe", name=name, n=CHUNK))
    print(table(rows))
    RESULTS.mkdir(exist_ok=True)
    report = {"python": platform.python_version(), "nannyml": version("nannyml"), "rows": [asdict(row) for row in rows]}
    (RESULTS / "cbpe.json").write_text(json.dumps(report, indent=1) + "\n")
    beyond = [row for row in rows if not row.worst_gap <= BOUND]
    for row in beyond:
        print(f"beyond {BOUND}: {row.metric} of {row.data_set}: {row.worst_gap:.5f}")
    return bool(beyond)


if __name__ == "__main__":
    sys.exit(main())

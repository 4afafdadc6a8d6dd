"""How often a candidate is called better that is not, and how often one is that is: stats/retraining/paired.py.

    python benchmarks/promotion.py [--quick]

Production and candidate answer the same holdout of n rows; each knows the truth through noise of its own, part of which
they share. Three candidates: a twin, as good as production, held to margin 0; a worse one, held to the very margin by
which it is worse (found on two million rows); a better one, held to margin 0. Of the first two, the share called better
is a false promotion and should be alpha = 5 %; of the last it is the power, for those figures that it does better.
Prints a table a world, writes benchmarks/results/promotion.json.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stats.performance.layout import OutcomeLayout
from stats.retraining.gain import ALPHA
from stats.retraining.paired import Answers, compare

RESULTS = Path(__file__).parent / "results"
SIZES = (500, 2_000, 10_000)
POPULATION = 2_000_000
NOISE = 0.8
WORSE, BETTER = 1.0, 0.6
"""Noise of the other candidates; production and its twin have NOISE."""

Floats = NDArray[np.float64]
Rows = tuple[NDArray[np.float64] | NDArray[np.int64], Answers, Answers]
World = Callable[[np.random.Generator, int, float], Rows]
"""Generator, rows, the candidate's noise: labels, production's answers, the candidate's."""

BINARY = OutcomeLayout("binary", ("no", "yes"))
THREE = OutcomeLayout("multiclass", ("a", "b", "c"))
NUMBERS = OutcomeLayout("regression")


def noises(rng: np.random.Generator, shape: tuple[int, ...], noise: float) -> tuple[Floats, Floats]:
    """Of production and the candidate, correlated by a half where both are as large."""
    shared, own, others = (rng.standard_normal(shape) for _ in range(3))
    return NOISE * np.sqrt(0.5) * (shared + own), noise * np.sqrt(0.5) * (shared + others)


def binary(base: float) -> World:
    def world(rng: np.random.Generator, n: int, noise: float) -> Rows:
        truth = base + 2 * rng.standard_normal(n)
        label = (rng.random(n) < 1 / (1 + np.exp(-truth))).astype(np.int64)
        models = []
        for extra in noises(rng, (n,), noise):
            p = 1 / (1 + np.exp(-(truth + extra)))
            models.append(Answers((p > 0.5).astype(np.int64), p[:, np.newaxis]))
        return label, models[0], models[1]

    return world


def three(rng: np.random.Generator, n: int, noise: float) -> Rows:
    truth = 1.5 * rng.standard_normal((n, 3)) + (0.5, 0.0, -0.5)
    label = (truth + rng.gumbel(size=(n, 3))).argmax(1)
    models = []
    for extra in noises(rng, (n, 3), noise):
        p = np.exp(truth + extra)
        models.append(Answers(p.argmax(1), p / p.sum(1, keepdims=True)))
    return label, models[0], models[1]


def numbers(tail: float) -> World:
    """Errors are normal, or Student's t of `tail` degrees of freedom, with rows that are hard for both."""

    def world(rng: np.random.Generator, n: int, noise: float) -> Rows:
        label = 10 * rng.standard_normal(n)
        hard = np.sqrt(tail / rng.chisquare(tail, n)) if np.isfinite(tail) else np.ones(n)
        was, now = noises(rng, (n,), noise)
        return label, Answers(label + hard * was), Answers(label + hard * now)

    return world


WORLDS: dict[str, tuple[OutcomeLayout, World, tuple[str, ...]]] = {
    "two classes, 40 % positive": (
        BINARY, binary(-0.6), ("accuracy", "precision", "recall", "f1", "log_loss", "brier", "auc"),
    ),
    "two classes, 4 % positive": (
        BINARY, binary(-5.0), ("accuracy", "precision", "recall", "f1", "log_loss", "brier", "auc"),
    ),
    "three classes": (THREE, three, ("accuracy", "f1_macro", "f1_weighted", "log_loss", "auc")),
    "regression, normal errors": (NUMBERS, numbers(np.inf), ("mae", "mse", "rmse")),
    "regression, t5 errors": (NUMBERS, numbers(5.0), ("mae", "mse", "rmse")),
    "regression, t3 errors": (NUMBERS, numbers(3.0), ("mae", "mse", "rmse")),
}  # fmt: skip


def gains(layout: OutcomeLayout, rows: Rows, names: tuple[str, ...]) -> dict[str, float]:
    """Of the population: the gain of each figure."""
    found = {name: compare(name, *rows, layout=layout).difference for name in names}
    return {name: gain.value for name, gain in found.items()}


def shares(layout: OutcomeLayout, world: World, names: tuple[str, ...], runs: dict[int, int]) -> dict[str, dict]:
    """By figure and size: shares called better of the twin, of the worse candidate at its margin, of the better one."""
    rng = np.random.default_rng(29)
    worse = gains(layout, world(rng, POPULATION, WORSE), names)
    better = gains(layout, world(rng, POPULATION, BETTER), names)
    nothing = dict.fromkeys(names, 0.0)
    kinds = {"twin": (NOISE, nothing), "at_margin": (WORSE, worse), "power": (BETTER, nothing)}
    found: dict[str, dict] = {name: {"worse_by": -worse[name], "better_by": better[name]} for name in names}
    for n, many in runs.items():
        of_size: dict[str, dict[str, list]] = {name: {kind: [] for kind in kinds} for name in names}
        for kind, (noise, margins) in kinds.items():
            for _ in range(many):
                rows = world(rng, n, noise)
                for name in names:
                    verdict = compare(name, *rows, layout=layout, margin=margins[name]).better
                    of_size[name][kind].append(verdict if isinstance(verdict, bool) else None)
        for name, kinds_of in of_size.items():
            found[name][str(n)] = {kind: summary(verdicts) for kind, verdicts in kinds_of.items()}
    return found


def summary(verdicts: list[bool | None]) -> dict[str, float | None]:
    judged = [verdict for verdict in verdicts if verdict is not None]
    return {"better": float(np.mean(judged)) if judged else None, "too_few": 1 - len(judged) / len(verdicts)}


def table(name: str, found: dict[str, dict]) -> None:
    print(f"\n{name}: share called better, in %")
    print(f"{'':16}{'gain':>10}" + "".join(f"{f'n = {n:,}':>24}" for n in SIZES))
    print(f"{'':16}{'':>10}" + "".join(f"{'twin  margin  power':>24}" for _ in SIZES))
    for metric, figures in found.items():
        cells = []
        for n in SIZES:
            kinds = ("twin", "at_margin", "power") if figures["better_by"] > 0 else ("twin", "at_margin")
            parts = [figures[str(n)][kind] for kind in kinds]
            told = [100 * part["better"] if part["too_few"] < 0.5 else None for part in parts]
            cells.append("  ".join("  –  " if share is None else f"{share:5.1f}" for share in told).ljust(21))
        print(f"{metric:16}{figures['better_by']:>10.4f}" + "".join(f"{cell:>24}" for cell in cells))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    quick = parser.parse_args().quick
    runs = dict(zip(SIZES, (400, 200, 60) if quick else (4_000, 2_000, 1_000), strict=True))
    found = {}
    for name, (layout, world, names) in WORLDS.items():
        found[name] = shares(layout, world, names, runs)
        table(name, found[name])
    print(f"\nalpha {ALPHA:.0%}; runs {runs}")
    machine = {"cores": os.cpu_count(), "python": sys.version.split()[0]}
    report = {"machine": machine, "quick": quick, "alpha": ALPHA, "runs": runs, "worlds": found}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "promotion.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()

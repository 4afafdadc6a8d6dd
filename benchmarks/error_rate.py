"""How soon a rise of the error rate is found, and how often one is found that is none, against River's detectors.

    python benchmarks/error_rate.py [--quick]

Every detector sees the same errors: a holdout of 10,000, then the stream. Ours takes the holdout as its reference,
the others see it as the stream's first events, where their alarms are not counted; their settings are River's
defaults. Delays are in events from the change to the first alarm after it; alarms before it count as false. Prints
tables, writes benchmarks/results/error_rate.json. River is in dependency group `bench`; without it ours runs alone.
"""

import argparse
import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stats.error_rate import ErrorRateDetector, threshold_for, upper_rate

RESULTS = Path(__file__).parent / "results"
HOLDOUT = 10_000
BEFORE, AFTER = 5_050, 19_950  # the change lies in the middle of a pane, as changes do
PANE = 100
CONSTANT = (0.02, 0.1, 0.3)
CHANGES = ((0.1, 0.12), (0.1, 0.15), (0.02, 0.04))
OURS, STRICTER = "driftline A=1e5", "driftline A=1e6"

Flags = NDArray[np.bool_]
Detector = Callable[[Flags, Flags], Flags]
"""Errors of the holdout [H, S] and of the stream [T, S] to alarms [T, S], on S streams that know nothing of another."""

Figures = dict[str, dict[str, dict[str, float | None]]]
"""By detector, by case, by name."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """Streams of errors with one change, or none."""

    name: str
    holdout: Flags
    stream: Flags
    change: int | None = None

    def figures(self, alarms: Flags) -> dict[str, float | None]:
        """False alarms per 100,000 events, median delay (null where most were not found) and the share found."""
        quiet = alarms[: self.change]
        found: dict[str, float | None] = {"false_per_100k": float(quiet.mean() * 1e5), "runs": alarms.shape[1]}
        if self.change is not None:
            after = alarms[self.change :]
            delays = np.where(after.any(0), after.argmax(0) + 1.0, np.inf)
            median = float(np.median(delays))
            found |= {"delay_events": median if median < np.inf else None, "found": float(after.any(0).mean())}
        return found


def ours(threshold: float, pane: int, holdout: Flags, stream: Flags) -> Flags:
    """The detector of stats/error_rate.py in steps of `pane` events; an alarm is raised with a pane's last event."""
    uppers = [upper_rate(int(errors), len(holdout)) for errors in holdout.sum(0)]
    assert all(isinstance(upper, float) for upper in uppers)
    detector = ErrorRateDetector(np.array(uppers, float), threshold)
    evidence, alarms = detector.start(), np.zeros(stream.shape, bool)
    for number, errors in enumerate(stream.reshape(-1, pane, stream.shape[1]).sum(1), start=1):
        evidence = detector.step(evidence, errors, pane)
        alarm = detector.alarms(evidence)
        if alarm.any():
            alarms[number * pane - 1] = alarm
            evidence = detector.reset(evidence, alarm)
    return alarms


def rivers(make: Callable[[], Any], holdout: Flags, stream: Flags) -> Flags:
    """A detector of River's, one a stream; it starts anew after an alarm by itself."""
    alarms = np.zeros(stream.shape, bool)
    for column, seen in enumerate(np.concatenate([holdout, stream]).T.tolist()):
        detector = make()
        for number, error in enumerate(seen, start=-len(holdout)):
            detector.update(error)
            if detector.drift_detected and number >= 0:
                alarms[number, column] = True
    return alarms


def detectors(river: Any | None) -> dict[str, Detector]:
    found: dict[str, Detector] = {
        OURS: partial(ours, threshold_for(1), 1),
        STRICTER: partial(ours, threshold_for(0.1), 1),
        f"driftline, panes of {PANE}": partial(ours, threshold_for(1, PANE), PANE),
    }
    if river is not None:
        drift, binary = (importlib.import_module(f"river.{name}") for name in ("drift", "drift.binary"))
        peers = {"ADWIN": drift.ADWIN, "DDM": binary.DDM, "EDDM": binary.EDDM, "Page-Hinkley": drift.PageHinkley}
        found |= {f"River {name}": partial(rivers, make) for name, make in peers.items()}
    return found


def simulated(events: int, streams: int, runs: int) -> Iterator[Case]:
    """Independent errors of a constant rate, and of one that rises."""
    rng = np.random.default_rng(17)
    for rate in CONSTANT:
        holdout, stream = rng.random((HOLDOUT, streams)) < rate, rng.random((events, streams)) < rate
        yield Case(f"{rate:g}", holdout, stream)
    for low, high in CHANGES:
        rates = np.repeat([low, high], [BEFORE, AFTER])[:, None]
        holdout, stream = rng.random((HOLDOUT, runs)) < low, rng.random((BEFORE + AFTER, runs)) < rates
        yield Case(f"{low:g}→{high:g}", holdout, stream, BEFORE)


def concepts(runs: int, after: int = 4_950) -> Iterator[Case]:
    """Errors of a Hoeffding tree that is asked, then taught each event, from its 10,001st on; the concept changes once.

    With the customary noise: 10 % of classes for SEA (Street and Kim 2001), 5 % of values for Agrawal.
    """
    synth, tree = (importlib.import_module(f"river.{name}") for name in ("datasets.synth", "tree"))
    worlds = {
        "SEA 2→3": [partial(synth.SEA, variant=v, noise=0.1) for v in (2, 3)],
        "Agrawal 0→2": [partial(synth.Agrawal, classification_function=f, perturbation=0.05) for f in (0, 2)],
    }
    learnt = 10_000
    for name, (old, new) in worlds.items():
        columns = []
        for seed in range(runs):
            model, errors = tree.HoeffdingTreeClassifier(), []
            for world, count in ((old(seed=seed), learnt + HOLDOUT + BEFORE), (new(seed=1_000 + seed), after)):
                for features, truth in world.take(count):
                    errors.append(model.predict_one(features) != truth)
                    model.learn_one(features, truth)
            columns.append(errors[learnt:])
        seen = np.array(columns, bool).T
        yield Case(name, seen[:HOLDOUT], seen[HOLDOUT:], BEFORE)


def microseconds_an_event(detector: Detector, streams: int = 1) -> float:
    """CPU time of an event of one stream, the least of three runs."""
    errors = np.random.default_rng(1).random((10_000, streams)) < 0.1
    times = []
    for _ in range(3):
        start = time.process_time()
        detector(errors[:100], errors)
        times.append((time.process_time() - start) / errors.size)
    return min(times) * 1e6


def line(name: str, cells: list[str]) -> str:
    return f"{name:26}" + "".join(f"{cell:>15}" for cell in cells)


def delay(figures: dict[str, float | None]) -> str:
    if figures["delay_events"] is None:
        return f"– ({figures['found']:.0%})"
    return f"{figures['delay_events']:,.0f} ({figures['found']:.0%})"


def tables(found: Figures, cost: dict[str, float]) -> None:
    """Prints false alarms, delays, and how many times ours the others' delays and costs are."""
    cases, changes = list(found[OURS]), [case for case in found[OURS] if "→" in case]
    print(line("false per 100 k events", [case.split("→")[0] + "→" * ("→" in case) for case in cases]))
    for name, by_case in found.items():
        print(line(name, [f"{by_case[case]['false_per_100k']:.2f}" for case in cases]))
    print("\n" + line("median delay (found)", [*changes, "CPU µs/event"]))
    for name, by_case in found.items():
        print(line(name, [*(delay(by_case[case]) for case in changes), f"{cost[name]:.2f}"]))
    print("\n" + line(f"× {OURS}", [*changes, "CPU"]))
    for name, by_case in found.items():
        pairs = [(by_case[case]["delay_events"], found[OURS][case]["delay_events"]) for case in changes]
        ratios = [f"{theirs / own:.2f}" if theirs and own else "–" for theirs, own in pairs]
        print(line(name, [*ratios, f"{cost[name] / cost[OURS]:.2f}"]))


def losses(found: Figures, cost: dict[str, float]) -> None:
    """Prints every case in which another finds a change sooner, raises fewer false alarms, or costs less."""
    for mine in (OURS, STRICTER):
        print(f"\nWhere another beats {mine}:")
        for name in (name for name in found if name.startswith("River")):
            better = []
            for case, own in found[mine].items():
                for figure, unit in (("false_per_100k", "false"), ("delay_events", "events")):
                    theirs, ours_is = found[name][case].get(figure), own.get(figure)
                    if theirs is not None and (ours_is is None or theirs < ours_is):
                        shown = "none" if ours_is is None else f"{ours_is:,.4g}"
                        better.append(f"{case} {theirs:,.4g} {unit} (ours {shown})")
            if cost[name] < cost[mine]:
                better.append(f"CPU {cost[mine] / cost[name]:.0f} × less")
            worst = max(figures["false_per_100k"] or 0.0 for figures in found[name].values())
            print(f"  {name}, up to {worst:.1f} false alarms: {'; '.join(better) or 'nowhere'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter streams")
    quick = parser.parse_args().quick
    try:
        river = importlib.import_module("river")
    except ImportError:
        river = None
        print("river is not installed, so ours runs alone: install dependency group `bench`")
    cases = list(simulated(*((20_000, 15, 15) if quick else (100_000, 60, 100))))
    if river is not None:
        cases += concepts(2 if quick else 15)
    competing = detectors(river)
    found = {
        name: {case.name: case.figures(detector(case.holdout, case.stream)) for case in cases}
        for name, detector in competing.items()
    }
    cost = {name: microseconds_an_event(detector) for name, detector in competing.items()}
    at_once = microseconds_an_event(competing[OURS], 200)
    tables(found, cost)
    losses(found, cost)
    print(f"\n{OURS}, 200 streams at once: {at_once:.2f} CPU µs an event")
    machine = {
        "cores": os.cpu_count(),
        "python": sys.version.split()[0],
        "river": river.__version__ if river is not None else None,
    }
    report = {
        "machine": machine,
        "quick": quick,
        "cases": found,
        "cpu_us_an_event": cost,
        "cpu_us_an_event_200_streams": at_once,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "error_rate.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()

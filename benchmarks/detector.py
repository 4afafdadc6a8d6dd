"""False alarms and delays of drift detectors, against the peers themselves: `python benchmarks/detector.py [--quick]`.

100 features in hourly panes, 30 days of training and 30 of production, in the worlds of peers/worlds.py. A false alarm
is an alarm on a feature of which nothing is meant to be told; delays are those of a shift by .25σ on six features.
Ours is what the services run, with its defaults. Peers use their default rules on values of the same worlds; the cost
of most allows a sample of hours and features only, from which false alarms are scaled to 100 features and 720 hours.

    --only NAME… --events N…     those detectors, so many events an hour; results of others are kept
"""

import argparse
import json
import math
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from peers.environments import version
from peers.process import call
from peers.worlds import HOURS, ONSET, WORLDS, World, panes, production, shifted, start_ms, training, values

from stats.detector.detector import Detector
from stats.detector.rule import Rule
from stats.detector.season import learn
from stats.layout import Layout
from stats.psi import psi

RESULTS = Path(__file__).parent / "results" / "detector.json"
DRIFT = 0.25
FEATURES = 100
"""What false alarms are stated for."""
REFERENCE_ROWS = 100_000
"""Of the peers' reference, whole hours spread over the 30 days."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is simulated."""

    features: int = FEATURES
    references: int = 5
    months: int = 10
    """Without drift, a reference; one with drift comes on top."""
    events: tuple[int, ...] = (1_000, 200)
    """An hour."""
    worlds: tuple[World, ...] = WORLDS
    peers: tuple[str, ...] = ("evidently", "nannyml", "scipy", "alibi_detect", "river")
    peer_worlds: tuple[World, ...] = WORLDS


QUICK = Effort(
    features=20,
    references=1,
    months=1,
    events=(1_000,),
    worlds=WORLDS[:3],
    peers=("evidently", "river"),
    peer_worlds=WORLDS[:1],
)


@dataclass(frozen=True, slots=True)
class Sample:
    """What part of a month a peer is shown."""

    features: int
    hours: int | None = None
    """Half of them before the onset, half after; None: all, in order."""
    categorical: bool = True


PEERS = {
    "evidently": Sample(features=10, hours=24),
    "nannyml": Sample(features=10),
    "scipy": Sample(features=10, hours=48),
    "alibi_detect": Sample(features=10, hours=24),
    "river": Sample(features=10, categorical=False),
}
NAMES = {
    "evidently": "Evidently, a column",
    "nannyml": "NannyML, mean ± 3σ",
    "scipy": "scipy, KS or χ² p < .05",
    "alibi_detect": "alibi-detect, a window",
    "river": "River ADWIN",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    world: str
    events_an_hour: int
    tool: str
    detector: str
    false_a_month: float
    """For 100 features."""
    model_months: float
    """Of 100 features, looked at."""
    delay_h: float | None
    """Median over shifted features, the first hour counted as 1; None: more than half never found."""
    found_24h: float
    found_72h: float


def own_rows(world: World, n: int, effort: Effort) -> list[Row]:
    """Our detectors, and the customary threshold on our counts, over all the months of the effort."""
    false: dict[str, list[float]] = {}
    delays: dict[str, list[float]] = {}
    for reference in range(effort.references):
        rng = np.random.default_rng([reference, n, WORLDS.index(world)])
        layout, trained = training(world, rng, effort.features, n)
        season = learn(layout, panes(trained, 0), Rule().pane_ms)
        rules = {
            "Driftline": partial(_stepped, Detector(layout, season, Rule())),
            "PSI > 0.2, our cells": partial(_above, layout),
        }
        for month in range(effort.months + 1):
            drift = DRIFT if month == effort.months else 0.0
            vectors = production(world, rng, layout, n, drift)
            for name, rule in rules.items():
                alarms = rule(vectors)
                if drift:
                    delays.setdefault(name, []).extend(_delays(alarms[shifted(effort.features), ONSET:]))
                else:
                    false.setdefault(name, []).append(alarms.sum() * FEATURES / effort.features)
    share = effort.features / FEATURES
    return [
        Row(world.name, n, "driftline", name, float(np.mean(counts)), len(counts) * share, *_found(delays[name]))
        for name, counts in false.items()
    ]


def _stepped(detector: Detector, vectors: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Every finding of a month of panes int64[HOURS, size], [rows, HOURS]; volume is the last row."""
    state = detector.start()
    alarms = np.zeros((len(detector.watched.names), HOURS), bool)
    for hour, cells in enumerate(vectors):
        state, _, findings = detector.step(state, start_ms(HOURS + hour), cells, partial(_since, vectors[: hour + 1]))
        alarms[[finding.place for finding in findings], hour] = True
    return alarms


def _since(vectors: NDArray[np.int64], onset_ms: int) -> list[tuple[int, NDArray[np.int64]]]:
    """The panes from an onset on."""
    first = max(0, (onset_ms - start_ms(HOURS)) // (start_ms(1) - start_ms(0)))
    return [(start_ms(HOURS + hour), vectors[hour]) for hour in range(first, len(vectors))]


def _above(layout: Layout, vectors: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The customary threshold, hour by hour, over the same cells."""
    counts = [(layout.reference_cells[section.counts], vectors[:, section.counts]) for section in layout.sections]
    return np.stack([psi(reference, panes_) > 0.2 for reference, panes_ in counts])


def peer_row(world: World, n: int, peer: str, sample: Sample) -> Row:
    """A peer on a month of raw values with a drift at ONSET; false alarms are those before it, or on other features."""
    rng = np.random.default_rng([n, WORLDS.index(world)])
    kept = np.sort(rng.choice(HOURS, min(HOURS, REFERENCE_ROWS // n), replace=False))
    hours = np.arange(HOURS)
    if sample.hours:
        half = sample.hours // 2
        halves = (rng.choice(hours[:ONSET], half, replace=False), rng.choice(hours[ONSET:], half, replace=False))
        hours = np.sort(np.concatenate(halves))
    trained, lived = (world.shifts(rng, sample.features, production=which) for which in (False, True))
    lived[shifted(sample.features), ONSET:] += DRIFT
    reference, window = (
        np.stack([values(world, rng, mean[at], n) for mean in means]) for means, at in ((trained, kept), (lived, hours))
    )
    answer = call(peer, "alarms", n=n, **_as_given(world, "reference", reference), **_as_given(world, "window", window))
    alarms = np.array(answer, bool)
    drifts = np.zeros((sample.features, hours.size), bool)
    drifts[shifted(sample.features)] = hours >= ONSET
    if len(alarms) == 1:  # one verdict over all features
        drifts = drifts.any(0, keepdims=True)
    quiet = alarms[~drifts]
    looks_a_month = HOURS * (1 if len(alarms) == 1 else FEATURES)
    found = float(alarms[drifts].mean())
    return Row(
        world.name,
        n,
        peer,
        NAMES[peer],
        float(quiet.mean() * looks_a_month),
        quiet.size / looks_a_month,
        *(_found_by_chance(found) if sample.hours else _found(_delays(alarms[drifts.any(1)][:, ONSET:]))),
    )


def _as_given(world: World, side: str, drawn: NDArray[np.float64]) -> dict[str, NDArray[np.generic]]:
    """Columns as the adapters take them; categories become texts."""
    nothing = np.empty((0, drawn.shape[1]))
    numeric = world.distribution.kind == "numeric"
    coded = nothing.astype(str) if numeric else np.char.add("v", drawn.astype(int).astype(str))
    return {f"{side}_numeric": drawn if numeric else nothing, f"{side}_coded": coded}


def _delays(alarms: NDArray[np.bool_]) -> list[float]:
    """Hours to the first alarm of each row, the first hour counted as 1; infinite where there is none."""
    return [float(row.argmax() + 1) if row.any() else math.inf for row in alarms]


def _found(delays: list[float]) -> tuple[float | None, float, float]:
    median = float(np.median(delays))
    return (median if math.isfinite(median) else None, *(float(np.mean(np.array(delays) <= h)) for h in (24, 72)))


def _found_by_chance(look: float) -> tuple[float | None, float, float]:
    """The same from the share of single looks that alarm, as if hours were independent."""
    median = None if look == 0 else 1.0 if look >= 0.5 else float(math.ceil(math.log(0.5) / math.log(1 - look)))
    return (
        median if median is not None and median <= HOURS - ONSET else None,
        1 - (1 - look) ** 24,
        1 - (1 - look) ** 72,
    )


def table(rows: list[Row]) -> str:
    """The rows for people, each with its looks in months of 100 features."""
    titles = ("false a month", "months", "delay h", "in 24 h", "in 72 h")
    lines = [f"{'world':<28}{'n/h':>6}  {'detector':<30}" + "".join(f"{title:>14}" for title in titles)]
    for row in rows:
        delay = "–" if row.delay_h is None else f"{row.delay_h:.0f}"
        figures = (f"{row.false_a_month:,.2f}", f"{row.model_months:.3f}", delay)
        cells = (*figures, f"{row.found_24h:.0%}", f"{row.found_72h:.0%}")
        name = f"{row.world:<28}{row.events_an_hour:>6}  {row.detector:<30}"
        lines.append(name + "".join(f"{cell:>14}" for cell in cells))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few features, months and worlds")
    parser.add_argument("--only", nargs="+", choices=["driftline", *PEERS], help="those detectors")
    parser.add_argument("--events", nargs="+", type=int, metavar="N", help="events an hour")
    given = parser.parse_args()
    effort = QUICK if given.quick else Effort()
    events = given.events or effort.events
    tools = given.only or ("driftline", *effort.peers)
    report = _kept(tools, events, quick=given.quick)
    for n, world in product(events, effort.worlds):
        rows = own_rows(world, n, effort) if "driftline" in tools else []
        rows += [
            peer_row(world, n, peer, PEERS[peer])
            for peer in tools
            if peer != "driftline"
            and world in effort.peer_worlds
            and (world.distribution.kind == "numeric" or PEERS[peer].categorical)
        ]
        print(table(rows), flush=True)
        report["rows"] += [asdict(row) for row in rows]
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(report, indent=1) + "\n")


def _kept(again: Sequence[str], events: Sequence[int], *, quick: bool) -> dict[str, Any]:
    """The report to go on with: rows of an earlier run of the same mode, but for what runs again."""
    old = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    old = old if old.get("quick") == quick else {}
    rows = [row for row in old.get("rows", []) if row["tool"] not in again or row["events_an_hour"] not in events]
    versions = old.get("versions", {}) | {tool: version(tool) for tool in again}
    return {"quick": quick, "python": platform.python_version(), "versions": versions, "rows": rows}


if __name__ == "__main__":
    main()

"""What windows of outcomes must say: all events joined in pandas, and figures of groups. It knows no cell or pane."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isnan, nan
from typing import Any

import numpy as np
import pandas as pd

from schemas.monitor import Monitor
from schemas.performance_window import PerformanceWindow

Event = Mapping[str, Any]
Place = tuple[str, str, str, str, int, int]
"""Model, kind of time, version, segment, size, start."""
PLACE = ["model", "by", "version", "segment", "size_ms", "start_ms"]
CLASSES = ("stay", "leave")
"""Of the binary model, the positive one last."""
SHORTEST_DELAY_S = 60 * 2.0**-7
"""Shorter delays are told as this one."""
EXACT = 1e-6
"""Sums are kept in units of 2^-30."""


@dataclass(frozen=True)
class Joined:
    """All events, joined."""

    rows: pd.DataFrame
    """One row an id: its first prediction with the label that holds, NaN where there is none."""
    changes: pd.DataFrame
    """Every label that changed what was known of its id, in the order they were written."""


def joined(predictions: Sequence[Event], labels: Sequence[Event], monitors: Mapping[str, Monitor]) -> Joined:
    """The newest label within the horizon holds; of equal labels in a row, the first."""
    made = pd.DataFrame(predictions).drop_duplicates("prediction_id")
    made["horizon_ms"] = made["model"].map({name: one.performance.horizon for name, one in monitors.items()})
    told = pd.DataFrame(labels, columns=["prediction_id", "label", "value", "time_ms"])
    told = told.rename(columns={"time_ms": "label_time_ms"}).astype({"value": float})
    changes = told.merge(made[["prediction_id", "model", "time_ms", "horizon_ms"]], on="prediction_id")
    changes = changes[changes["label_time_ms"] - changes["time_ms"] <= changes["horizon_ms"]]
    before = changes.groupby("prediction_id")[["label", "value"]].shift()
    repeats = (changes["label"] == before["label"]) & (changes["value"].fillna(inf) == before["value"].fillna(inf))
    changes = changes[~repeats]
    last = changes.drop_duplicates("prediction_id", keep="last")[["prediction_id", "label", "value", "label_time_ms"]]
    return Joined(made.merge(last, on="prediction_id", how="left"), changes)


def recount(found: Joined, monitors: Mapping[str, Monitor]) -> Mapping[Place, dict[str, float]]:
    """Counts and figures by place; NaN: there must be none. Of sliding windows only those that are due.

    A window is due once the newest event of its model is in its last step, or beyond.
    """
    rows = _told(found.rows)
    counted: dict[Place, dict[str, float]] = {}
    for name, monitor in monitors.items():
        own = rows[rows["model"] == name]
        changes = found.changes[found.changes["model"] == name]
        cohorts = own.assign(by="prediction_time", at_ms=own["time_ms"], made=1)
        learned = own[own["label"].notna()].assign(by="label_time", made=0)
        learned["at_ms"] = learned["label_time_ms"].astype("int64")
        newest = {"prediction_time": own["time_ms"].max(), "label_time": changes["label_time_ms"].max()}
        for of in (cohorts, learned):
            if not of.empty:
                counted |= _windows(_segments(of, monitor), monitor, int(newest[of["by"].iloc[0]]))
    return counted


def _told(rows: pd.DataFrame) -> pd.DataFrame:
    """What is counted of each row, as columns."""
    answered = rows["label"].notna()
    right = (rows["label"] == rows["prediction"]).where(answered)
    is_positive, is_predicted = rows["label"] == CLASSES[1], answered & (rows["prediction"] == CLASSES[1])
    number = rows["model"] == "quantity"
    error = pd.to_numeric(rows["prediction"].where(number)) - pd.to_numeric(rows["label"].where(number))
    return rows.assign(
        hit=right.astype(float),
        positive=is_positive,
        predicted=is_predicted,
        found=is_positive & is_predicted,
        known=rows["label"].isin(CLASSES) & rows["score"].notna(),
        error=error,
        distance=error.abs(),
        delay_s=((rows["label_time_ms"] - rows["time_ms"]) / 1_000).clip(lower=SHORTEST_DELAY_S),
    )


def _segments(rows: pd.DataFrame, monitor: Monitor) -> pd.DataFrame:
    """Each row once for all events and once for each of its segments; by hand, for monitors like those of the tests."""
    age = pd.cut(rows["features"].str["age"], [-np.inf, 30, 50, np.inf], labels=["<= 30", "30 - 50", "> 50"])
    segments = [pd.Series("", rows.index), "age=" + age.astype(str)]
    segments += ["region=" + rows["segments"].str["region"]] if "region" in (monitor.segments or ()) else []
    segments += ["variant=" + rows["variant"].fillna("stable")] if "variant" in rows else []
    every = pd.concat([rows.assign(segment=segment) for segment in segments], ignore_index=True)
    return every[every["segment"] != "variant=stable"]


def _windows(rows: pd.DataFrame, monitor: Monitor, newest_ms: int) -> dict[Place, dict[str, float]]:
    asked = monitor.performance
    parts = []
    for spec in asked.windows:
        first = rows["at_ms"] // spec.slide_ms * spec.slide_ms - spec.size + spec.slide_ms
        for start in (first + step for step in range(0, spec.size, spec.slide_ms)):
            due = start + spec.size - spec.slide_ms <= newest_ms
            parts.append(rows.assign(size_ms=spec.size, start_ms=start)[due])
    every = pd.concat(parts, ignore_index=True)
    counts = _counts(every)
    figures = _figures(counts, asked.min_labels)
    every_place = pd.concat([counts[["made", "labelled", "p50_s", "p95_s"]], figures], axis=1)
    return dict(zip(every_place.index.tolist(), every_place.to_dict("records"), strict=True))


def _counts(rows: pd.DataFrame) -> pd.DataFrame:
    known = rows[rows["known"]]
    rank = known.groupby(PLACE)["score"].rank()
    places = rows.groupby(PLACE)
    return places.agg(
        made=("made", "sum"),
        labelled=("label", "count"),
        hits=("hit", "sum"),
        positive=("positive", "sum"),
        predicted=("predicted", "sum"),
        found=("found", "sum"),
        valued=("value", "count"),
        value=("value", "mean"),
        bias=("error", "mean"),
        mae=("distance", "mean"),
        p50_s=("delay_s", lambda delays: _order_statistic(delays, 0.5)),
        p95_s=("delay_s", lambda delays: _order_statistic(delays, 0.95)),
    ).join(
        known.assign(rank=rank.where(known["positive"], 0.0))
        .groupby(PLACE)
        .agg(ranks=("rank", "sum"), positives=("positive", "sum"), scored=("positive", "size"))
    )


def _order_statistic(delays: pd.Series, level: float) -> float:
    """Where at least one value is expected beyond it."""
    there = delays.dropna().to_numpy()
    return float(np.quantile(there, level, method="inverted_cdf")) if len(there) * (1 - level) >= 1 - EXACT else nan


def _figures(counts: pd.DataFrame, least: int) -> pd.DataFrame:
    """Figures of counts, where there are as many as each asks for."""
    quantity = counts.index.get_level_values("model") == "quantity"
    cohort = counts.index.get_level_values("by") == "prediction_time"
    positives, others = counts["positives"], counts["scored"] - counts["positives"]
    enough = counts["labelled"] >= least
    area = (counts["ranks"] - positives * (positives + 1) / 2) / (positives * others)
    return pd.DataFrame({
        "coverage": (counts["labelled"] / counts["made"]).where(cohort & (counts["made"] >= least)),
        "accuracy": (counts["hits"] / counts["labelled"]).where(~quantity & enough),
        "precision": (counts["found"] / counts["predicted"]).where(~quantity & (counts["predicted"] >= least)),
        "recall": (counts["found"] / counts["positive"]).where(~quantity & (counts["positive"] >= least)),
        "auc": area.where(~quantity & (np.minimum(positives, others) >= max(least, 2))),
        "bias": counts["bias"].where(quantity & enough),
        "mae": counts["mae"].where(quantity & enough),
        "value": counts["value"].where(counts["valued"] >= least),
    })  # fmt: skip


FIGURES = ("coverage", "accuracy", "precision", "recall", "auc", "bias", "mae", "value")


def differences(windows: Iterable[PerformanceWindow], expected: Mapping[Place, Mapping[str, float]]) -> list[str]:
    """Where windows say anything else than the events. A window of which corrections left nothing says nothing."""
    by_place = {(w.model, w.by, w.version, w.segment, w.size_ms, w.start_ms): w for w in windows}
    wrong = [f"{place}: no window" for place in expected.keys() - by_place.keys()]
    for place, window in by_place.items():
        want = expected.get(place, {"made": 0, "labelled": 0})
        said = {"made": window.made, "labelled": window.labelled}
        wrong += [f"{place}: {name} is {n}, should be {want[name]}" for name, n in said.items() if n != want[name]]
        for name in FIGURES:
            figure, truth = window.figures.get(name), want.get(name, nan)
            value = nan if figure is None or figure.value is None else figure.value
            within = EXACT + (figure.resolution if figure is not None else 0.0)
            if not _same(value, truth, within):
                wrong.append(f"{place}: {name} is {value}, should be {truth}")
        delays = {"p50_s": window.label_delay_p50_s, "p95_s": window.label_delay_p95_s}
        for name, delay_s in delays.items():
            truth = want.get(name, nan)
            if not _same(nan if delay_s is None else delay_s, truth, 0.01 * truth):
                wrong.append(f"{place}: {name} is {delay_s}, should be {truth}")
    return wrong


def _same(value: float, truth: float, within: float) -> bool:
    return (isnan(value) and isnan(truth)) or abs(value - truth) <= within

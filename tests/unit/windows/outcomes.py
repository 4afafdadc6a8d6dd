"""Outcomes of two series a model, by hand, and a control tier whose windows tell little but whose they are."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any

import numpy as np
from pydantic import Field, TypeAdapter

from runtime.cells import pack
from runtime.faust.projection import Effects, Event, Rows
from runtime.log.protocol import OutRecord
from runtime.metrics import Metrics
from runtime.windows.book import Book
from runtime.windows.handler import WindowsOf
from runtime.windows.keys import WindowKey
from runtime.windows.merging import late_account
from runtime.windows.parts import Parts, Revision
from runtime.windows.rules import Rules
from schemas.base import SourceRange
from schemas.outcome import By, Outcome
from schemas.partial import PartialSlice
from schemas.profile import Mark
from schemas.windowing import WindowSpec

T0 = 1_700_000_000_000 - 1_700_000_000_000 % 604_800_000
MINUTE_MS = 60_000
RULES = Rules(
    windows=(WindowSpec(size=MINUTE_MS),),
    pane=MINUTE_MS,
    lateness=1_000,
    horizon=3_600_000,
    idle=30_000,
    early=5_000,
    segment_limit=3,
)
_RECORD: TypeAdapter[Outcome | Mark] = TypeAdapter(Annotated[Outcome | Mark, Field(discriminator="schema_")])


def source(start: int, end: int) -> SourceRange:
    """A range of the one source partition."""
    return SourceRange(topic="predictions+labels", topic_id="P+L", partition=0, partitions=1, start=start, end=end)


def outcome(by: By, start: int, end: int, *minutes: tuple[int, int], version: str = "1", wall_ms: int = T0) -> Outcome:
    """An outcome whose slices are (minute, pairs); the last one is as far as event time has come."""
    slices = tuple(
        PartialSlice(
            version=version,
            segment="",
            start_ms=T0 + minute * MINUTE_MS,
            digest="d",
            n=n,
            last_ms=None,
            cells=pack(np.array([n])),
        )
        for minute, n in minutes
    )
    high_ms = slices[-1].start_ms if slices else None
    return Outcome(
        model="m", by=by, source=source(start, end), wall_ms=wall_ms, high_ms=high_ms, pane_ms=MINUTE_MS, slices=slices
    )  # fmt: skip


def mark(start: int, end: int, *, wall_ms: int = T0) -> Mark:
    """A mark over a range; more is still to be read."""
    return Mark(source=source(start, end), wall_ms=wall_ms, caught_up=False)


def series_of(record: Outcome) -> str:
    """Two series a model."""
    return f"{record.by}/{record.model}"


def told(book: Book, window: WindowKey, _rules: Rules, revision: Revision) -> OutRecord:
    """A window as a message: whose, which, how many, and how far labels have been read."""
    rows = [row for key in book.steps(window) if (row := book.sum(key)) is not None]
    labels = book.beside.get(f"label_time/{book.model}")
    body = {
        "series": book.series,
        "model": book.model,
        "minute": (window.start_ms - T0) // MINUTE_MS,
        "n": sum(row.n for row in rows),
        "cells": sum(int(row.cells.sum()) for row in rows),
        "revision": revision.number,
        "final": revision.final,
        "correction": revision.correction,
        "labels_until_ms": labels.row.passed_ms if labels is not None else None,
    }
    return OutRecord("windows", book.series.encode(), json.dumps(body).encode())


@dataclass
class Tier:
    """The control tier and its rows; `restart` leaves it nothing but these."""

    more: dict[str, Callable[..., Any]] = field(default_factory=dict)
    """Further parts."""
    rows: Rows = field(default_factory=lambda: Rows(0, 1))
    taken: list[Outcome | Mark] = field(default_factory=list)
    ledger: list[OutRecord] = field(default_factory=list)
    handler: WindowsOf[Outcome, Rules] = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        parts = Parts(
            service="performance-windows",
            topic="outcomes",
            made="joined",
            record=_RECORD,
            rules=lambda _series: RULES,
            publish=told,
            late=partial(late_account, "performance-windows"),
            series_of=series_of,
            model_of=lambda series: series.partition("/")[2],
            **self.more,
        )
        self.handler = WindowsOf(parts, self._history, Metrics("performance-windows"))
        self.rows.generation += 1

    def _history(self, _partition: int, offset: int, model: str, key: str, _from_end: int) -> Iterator[Outcome]:
        for record in self.taken[:offset]:
            if isinstance(record, Outcome) and (record.model, record.source.key) == (model, key):
                yield record

    def take(self, *records: Outcome | Mark) -> list[dict[str, Any]]:
        """Handles records one after another; returns the windows published."""
        windows: list[dict[str, Any]] = []
        for record in records:
            effects: Effects = self.handler.handle(
                Event("outcomes", 0, len(self.taken), b"m", record.to_json(), 0), self.rows
            )
            self.taken.append(record)
            for key, value in effects.writes.items():
                self.rows.put(key, value)
            windows += [json.loads(out.value) for out in effects.out if out.topic == "windows"]
            self.ledger += [out for out in effects.out if out.topic == "ledger"]
        return windows


def finals(windows: Sequence[dict[str, Any]], by: By) -> dict[int, int]:
    """Pairs by minute, of final windows of a series."""
    return {w["minute"]: w["n"] for w in windows if w["final"] and w["series"] == f"{by}/m"}

"""Profiles become rows and windows as runtime/windows/ does it; learning and detecting are drift's own."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from pydantic import Field, TypeAdapter

from runtime.faust.projection import Effects, Event, Rows
from runtime.log.protocol import OutRecord
from runtime.metrics import Metrics
from runtime.watched import Watched
from runtime.windows.book import Book
from runtime.windows.handler import WindowsOf
from runtime.windows.keys import WindowKey
from runtime.windows.merging import late_account
from runtime.windows.parts import History, Parts
from schemas.monitor import Monitor
from schemas.profile import Mark, Profile
from services.drift.windows import learning
from services.drift.windows.detecting import Detecting, Pane, is_pane
from services.drift.windows.publishing import Publisher

SERVICE = "drift-windows"

_RECORD: TypeAdapter[Profile | Mark] = TypeAdapter(Annotated[Profile | Mark, Field(discriminator="schema_")])


class WindowsHandler:
    """Pure but for caches: what it keeps in memory can be rebuilt from the rows at any moment."""

    def __init__(self, watched: Watched, publisher: Publisher, history: History[Profile], metrics: Metrics) -> None:
        self._publisher = publisher
        self._detecting = Detecting()
        parts = Parts(
            service=SERVICE,
            topic="profiles",
            made="profiled",
            record=_RECORD,
            rules=watched.monitor,
            publish=publisher.window,
            late=partial(late_account, SERVICE),
            merged=self._learn,
            over=self._detect,
        )
        self._windows = WindowsOf(parts, history, metrics)

    def handle(self, event: Event, rows: Rows) -> Effects:
        """Records to publish and row changes to store. Raises BadRecord for a record that is none of ours."""
        return self._windows.handle(event, rows)

    def _learn(self, profile: Profile, book: Book, monitor: Monitor) -> list[OutRecord]:
        out: list[OutRecord] = []
        for version, learned in learning.learn(profile, book).items():
            if learned.n >= monitor.learn:
                baseline = self._publisher.learned_baseline(profile.model, version, learned)
                learning.finish(version, learned, book)
                out.append(OutRecord("baselines", f"{profile.model}/{version}".encode(), baseline.to_json()))
        return out

    def _detect(self, book: Book, over: Sequence[WindowKey], monitor: Monitor) -> None:
        for window in over:
            if is_pane(window, monitor):
                _, layout, cells = self._publisher.folded(book, window)
                baseline = self._publisher.baseline(book.model, window.version, layout)
                if layout is not None and cells is not None and baseline is not None:
                    self._detecting.step(book, Pane(window, monitor, baseline, layout, cells))

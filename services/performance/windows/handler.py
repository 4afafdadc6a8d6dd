"""Outcomes become rows and windows as runtime/windows/ does it; the concept detector's steps are performance's own."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, TypeAdapter

from runtime.faust.projection import Effects, Event, Rows
from runtime.metrics import Metrics
from runtime.watched import Watched
from runtime.windows.book import Book
from runtime.windows.handler import WindowsOf
from runtime.windows.keys import WindowKey
from runtime.windows.merging import late_account
from runtime.windows.parts import History, Parts
from schemas.ledger import Ledger
from schemas.outcome import Outcome
from schemas.profile import Mark
from services.performance.windows import series
from services.performance.windows.publishing import Publisher
from services.performance.windows.series import PerformanceRules

SERVICE = "performance-windows"

_RECORD: TypeAdapter[Outcome | Mark] = TypeAdapter(Annotated[Outcome | Mark, Field(discriminator="schema_")])


class WindowsHandler:
    """Pure but for caches: what it keeps in memory can be rebuilt from the rows at any moment."""

    def __init__(self, watched: Watched, publisher: Publisher, history: History[Outcome], metrics: Metrics) -> None:
        self._publisher = publisher
        parts = Parts(
            service=SERVICE,
            topic="outcomes",
            made="joined",
            record=_RECORD,
            rules=lambda name: series.rules(watched, name),
            publish=publisher.publish,
            late=_late,
            series_of=series.series_of,
            model_of=series.model_of,
            companions=series.companions,
            over=self._over,
        )
        self._windows = WindowsOf(parts, history, metrics)

    def handle(self, event: Event, rows: Rows) -> Effects:
        """Records to publish and row changes to store. Raises BadRecord for a record that is none of ours."""
        return self._windows.handle(event, rows)

    def _over(self, book: Book, over: Sequence[WindowKey], rules: PerformanceRules) -> None:
        for window in over:
            self._publisher.step(book, window, rules)


def _late(outcome: Outcome, late: int) -> Ledger | None:
    """Pairs too late for any cohort. By label time the same pairs are not accounted for again."""
    return late_account(SERVICE, outcome, late) if outcome.by == "prediction_time" else None

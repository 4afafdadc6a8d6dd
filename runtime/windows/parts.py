"""What a service brings to the windows of its partials: plain values and functions."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import TypeAdapter

from runtime.log.protocol import OutRecord
from runtime.windows.book import Book
from runtime.windows.keys import WindowKey
from runtime.windows.rules import WindowRules
from schemas.ledger import Ledger
from schemas.partial import Partial
from schemas.profile import Mark

P = TypeVar("P", bound=Partial)
R = TypeVar("R", bound=WindowRules)
History = Callable[[int, int, str, str, int], Iterable[P]]
"""(partition of the topic, offset, model, source key, source offset) → partials of the model from that source, of
whatever series, that stand before the offset and end beyond the source offset."""


@dataclass(frozen=True, slots=True)
class Revision:
    """Which of a window's messages is made."""

    number: int
    final: bool
    """The window is over."""
    correction: bool
    """It was final before."""


def _no_records(_partial: Partial, _book: Book, _rules: WindowRules) -> list[OutRecord]:
    return []


def _nothing(_book: Book, _windows: Sequence[WindowKey], _rules: WindowRules) -> None:
    pass


def _model_of_partial(partial: Partial) -> str:
    return partial.model


def _same(series: str) -> str:
    return series


def _none(_series: str) -> Sequence[str]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Parts(Generic[P, R]):
    """Functions are pure but for caches of their own, and for the book they are given. R: the service's own rules."""

    service: str
    topic: str
    """Of the partials."""
    made: str
    """What became of a range that has a partial, as errors say it: `profiled`."""
    record: TypeAdapter[P | Mark]
    """Reads the records of the topic."""
    rules: Callable[[str], R]
    """By series. Called once a record and series, so that everything in it goes by the same."""
    publish: Callable[[Book, WindowKey, R, Revision], OutRecord]
    """A window as a message, from the rows as they are now. The same rows give the same bytes, whenever it is asked."""
    late: Callable[[P, int], Ledger | None]
    """The account of a partial's events, so many, that are too late for any window; see merging.late_account."""
    series_of: Callable[[P], str] = _model_of_partial
    model_of: Callable[[str], str] = _same
    """The model of a series."""
    companions: Callable[[str], Sequence[str]] = _none
    """Series that are waited for before anything of a series is too late."""
    merged: Callable[[P, Book, R], list[OutRecord]] = _no_records
    """Comes after a partial was added to the rows."""
    over: Callable[[Book, Sequence[WindowKey], R], None] = _nothing
    """Comes before windows that are over are published, earliest end first."""

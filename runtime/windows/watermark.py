"""When event time has passed: one watermark a series, from what its source partitions brought and from the marks."""

from collections.abc import Iterable, Iterator, Mapping

from runtime.windows.rows import MarkRow, SeriesRow

PATIENCE_MS = 86_400_000


def sources_of(series: SeriesRow) -> Iterator[str]:
    """Every source partition that could bring events of the series."""
    return (f"{series.topic_id}/{partition}" for partition in range(series.partitions))


def is_idle(source: str, series: SeriesRow, marks: Mapping[str, MarkRow], idle_ms: int) -> bool:
    """Whether a partition is read to its end and has been silent for `idle_ms` of wall time."""
    mark = marks.get(source)
    if mark is None or not mark.caught_up:
        return False
    heard = series.heard.get(source)
    return mark.wall_ms - (heard.wall_ms if heard else series.first_wall_ms) >= idle_ms


def watermark(series: SeriesRow, marks: Mapping[str, MarkRow], idle_ms: int) -> int | None:
    """The event time that every partition which is not idle has passed.

    None while one of them has brought nothing, or when all are idle: silence closes windows, but makes nothing late.
    """
    highs: list[int] = []
    for source in sources_of(series):
        if is_idle(source, series, marks, idle_ms):
            continue
        heard = series.heard.get(source)
        if heard is None:
            return None
        highs.append(heard.high_ms)
    return min(highs, default=None)


def kept(
    series: SeriesRow, companions: Iterable[SeriesRow | None], marks: Mapping[str, MarkRow], wall_ms: int
) -> int | None:
    """The event time that this series and its companions have passed; None while one of them has passed nothing.

    A companion that says nothing would keep everything for ever. Where all is read to its end, what this series had
    passed a day of wall time ago stands in for it: then nothing that is on its way belongs before it.
    """
    passed = [series.passed_ms, *(other.passed_ms if other is not None else None for other in companions)]
    known = [passed_ms for passed_ms in passed if passed_ms is not None]
    everywhere = min(known) if len(known) == len(passed) else None
    noted_ms, then_ms = series.noted
    at_end = all(source in marks and marks[source].caught_up for source in sources_of(series))
    if at_end and noted_ms and wall_ms - noted_ms >= PATIENCE_MS:
        return max(everywhere or 0, then_ms)
    return everywhere


def noted(series: SeriesRow, wall_ms: int) -> tuple[int, int]:
    """What to look at again a day later: once a day the watermark as it is."""
    noted_ms, _ = series.noted
    return series.noted if noted_ms and wall_ms - noted_ms < PATIENCE_MS else (wall_ms, series.passed_ms or 0)


def silent_wall(series: SeriesRow, marks: Mapping[str, MarkRow], idle_ms: int) -> int | None:
    """The wall time when every partition is idle, else None."""
    if all(is_idle(source, series, marks, idle_ms) for source in sources_of(series)):
        return min(marks[source].wall_ms for source in sources_of(series))
    return None

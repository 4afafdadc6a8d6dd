"""When event time has passed: one watermark a series, from what its source partitions brought and from the marks."""

from collections.abc import Iterator, Mapping

from runtime.windows.rows import MarkRow, SeriesRow


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


def silent_wall(series: SeriesRow, marks: Mapping[str, MarkRow], idle_ms: int) -> int | None:
    """The wall time when every partition is idle, else None."""
    if all(is_idle(source, series, marks, idle_ms) for source in sources_of(series)):
        return min(marks[source].wall_ms for source in sources_of(series))
    return None

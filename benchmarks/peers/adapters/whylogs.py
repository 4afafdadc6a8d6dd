"""whylogs: profiles a window; scoring two profiles comes on top and is not counted."""

from collections.abc import Callable, Mapping
from typing import Any

import whylogs
from adapters.frames import frame


def _scorer(given: Mapping[str, Any]) -> Callable[[], object]:
    window = frame(given, "window")
    return lambda: whylogs.log(window).view().serialize()


SCORERS = {"profile": _scorer}

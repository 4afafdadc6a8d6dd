"""What every rule judges by: the watched rows, what is expected of them, and the gate of effects."""

import numpy as np

from stats.detector.alternatives import components
from stats.detector.expected import Expected
from stats.detector.gate import Gate
from stats.detector.hours import hours_covered
from stats.detector.rule import Rule
from stats.detector.season import Season
from stats.detector.volume import Volume
from stats.detector.watched import WatchedColumns
from stats.layout import Layout


class Basis:
    """Made of a baseline's layout, a season or none, and a rule."""

    def __init__(self, layout: Layout, season: Season | None, rule: Rule) -> None:
        """Raises ValueError for a season of another baseline."""
        self.watched = WatchedColumns(layout)
        rows, cells = self.watched.reference.shape
        shape = (rows, components(cells))
        if season is not None and season.inflation.shape != shape:
            raise ValueError(
                f"the season has {season.inflation.shape} rows and components where this baseline has {shape}: "
                "learn it again from panes of this baseline"
            )
        effective = None if season is None else season.effective
        self.expected = Expected(self.watched.reference, self.watched.live, effective, hours_covered(rule.pane_ms))
        self.volume = None if season is None else Volume(season.volume, season.panes, season.volume_inflation)
        """None without a season: then volume is not judged."""
        self.phi = np.ones(shape) if season is None else season.inflation
        """Variance inflation of every component, [rows, G]."""
        dispersion = np.ones(rows) if season is None else season.dispersion
        self.gate = Gate(self.watched, self.expected, self.volume, dispersion, rule)

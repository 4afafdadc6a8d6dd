"""What a snapshot's figures may be."""

from dataclasses import dataclass

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class DataBounds:
    """Bounds of the data gate; a figure at its bound passes."""

    rows: int = 1_000
    """At least."""
    age_ms: int = 7 * _DAY_MS
    """Of the newest row, at most."""
    ahead_ms: int = 300_000
    """How far the newest row may lie in the future: clocks differ."""
    unlabelled: float = 0.0
    """Share of rows whose label is missing or of no known class."""
    class_rows: int = 30
    """Of each class, at least, or as many as the reference has of it."""
    class_factor: float = 3.0
    """By which a class' share may surely have grown or shrunk."""
    label_shift: float = 1.0
    """How far the mean label of a regression may have moved, in standard deviations of the reference."""
    missing: float = 0.05
    """By how much a feature's share of missing values may have grown."""
    unseen: float = 0.01
    """Share of values of a feature that the reference does not have, beyond what a long tail brings anyway."""
    out_of_range: float = 0.01
    """Share of numbers of a feature outside the reference's range, or infinite beyond what the reference has."""
    psi_adj: float = 1.0
    """Adjusted PSI of a feature: a mean moved by one standard deviation, ten times what pages as drift."""
    duplicates: float = 0.01
    """Share of rows that repeat an earlier one."""
    leakage: float = 0.99
    """How far one feature may determine the label, 1 being wholly (stats/retraining/leakage.py)."""

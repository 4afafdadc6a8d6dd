"""What to take out of the events of one model version."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of categories, as codes."""

    name: str
    codes: Mapping[str, int]
    """Code by the category's text; several texts may share one."""
    unlisted: int
    """Code of a text that is not listed."""
    missing: int
    """Code of null and of absence."""
    boolean: bool = False
    """Accepts JSON booleans only; `codes` has the texts `false` and `true`."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Columns in the order they are wanted, and the monitor's rules for events of the model version.

    The rows of `Group.values` are the numeric features, then the prediction if it is numeric, then the score if
    `score`. The rows of `Group.codes` are the coded features, then the prediction if it is coded.
    """

    numeric: tuple[str, ...] = ()
    coded: tuple[Coded, ...] = ()
    prediction: Coded | str | None = None
    """A column of categories, `numeric`, or none."""
    score: bool = False
    """Whether the score is also a row of the values."""
    classes: frozenset[str] | None = None
    """If given: a prediction, or a probability, of any other class is refused."""
    segments: tuple[str, ...] | None = None
    """Segment dimensions to keep; None for all. `variant` is always kept."""
    discover: bool = False
    """There is no baseline: the columns are whatever the events hold."""

    @property
    def value_rows(self) -> int:
        """Rows of `Group.values`."""
        return len(self.numeric) + (self.prediction == "numeric") + self.score

    @property
    def code_rows(self) -> int:
        """Rows of `Group.codes`."""
        return len(self.coded) + isinstance(self.prediction, Coded)


UNKNOWN = Shape(discover=True)
"""Of a model version that has neither baseline nor monitor."""


def category_text(value: bool | float | str) -> str:  # noqa: FBT001  a JSON value
    """The text that names a value as a category: 3 and 3.0 are `3`, true is `true`, 0.5 is `0.5`."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return str(int(value)) if abs(value) < 2**53 and value.is_integer() else repr(value)

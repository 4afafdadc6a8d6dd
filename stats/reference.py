"""What columns looked like in the reference, as the counts and tables that live events are folded against."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

Role = Literal["feature", "prediction", "score"]
Kind = Literal["numeric", "categorical", "boolean"]

_REBUILD = "build the baseline again with `driftline baseline build`"


@dataclass(frozen=True, slots=True)
class ColumnReference:
    """One column's reference; the fields are those of the `baselines` contract.

    Numeric: bin k holds (edges[k-1], edges[k]]; the first bin lies below the reference's range, the last
    above. Sums are kept of z = (value - center) / scale. Categorical and boolean: `categories` have cells of
    their own, values of `rest` share one cell, and any other value is unseen, or counts as rest when the
    reference is `open_ended`.
    """

    name: str
    role: Role
    kind: Kind
    edges: tuple[float, ...] = ()
    categories: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()
    open_ended: bool = False
    seen_once: int = 0
    """Values that occur once in the reference: as many events as there are of them will bring values it does not have
    (Good, The population frequencies of species, Biometrika 40, 1953)."""
    center: float = 0.0
    scale: float = 1.0
    cells: tuple[int, ...] = ()
    """The reference folded as live events are: the column's section of the vector (see stats/layout.py)."""
    importance: float | None = None

    def __post_init__(self) -> None:
        if not all(math.isfinite(edge) for edge in self.edges) or any(a >= b for a, b in pairwise(self.edges)):
            raise ValueError(f"column {self.name!r}: edges must be finite and strictly rising; {_REBUILD}")
        if not (math.isfinite(self.center) and self.scale > 0 and 0 < 1 / self.scale < math.inf):
            raise ValueError(f"column {self.name!r}: center and scale must be finite, scale positive; {_REBUILD}")

    @property
    def codes(self) -> Mapping[str, int]:
        """Code of each listed value: 0..C-1 the categories, C the rest."""
        codes = {value: code for code, value in enumerate(self.categories)}
        return codes | dict.fromkeys(self.rest, len(self.categories))

    @property
    def unlisted(self) -> int:
        """Code of a value that is not listed: unseen, or rest when the reference has more than are listed."""
        return len(self.categories) + (not self.open_ended)

    @property
    def missing(self) -> int:
        """Code of a missing value."""
        return len(self.categories) + 2


@dataclass(frozen=True)
class Reference:
    """The columns of one model version, in the order of the vector."""

    columns: tuple[ColumnReference, ...]

    def __post_init__(self) -> None:
        if len({(column.role, column.name) for column in self.columns}) != len(self.columns):
            raise ValueError(f"two columns have the same role and name; {_REBUILD}")

    @cached_property
    def digest(self) -> str:
        """16 hex digits of SHA-256 over all that gives cells a meaning; only equal digests merge."""
        canonical = [
            (
                *(column.name, column.role, column.kind, [float(edge).hex() for edge in column.edges]),
                *(column.categories, column.rest, column.open_ended),
                *(
                    float(column.center).hex(),
                    float(column.scale).hex(),
                    [int(cell) for cell in column.cells],
                ),
            )
            for column in self.columns
        ]
        return hashlib.sha256(json.dumps(canonical, separators=(",", ":")).encode()).hexdigest()[:16]

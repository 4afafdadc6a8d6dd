"""What rows hold beyond what the monitor and the baseline tell: features and their kinds, groups, classes, answers."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from runtime.decode.rows import DIMENSIONS
from schemas.baseline import Baseline, Kind
from schemas.monitor import Monitor
from schemas.prediction import MAX_FEATURES
from services.retraining.snapshot.classes import Naming, are_classes, classes_of
from services.retraining.snapshot.groups import dimensions_of
from services.retraining.snapshot.rows import Unfolded
from stats.performance.layout import MAX_CLASSES

_KINDS: tuple[tuple[frozenset[type], Kind], ...] = (
    (frozenset((bool,)), "boolean"),
    (frozenset((int, float)), "numeric"),
)
"""Types of values that make a kind; any other mixture is a category by its text."""


class Survey:
    """Looks at every row, then answers. Whatever names producers make up, columns stay within the contracts' limits."""

    def __init__(self, monitor: Monitor, baseline: Baseline | None) -> None:
        self._monitor = monitor
        self._classes = classes_of(monitor, baseline)
        columns = baseline.columns if baseline else ()
        self._kinds: Mapping[str, Kind] = {column.name: column.kind for column in columns if column.role == "feature"}
        self._types: dict[str, set[type]] = defaultdict(set)
        self._features: Counter[str] = Counter()
        self._groups: Counter[str] = Counter()
        self._named: Counter[str] = Counter()
        self._answers: set[float | str] = set()

    def look_at(self, rows: Iterable[Unfolded]) -> None:
        """Notes what the rows hold."""
        for row in rows:
            for name, value in row.event["features"].items():
                if value is not None and not self._kinds:
                    self._features[name] += 1
                    self._types[name].add(type(value))
            self._groups.update(list(row.groups))
            self._named.update(list(row.event.get("probabilities") or ()))
            if self._classes is None:
                self._answers |= {row.event["prediction"], row.told.label}

    def naming(self) -> Naming:
        """Of answers and labels."""
        if self._classes is None and not are_classes(self._answers):
            return Naming(())
        return Naming(self._classes)

    def classes(self) -> tuple[str, ...]:
        """Those whose probabilities have a column; none of a regression."""
        return _most_given(self._named, MAX_CLASSES) if self._classes is None else self._classes

    def dimensions(self) -> tuple[str, ...]:
        """Those the monitor names; where it watches all that events carry, also those of the rows."""
        named = dimensions_of(self._monitor)
        if self._monitor.segments is not None:
            return named
        for name in named:
            del self._groups[name]
        return tuple(sorted((*named, *_most_given(self._groups, DIMENSIONS - len(named)))))

    def features(self) -> dict[str, Kind]:
        """Kind by name: the baseline's in its order; without any, those of the rows.

        What events carry beside the baseline's features, an id for example, is none of the model's.
        """
        return dict(self._kinds) or {name: self._kind(name) for name in _most_given(self._features, MAX_FEATURES)}

    def _kind(self, name: str) -> Kind:
        return next((kind for types, kind in _KINDS if self._types[name] <= types), "categorical")


def _most_given(names: Counter[str], limit: int) -> tuple[str, ...]:
    """The names that most rows have, in order of name."""
    ranked = sorted(names.items(), key=lambda item: (-item[1], item[0]))
    return tuple(sorted(name for name, _ in ranked[:limit]))

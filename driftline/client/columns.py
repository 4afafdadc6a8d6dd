"""What a caller of `log_batch` gives, as one column a field: lists or numpy arrays of n values each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from driftline.client.events import Told
from driftline.client.values import named, text
from runtime.decode.verdict import Refusal

STRUCTS = ("features", "segments", "probabilities")


@dataclass(frozen=True, slots=True)
class Columns:
    """n rows. Fields that hold a value by name have one column a name."""

    n: int
    plain: Mapping[str, Sequence[Any]]
    members: Mapping[str, Mapping[str, Sequence[Any]]]

    def row(self, row: int) -> Told:
        """What is said of one row, as `prediction_event` takes it."""
        fields: dict[str, Any] = {name: column[row] for name, column in self.plain.items()}
        fields |= {
            struct: {name: column[row] for name, column in columns.items()} for struct, columns in self.members.items()
        }
        return cast("Told", fields)


def columns_of(features: Any, names: Sequence[Any] | None, fields: Mapping[str, Any]) -> Columns:
    """Columns of a batch; `fields` as `log_prediction` names them, each a column or one value for all rows.

    `features` is [n, len(names)], or a column a name: a mapping, a DataFrame. Raises Refusal where lengths differ.
    """
    n = len(fields["prediction"])
    members = {"features": _features(features, names, n)}
    members |= {
        struct: named(fields[struct], lambda value: _column(value, n))
        for struct in STRUCTS[1:]
        if fields.get(struct) is not None
    }
    plain = {name: _column(value, n) for name, value in fields.items() if name not in STRUCTS and value is not None}
    for struct, columns in {**members, "": plain}.items():
        for name, column in columns.items():
            if len(column) != n:
                raise Refusal("SCHEMA", f"{struct} {name}: {len(column)} values for {n} predictions")
    return Columns(n, plain, members)


def _features(features: Any, names: Sequence[Any] | None, n: int) -> dict[str, Any]:
    if hasattr(features, "keys"):
        wanted = list(features.keys() if names is None else names)
        columns = [_column(features[name], n) for name in wanted]
    elif names is None:
        raise Refusal("SCHEMA", "names: give the features' names, or features as a mapping or DataFrame")
    else:
        wanted = list(names)
        columns = list(features.T) if getattr(features, "ndim", 0) == 2 else list(zip(*features, strict=True))
    if len(wanted) != len(columns):
        raise Refusal("SCHEMA", f"names: {len(wanted)} for {len(columns)} features")
    found = {str(text(name)): column for name, column in zip(wanted, columns, strict=True)}
    if len(found) != len(wanted):
        raise Refusal("SCHEMA", "names: two are the same text")
    return found


def _column(value: Any, n: int) -> Any:
    """The values as something that is indexed by position; one value is repeated."""
    if isinstance(value, str) or not hasattr(value, "__len__") or getattr(value, "ndim", 1) == 0:
        return [value] * n
    if hasattr(value, "to_numpy"):  # pandas, where [row] would ask its index
        return value.to_numpy()
    return value

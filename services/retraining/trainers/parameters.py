"""What the monitor's `training.parameters` may say to the trainer that comes along."""

import json
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from runtime.errors import OperatorError
from runtime.training.protocol import JsonValue, Task
from schemas.base import Record

FamilyName = Literal["linear", "boosting"]


class Parameters(Record):
    """Each has a default that works."""

    models: Annotated[tuple[FamilyName, ...], Field(min_length=1)] = ("linear", "boosting")
    """Families; each brings one candidate."""
    search: Annotated[int, Field(ge=1, le=100)] = 6
    """Settings of hyperparameters that are tried of each family, at most."""
    search_rows: Annotated[int, Field(ge=1_000)] = 30_000
    """Rows that they are tried on, drawn by the seed; what won is then fitted to all."""
    categories: Annotated[int, Field(ge=1, le=1_000)] = 100
    """Of a feature, told apart: the most frequent. The rest count as unknown ones do."""
    category_rows: Annotated[int, Field(ge=1)] = 20
    """A category with fewer rows is not told apart."""
    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """Of a binary task: the positive class is answered from this probability on."""
    loss: Literal["squared", "absolute"] = "squared"
    """Of a regression: what boosting fits, and what settings are chosen by."""

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len(set(self.models)) != len(self.models):
            raise ValueError("'models' names a family twice")
        return self


def parameters_of(given: Mapping[str, JsonValue], task: Task) -> Parameters:
    """Reads them. Raises OperatorError that names each field that is wrong."""
    try:
        parameters = Parameters.model_validate_json(json.dumps(dict(given)))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'all'}: {e['msg']}" for e in error.errors())
        raise OperatorError(
            f"The trainer cannot use these parameters: {wrong}.",
            f"correct training.parameters of the monitor; there are {', '.join(Parameters.model_fields)}",
        ) from error
    strange = {"threshold": "binary", "loss": "regression"}
    for name, kind in strange.items():
        if name in given and task.kind != kind:
            raise OperatorError(
                f"The parameter {name!r} is for {kind} tasks; this one is {task.kind}.",
                f"take {name!r} out of training.parameters of the monitor",
            )
    return parameters

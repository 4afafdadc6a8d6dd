import dataclasses

import numpy as np
import pytest

from schemas.baseline import ColumnBaseline
from schemas.window import ColumnWindow, Drift
from stats.baseline import build_column
from stats.layout import FIXED_CELLS, Layout
from stats.loglinear import ColumnSketch
from stats.moments import moments, variance_ratio
from stats.outcome import TooFew
from stats.ranking import rank
from stats.reference import ColumnReference, Reference
from stats.scores import ColumnScore
from stats.section import CodedSection, NumericSection

COLUMNS = (
    build_column("age", "feature", "numeric", np.arange(100.0), importance=0.7),
    build_column("color", "feature", "categorical", ["red", "blue", None]),
    build_column("score", "score", "numeric", np.linspace(0, 1, 50)),
)


def field_names(a_dataclass: type) -> set[str]:
    return {field.name for field in dataclasses.fields(a_dataclass)}


def test_fields_are_those_of_the_contracts() -> None:
    assert field_names(ColumnReference) == set(ColumnBaseline.model_fields)
    assert field_names(ColumnScore) == set(ColumnWindow.model_fields) >= set(Drift.model_fields)
    assert field_names(ColumnSketch) == {"kind", "bins", "values", "missing", "nonfinite"}


def test_a_column_and_its_digest_survive_the_contract_unchanged() -> None:
    """Edges that lost a bit in JSON would give live events another digest than the baseline's."""
    sent = [ColumnBaseline(**dataclasses.asdict(column)).to_json() for column in COLUMNS]
    received = tuple(ColumnReference(**ColumnBaseline.model_validate_json(json).model_dump()) for json in sent)
    assert received == COLUMNS
    assert Reference(received).digest == Reference(COLUMNS).digest


@pytest.mark.parametrize(
    "change",
    [
        {"name": "years"},
        {"role": "prediction"},
        {"edges": (*COLUMNS[0].edges[:-1], 99.5)},
        {"center": 49.6},
        {"scale": 28.0},
        {"cells": (1, *COLUMNS[0].cells[1:])},
        {"kind": "categorical"},
        {"rest": ("x",)},
        {"open_ended": True},
        {"categories": ("x",)},
    ],
    ids=str,
)
def test_the_digest_changes_with_all_that_gives_cells_a_meaning(change: dict[str, object]) -> None:
    changed = dataclasses.replace(COLUMNS[0], **change)
    assert Reference((changed, *COLUMNS[1:])).digest != Reference(COLUMNS).digest


def test_the_digest_does_not_change_with_importance() -> None:
    changed = dataclasses.replace(COLUMNS[0], importance=0.1)
    assert Reference((changed, *COLUMNS[1:])).digest == Reference(COLUMNS).digest


def test_the_digest_is_the_same_on_every_machine() -> None:
    """A changed encoding would stop every running model from merging with its own past."""
    assert Reference((ColumnReference("x", "feature", "numeric", edges=(0.1, 2.0)),)).digest == "07cfc165b320053b"


def test_layout_lays_sections_end_to_end_after_the_fixed_one() -> None:
    layout = Layout(Reference(COLUMNS))
    age, color, score = layout.sections
    assert isinstance(age, NumericSection)
    assert isinstance(color, CodedSection)
    assert (age.start, age.stop, color.stop, score.stop) == (
        FIXED_CELLS.stop,
        color.start,
        score.start,
        layout.size,
    )
    assert layout.column("score", "score") == score
    assert layout.numeric == (0, 2)
    assert layout.coded == (1,)
    with pytest.raises(KeyError, match="no feature 'score'"):
        layout.column("score")


def test_reference_cells_that_do_not_fit_the_edges_are_refused() -> None:
    broken = dataclasses.replace(COLUMNS[0], cells=COLUMNS[0].cells[:-1])
    with pytest.raises(ValueError, match="driftline baseline build"):
        _ = Layout(Reference((broken,))).reference_cells


@pytest.mark.parametrize("edges", [(1.0, 1.0), (2.0, 1.0), (float("nan"),), (float("inf"),)])
def test_edges_that_do_not_rise_are_refused(edges: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="strictly rising"):
        ColumnReference("x", "feature", "numeric", edges=edges)


@pytest.mark.parametrize("scale", [0.0, -1.0, 1e-320, float("inf"), float("nan")])
def test_a_scale_that_cannot_be_divided_by_is_refused(scale: float) -> None:
    with pytest.raises(ValueError, match="scale"):
        ColumnReference("x", "feature", "numeric", scale=scale)


def test_two_columns_of_one_name_and_role_are_refused() -> None:
    with pytest.raises(ValueError, match="same role and name"):
        Reference((COLUMNS[0], COLUMNS[0]))


def test_ranking_puts_importance_before_drift() -> None:
    assert rank([None, 0.2, 0.7, None, None], [0.1, None, 0.0, 0.5, None]) == (2, 1, 3, 0, 4)
    assert rank([None, None], [0.1, 0.9], top=1) == (1,)


def test_variance_ratio_of_constants_is_named_by_its_limits() -> None:
    constant = moments(np.array(10), np.array([0]), np.array(0))
    varied = moments(np.array(10), np.array([0]), np.array(10 * 2**16))
    ratios = [
        variance_ratio(constant, constant),
        variance_ratio(constant, varied),
        variance_ratio(varied, varied),
    ]
    assert ratios == [1, np.inf, 1]


def test_too_few_says_what_is_needed() -> None:
    assert str(TooFew(needed=100, have=12)) == "too few: 12 of at least 100"

"""What no order of rows, no split into parts and no stranger's rows can change."""

from functools import cache
from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from runtime.training.protocol import Answers
from schemas.model_event import GateResult
from schemas.training import DataRules
from services.retraining.gates.data import judge_data
from services.retraining.gates.layouts import codes_of
from services.retraining.gates.model import judge_model
from services.retraining.gates.trial import flaw, pair, said
from stats.performance.layout import OutcomeLayout
from tests.unit.retraining_gates.worlds import CLASSES, LAYOUTS, NEWEST_MS, Task, World, baseline_of, trial

tasks = st.sampled_from(sorted(CLASSES))


@cache
def rows() -> tuple[pa.Table, object]:
    world = World("binary", 1_200, 3)
    table = world.table(world.answers(0.6))
    return table, baseline_of(table)


@given(st.lists(st.integers(0, 1_200), max_size=4), st.sampled_from([1.0, 0.01]))
def test_the_data_gate_judges_all_rows_however_they_are_parted(cuts: list[int], most: float) -> None:
    table, baseline = rows()
    ends = sorted([0, *cuts, 1_200])
    parts = [table.slice(start, stop - start) for start, stop in pairwise(ends)]
    rules = DataRules(psi_adj=most)
    whole = judge_data([table], baseline, rules, NEWEST_MS)
    assert _of_rows(judge_data(parts, baseline, rules, NEWEST_MS)) == _of_rows(whole)


def _of_rows(results: tuple[GateResult, ...]) -> list[GateResult]:
    """All but the rule that looks at the parts themselves."""
    return [one for one in results if one.rule != "parts"]


@given(tasks, st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_strangers_rows_change_nothing(task: Task, seed: int, share: float) -> None:
    """The verdict on the rows of a version is the same with and without the rows of others among them."""
    of = trial(task, n=200)
    rng = np.random.default_rng(seed)
    own = rng.random(200) >= share
    mixed = of.holdout.set_column(
        of.holdout.column_names.index("version"), "version", pa.array(np.where(own, "v1", "v2").tolist())
    )
    among = pair(of.layout, mixed, "v1", of.answers)
    p = of.answers.probabilities
    kept = Answers(np.array(of.answers.prediction)[own].tolist(), None if p is None else p[own])
    if task == "regression":
        kept = Answers(np.array(of.answers.prediction)[own], None)
    alone = pair(of.layout, mixed.filter(pa.array(own)), "v1", kept)
    assert among.n == alone.n == int(own.sum())
    for side in ("production", "candidate"):
        assert (among.cells(side) == alone.cells(side)).all()


@given(tasks, st.integers(0, 99), st.floats(allow_nan=True, allow_infinity=True))
def test_a_row_without_a_proper_answer_is_always_seen(task: Task, row: int, odd: float) -> None:
    """Any number in a regression's answers, or in a probability's place, is taken as it is or stops the candidate."""
    of = trial(task, n=100)
    if task == "regression":
        numbers = np.array(of.answers.prediction)
        numbers[row] = odd
        assert (flaw(of.layout, Answers(numbers, None), 100) is None) == np.isfinite(odd)
        return
    assert of.answers.probabilities is not None
    p = of.answers.probabilities.copy()
    p[row, 0] = odd
    proper = bool(-1e-5 <= odd <= 1 + 1e-5 and abs(p[row].sum() - 1) <= 0.01)
    answers = Answers(of.answers.prediction, p)
    assert (flaw(of.layout, answers, 100) is None) is proper
    if not proper:
        assert {result.rule for result in judge_model(trial(task, n=100, answers=answers))} == {"answers"}


names = st.sampled_from(["0", "1", "true", "false", "2", "other", ""])


@given(st.lists(names, min_size=1, max_size=30), st.sampled_from([("0", "1"), ("false", "true"), ("0", "1", "2")]))
def test_a_class_is_the_same_one_as_text_and_as_number(said_as: list[str], classes: tuple[str, ...]) -> None:
    layout = OutcomeLayout("binary" if len(classes) == 2 else "multiclass", classes)
    codes = codes_of(layout, said_as)
    for text, code in zip(said_as, codes.tolist(), strict=True):
        assert code == (classes.index(text) if text in classes else code)
        if text.isdigit():
            assert codes_of(layout, np.array([float(text)])).tolist() == [code]
        if text in {"other", ""}:
            assert code == len(classes)


@given(tasks)
def test_what_a_model_said_is_as_many_rows_as_it_answered(task: Task) -> None:
    of = trial(task, n=50)
    answers = said(LAYOUTS[task], of.answers)
    assert len(answers.prediction) == 50
    if answers.probabilities is not None:
        assert answers.probabilities.shape == (50, len(of.layout.scored))

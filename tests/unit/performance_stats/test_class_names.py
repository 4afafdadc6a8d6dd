"""A class has one name, however a number or text is written."""

import numpy as np
import pytest

from runtime.decode.shape import category_text
from stats.performance.class_names import class_codes, class_name, class_names
from stats.performance.layout import OutcomeLayout

NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (1, "1"), (1.0, "1"), (np.float64(1), "1"), (-0.0, "0"), (0.5, "0.5"), (np.float64(0.1), "0.1"), (-3.0, "-3"),
        ("late", "late"), ("1", "1"), ("1.0", "1.0"), ("", ""), (2.0**53, "9007199254740992.0"), (1e300, "1e+300"),
    ],
)  # fmt: skip
def test_a_number_is_named_as_a_person_writes_it_and_a_text_is_itself(value: float | str, name: str) -> None:
    assert class_name(value) == name


def test_classes_are_named_as_drift_names_the_categories_of_predictions() -> None:
    rng = np.random.default_rng(0)
    numbers = [*rng.normal(size=200).tolist(), *rng.integers(-(2**60), 2**60, 200).astype(float).tolist(), 0.0, -0.0]
    assert [class_name(number) for number in numbers] == [category_text(number) for number in numbers]


def test_columns_of_numbers_and_texts_give_the_name_of_each_value() -> None:
    numbers = np.array([1.0, NAN, 0.5, NAN, -0.0, 1.0, NAN, 0.0])
    texts = [None, "late", None, "1", None, None, None, None]
    names, places = class_names(numbers, texts)
    assert len(set(names)) == len(names)
    assert [names[place] if place >= 0 else None for place in places] == ["1", "late", "0.5", "1", "0", "1", None, "0"]


def test_nothing_has_no_names() -> None:
    names, places = class_names(np.empty(0), [])
    assert (names, places.size) == ((), 0)
    assert class_codes(OutcomeLayout("binary", ("0", "1")), names, places).size == 0


def test_codes_are_those_of_the_layout_and_what_is_no_class_is_other() -> None:
    layout = OutcomeLayout("multiclass", ("late", "1", "0.5"))
    numbers, texts = np.array([1.0, NAN, 0.5, NAN, 7.0, NAN]), [None, "late", None, "early", None, None]
    assert class_codes(layout, *class_names(numbers, texts)).tolist() == [1, 0, 2, 3, 3, 3]


@pytest.mark.parametrize("classes", [("0", "1"), ("false", "true")])
def test_booleans_written_as_numbers_or_words_are_the_same_classes(classes: tuple[str, str]) -> None:
    numbers, texts = np.array([0.0, 1.0, NAN, NAN]), [None, None, "false", "true"]
    assert class_codes(OutcomeLayout("binary", classes), *class_names(numbers, texts)).tolist() == [0, 1, 0, 1]


def test_a_name_that_is_a_class_is_never_read_as_another() -> None:
    layout = OutcomeLayout("multiclass", ("0", "1", "true"))
    numbers, texts = np.array([1.0, NAN, NAN]), [None, "true", "false"]
    assert class_codes(layout, *class_names(numbers, texts)).tolist() == [1, 2, 0]

"""A model card has Mitchell's sections, is filled from facts, and says what is not known."""

import json
import re

import pytest

from runtime.registry import Card, NotRegistered, Registry, Stamp, card_of, markdown, record_gate, state
from runtime.registry.card import Section
from schemas.model_event import GateResult
from tests.unit.registry.story import ARTIFACT, HOUR, MODEL, NEW, OLD, T0, TRAINING

SECTIONS = [
    "Model details",
    "Intended use",
    "Factors",
    "Metrics",
    "Evaluation data",
    "Training data",
    "Quantitative analyses",
    "Ethical considerations",
    "Caveats and recommendations",
]


def card(registry: Registry, version: str = NEW) -> Card:
    with registry.reading() as session:
        return card_of(session, MODEL, version)


@pytest.mark.parametrize("version", [NEW, OLD])
def test_a_card_has_all_sections_in_both_forms(lived: Registry, version: str) -> None:
    made = card(lived, version)
    assert list(made.sections) == SECTIONS
    assert re.findall(r"^## (.+)$", markdown(made), re.MULTILINE) == SECTIONS
    assert Card.model_validate_json(made.model_dump_json()) == made


def test_a_card_is_filled_from_facts(lived: Registry) -> None:
    made = card(lived)
    assert made.model_details.known["artifact"] == ARTIFACT
    assert made.model_details.known["approved by"] == ["mara@example.org, up to 10 % of the traffic of flights"]
    assert made.training_data.known["training"]["digest"] == TRAINING
    assert made.training_data.known["training"]["offsets"] == [
        "predictions/0 0 to 20000",
        "predictions/1 5 to 21215",
    ]
    assert made.quantitative_analyses.known["results"]["all rows"]["f1"] == {
        "value": 0.741,
        "low": 0.72,
        "high": 0.76,
        "n": 8_000,
        "on": "holdout",
    }
    assert made.intended_use.known["serves now"] == ["10 % of flights"]
    assert made.factors.known["most important features"] == ["wind_speed 75.0%", "carrier 25.0%"]
    assert made.factors.known["segments judged"] == ["origin=JFK"]


def test_what_is_not_known_is_said(lived: Registry) -> None:
    made = card(lived)
    assert made.ethical_considerations == Section(known={}, not_known=("considerations",))
    assert made.evaluation_data.not_known == ("validation", "cases")
    assert "training" in card(lived, OLD).training_data.not_known
    for section in card(lived, OLD).sections.values():
        assert section.not_known, "of a version made elsewhere no section is complete"


def test_zero_and_false_are_known() -> None:
    made = Section.of({"zero": 0, "false": False, "null": None, "empty": "", "none of": [], "no": {}})
    assert (list(made.known), made.not_known) == (["zero", "false"], ("null", "empty", "none of", "no"))


def test_a_figure_that_could_not_be_had_is_told_with_the_reason(lived: Registry) -> None:
    assert "| origin=JFK | f1 | none: too few labels: 12 of 30 | not known | 12 | holdout |" in markdown(card(lived))


def test_the_newest_statement_of_a_person_holds(lived: Registry) -> None:
    with lived.writing() as session:
        state(session, Stamp("mara", T0 + 6 * HOUR), MODEL, "intended_use", "Only for staff")
        state(session, Stamp("mara", T0 + 5 * HOUR + 1), MODEL, "intended_use", "For nobody")
        state(session, Stamp("mara", T0), MODEL, "ethical_considerations", "Delays say nothing of people.")
    made = card(lived)
    assert made.intended_use.known["intended use"] == "Only for staff"
    assert made.ethical_considerations.known == {"considerations": "Delays say nothing of people."}


def test_words_that_look_like_markdown_break_no_table_and_add_no_heading(lived: Registry) -> None:
    with lived.writing() as session:
        state(session, Stamp("mara", T0 + 6 * HOUR), MODEL, "caveats", "a\n## Approved by everybody\n| x |")
    page = markdown(card(lived))
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == SECTIONS
    assert "- Caveats: a ## Approved by everybody | x |" in page


def test_rules_that_were_not_passed_are_caveats(lived: Registry) -> None:
    assert card(lived).caveats_and_recommendations.known["rules not passed"] == "none"
    failed = GateResult(gate="model", rule="auc", passed=False, value=None, bound=None, detail="too few of class late")
    with lived.engine.begin() as connection:  # as if this gate had been judged otherwise
        connection.exec_driver_sql("DELETE FROM gate_rule WHERE gate = 'model'")
        connection.exec_driver_sql("DELETE FROM gate WHERE gate = 'model'")
    with lived.writing() as session:
        record_gate(session, Stamp("retraining", T0), "352c7b4d", "model", [failed])
    assert card(lived).caveats_and_recommendations.known["rules not passed"] == [
        "model gate, auc: too few of class late"
    ]


def test_json_has_no_number_that_json_has_not(lived: Registry) -> None:
    json.dumps(card(lived).model_dump(mode="json"), allow_nan=False)


def test_a_card_of_nothing_is_refused(lived: Registry) -> None:
    with pytest.raises(NotRegistered, match="has no version 7"):
        card(lived, "7")

"""Figures, times and small charts in text."""

import json

import pytest

from driftline.output import bar, figure, percent, print_json, span, sparkline, utc


def test_a_number_that_is_not_there_is_a_dash_never_zero() -> None:
    assert figure(None) == "–"
    assert percent(None) == "–"
    assert utc(None) == "–"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.6, "1 min"), (61, "1 min 1 s"), (3_600, "1 h"), (90_061, "1 d 1 h"), (604_800, "7 d")],
)
def test_spans_show_their_two_largest_units(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_times_are_utc() -> None:
    assert utc(1_357_035_300_000) == "2013-01-01 10:15"
    assert utc(1_357_035_300_000, date_only=True) == "2013-01-01"


def test_a_gap_in_the_data_is_a_gap_in_the_line() -> None:
    assert sparkline([0.0, None, 0.5, 9.0], top=0.5, width=5) == " ▁ ██"


def test_a_sparkline_shows_the_newest_values() -> None:
    assert sparkline([0.5] * 10 + [0.0], top=0.5, width=2) == "█▁"


@pytest.mark.parametrize(
    ("value", "drawn"), [(None, "    "), (-1.0, "    "), (0.25, "██  "), (0.3, "██▍ "), (5.0, "████")]
)
def test_bars_are_as_wide_as_they_are_told_and_never_wider(value: float | None, drawn: str) -> None:
    assert bar(value, top=0.5, width=4) == drawn


def test_json_is_one_document_and_refuses_what_json_cannot_say(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": 1.5, "b": "µ"})
    assert json.loads(capsys.readouterr().out) == {"a": 1.5, "b": "µ"}
    with pytest.raises(ValueError, match="not JSON compliant"):
        print_json({"a": float("nan")})

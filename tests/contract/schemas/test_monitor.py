"""Monitors are written by hand: durations, and errors a person can act on."""

import json

import pytest
from pydantic import ValidationError

from schemas.monitor import Monitor, Threshold
from schemas.windowing import WindowSpec, duration_ms


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1ms", 1),
        ("90s", 90_000),
        ("5m", 300_000),
        ("1h", 3_600_000),
        ("7d", 604_800_000),
        (" 2 w ", 1_209_600_000),
    ],
)
def test_a_duration_is_a_whole_number_and_a_unit(text: str, milliseconds: int) -> None:
    assert duration_ms(text) == milliseconds


@pytest.mark.parametrize("text", ["", "5", "m", "1.5h", "-5m", "5 minutes", "1h30m", "5M", "٣m m"])
def test_anything_else_is_refused_with_an_example_of_what_to_write(text: str) -> None:
    with pytest.raises(ValidationError, match="write a whole number and a unit, such as 90s, 5m, 1h or 7d"):
        Monitor(model="m", pane=text)


@pytest.mark.parametrize("pane", [0, -1, "0s", True, 1.5])
def test_a_duration_is_positive_and_whole(pane: object) -> None:
    with pytest.raises(ValidationError, match="pane"):
        Monitor.model_validate({"model": "m", "pane": pane})


def test_a_name_is_enough() -> None:
    monitor = Monitor(model="m")
    assert monitor.levels_ms == (300_000, 3_600_000, 86_400_000)
    assert Monitor.model_validate_json(monitor.to_json()) == monitor


def threshold(**fields: object) -> dict[str, object]:
    return {"thresholds": [{"name": "t", "metric": "psi", **fields}]}


@pytest.mark.parametrize(
    ("fields", "place", "sentence"),
    [
        (
            {"windows": [{"size": "1d", "slide": "5h"}]},
            "windows.0",
            "slide must divide its size, as 1h divides 1d",
        ),
        ({"windows": [{"size": "90s"}]}, "", "every window's slide must be a multiple of the pane"),
        (threshold(), "thresholds.0", "a threshold has either 'above' or 'below'"),
        (threshold(above=1, below=0), "thresholds.0", "a threshold has either 'above' or 'below'"),
        (threshold(above=0.3, page=0.2), "thresholds.0", "'page' must lie beyond the threshold's own bound"),
        (threshold(below=5, page=6), "thresholds.0", "'page' must lie beyond the threshold's own bound"),
        (threshold(metric="psy", above=1), "thresholds.0.metric", "'psi'"),
        ({"treshold": []}, "treshold", "Extra inputs are not permitted"),
        ({"top": 0}, "top", "greater than or equal to 1"),
        ({"model": ""}, "model", "at least 1 character"),
    ],
)
def test_an_error_names_the_place_and_says_what_is_wrong(fields: dict[str, object], place: str, sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Monitor.model_validate_json(json.dumps({"model": "m", **fields}))
    errors = caught.value.errors()
    assert any(".".join(map(str, error["loc"])).startswith(place) and sentence in error["msg"] for error in errors), (
        errors
    )


def test_a_threshold_may_page_exactly_at_its_bound() -> None:
    assert Threshold(name="t", metric="psi", above=0.2, page=0.2).page == 0.2


def test_a_tumbling_window_slides_by_its_size() -> None:
    assert WindowSpec(size=60_000).slide_ms == 60_000

"""`driftline explain`: one alert in full, chosen by the beginning of its id."""

import json
from collections.abc import Sequence
from io import StringIO
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from driftline.cli import app
from driftline.errors import CommandError, ExitCode
from driftline.explain import Explanation, choose
from schemas.alert import Alert
from schemas.examples import examples
from schemas.monitor import Detector, Monitor
from schemas.window import Finding, Side

ALERTS = [Alert.model_validate_json(value) for value in examples("alerts")]
DRIFTED = next(alert for alert in ALERTS if alert.finding is not None)
BEYOND = next(alert for alert in ALERTS if alert.rule == "drift")


def _with(alert: Alert, **changes: Any) -> Alert:
    return alert.model_copy(update=changes)


def _finding(**changes: Any) -> Finding:
    assert DRIFTED.finding is not None
    return DRIFTED.finding.model_copy(update=changes)


def _explained(alert: Alert, **monitor: Any) -> Explanation:
    return Explanation(alert, Monitor(model=alert.model, **monitor))


def _shown(explanation: Explanation, width: int = 160) -> str:
    out = StringIO()
    Console(file=out, width=width, highlight=False).print(explanation.page())
    return out.getvalue()


def _lines(explanation: Explanation, beginning: str) -> list[list[str]]:
    return [line.split() for line in _shown(explanation).splitlines() if line.startswith(beginning)]


def test_the_page_holds_the_sentence_and_every_fact() -> None:
    words = " ".join(_shown(_explained(DRIFTED)).split())
    for fact in (
        DRIFTED.summary,
        f"alert {DRIFTED.alert_id}, revision 0, rule detector",
        "model flights-delay 2013-02-11",
        "severity ◆ page",
        "since 2013-01-01 00:00 UTC",
        "until open",
        "effect adjusted PSI 0.131 (told from 0.02, a page from 0.1), over 842 events",
        "also drift dep_hour (most important first)",
        "prediction does not drift",
        "Next step: find what changed in wind_speed at 2013-01-01 00:00 UTC",
    ):
        assert fact in words


def test_how_sure_says_what_evidence_and_bound_mean() -> None:
    assert _explained(DRIFTED).how_sure == (
        "evidence e^11.4 (about 89,000) against the bound e^5.5 (about 240). While nothing drifts, the bound is passed "
        "at most once a month in this model, over all its columns and however often one looks"
    )
    assert "at most 0.5 times a month" in _explained(DRIFTED, detector=Detector(budget=0.5)).how_sure


@pytest.mark.parametrize(
    ("log_e", "text"), [(-3.0, "e^-3.0 (about 0.05)"), (2.0, "e^2.0 (about 7.4)"), (2_000.0, "e^2000.0 (about 10^869)")]
)
def test_evidence_of_any_size_is_told(log_e: float, text: str) -> None:
    assert text in _explained(_with(DRIFTED, finding=_finding(log_e=log_e))).how_sure


def test_both_sides_stand_in_one_table_with_the_unit() -> None:
    explanation = _explained(DRIFTED, units={"wind_speed": "[red]mph[/red]"})
    assert _lines(explanation, "mean") == [["mean", "([red]mph[/red])", "9.8", "12.2"]]
    assert _lines(explanation, "standard") == [["standard", "deviation", "([red]mph[/red])", "5.6", "6.1"]]
    assert ["missing", "0.1", "%", "0.4", "%"] in _lines(explanation, "missing")
    assert _lines(explanation, "unseen") == _lines(explanation, "most frequent") == []


def test_histograms_stand_side_by_side_on_one_scale() -> None:
    sides = {"reference": Side(shares=(0.75, 0.25)), "now": Side(shares=(0.5, 0.5))}
    explanation = _explained(_with(DRIFTED, finding=_finding(cells=("≤ 5", "[b]"), **sides)))
    assert _lines(explanation, "≤ 5") == [["≤", "5", "75.0", "%", "█" * 24, "50.0", "%", "█" * 16]]
    assert _lines(explanation, "[b]") == [["[b]", "25.0", "%", "█" * 8, "50.0", "%", "█" * 16]]


def test_a_column_of_categories_shows_its_mode() -> None:
    sides = {"reference": Side(mode="UA", mode_rate=0.4), "now": Side(mode="[DL]", mode_rate=0.45, unseen_rate=0.02)}
    explanation = _explained(_with(DRIFTED, finding=_finding(cells=(), **sides)))
    assert _lines(explanation, "most frequent") == [["most", "frequent", "UA", "[DL]"]]
    assert _lines(explanation, "its share") == [["its", "share", "40.0", "%", "45.0", "%"]]
    assert _lines(explanation, "unseen") == [["unseen", "in", "training", "0.0", "%", "2.0", "%"]]
    assert _lines(explanation, "mean") == []


def test_a_column_without_figures_of_its_own_shows_its_histogram_alone() -> None:
    sides = {"reference": Side(shares=(0.5, 0.5)), "now": Side(shares=(0.6, 0.4))}
    shown = _shown(_explained(_with(DRIFTED, finding=_finding(column="score/confidence", cells=("1", "2"), **sides))))
    assert shown.count("expected") == 1


@pytest.mark.parametrize(
    ("mean", "std", "text"), [(1_050.3, 233.0, "1,050"), (0.3142, 0.21, "0.31"), (7.0, None, "7.0"), (0.0, 0.0, "0.0")]
)
def test_moments_have_the_digits_their_spread_asks_for(mean: float, std: float | None, text: str) -> None:
    side = Side(mean=mean, std=std)
    ((_, *shown),) = _lines(_explained(_with(DRIFTED, finding=_finding(reference=side, now=side))), "mean")
    assert shown == [text, text]


@pytest.mark.parametrize(
    ("changes", "effect", "step"),
    [
        (
            {"what": "missing", "effect": 0.119},
            "missing +11.9 percentage points, over 842",
            "ask who delivers wind_speed",
        ),
        ({"what": "unseen", "effect": 0.08}, "unseen in training +8.0 percentage points", "which values of wind_speed"),
        ({"what": "nonfinite", "effect": 0.01}, "not finite +1.0 percentage points", "NaN or infinity"),
        (
            {"what": "volume", "effect": -0.52, "column": "model/volume"},
            "-52 % against what was",
            "look at the callers",
        ),
        ({"column": "prediction/late"}, "adjusted PSI 0.131", "see whether the inputs explain it"),
        ({"column": "score/score"}, "adjusted PSI 0.131", "see whether the inputs explain it"),
    ],
)
def test_effect_and_next_step_fit_what_was_found(changes: Any, effect: str, step: str) -> None:
    explanation = _explained(_with(DRIFTED, finding=_finding(**changes), also=()))
    assert effect in explanation.effect
    assert step in explanation.next_step
    assert "{" not in explanation.next_step


def test_the_prediction_s_own_alert_does_not_say_that_the_prediction_drifts_too() -> None:
    explanation = _explained(
        _with(DRIFTED, finding=_finding(column="prediction/late"), prediction_drifts=True, also=())
    )
    assert "drifts too" not in _shown(explanation)
    assert "drifts too" in _shown(_explained(_with(DRIFTED, prediction_drifts=True)))


def test_the_next_step_names_a_command_that_shows_the_windows() -> None:
    assert _explained(_with(DRIFTED, model="a b")).next_step.endswith(
        "driftline windows --model 'a b' --version 2013-02-11 --segment '' --size 1d --since 2013-01-01T00:00"
    )


def test_a_resolved_alert_needs_nothing_and_says_until_when() -> None:
    explanation = _explained(_with(DRIFTED, state="resolved", resolved_ms=1_357_257_600_000))
    assert explanation.next_step.startswith("none: it is over since 2013-01-04 00:00 UTC.")
    assert _lines(explanation, "until") == [["until", "2013-01-04", "00:00", "UTC"]]
    assert "evidence e^11.4" in explanation.how_sure


def test_a_plain_threshold_is_explained_by_its_figure_bound_and_window() -> None:
    explanation = _explained(BEYOND)
    words = " ".join(_shown(explanation).split())
    assert explanation.how_sure.startswith(
        "a plain threshold: psi_adj 0.302 against the bound 0.2 in one window of 842"
    )
    assert "window 2013-01-01 00:00 – 2013-01-02 00:00 UTC" in words
    assert "ks 0.174" in words
    assert "expected" not in words
    assert explanation.next_step.startswith("look at the windows around it: driftline windows --model flights-delay")


@pytest.mark.parametrize("alert", ALERTS)
@pytest.mark.parametrize("width", [40, 80, 160])
def test_every_example_fits_the_width_and_is_plain_where_there_is_no_terminal(alert: Alert, width: int) -> None:
    shown = _shown(_explained(alert), width)
    assert "\x1b" not in shown
    assert max(map(len, shown.splitlines())) <= width


def test_json_holds_the_alert_as_it_stands_on_its_topic() -> None:
    document = _explained(DRIFTED).as_json()
    assert document.keys() == {"alert", "how_sure", "effect", "next_step"}
    assert Alert.model_validate_json(json.dumps(document["alert"])) == DRIFTED


def _ids(*ids: str) -> Sequence[Alert]:
    return [_with(DRIFTED, alert_id=alert_id) for alert_id in ids]


@pytest.mark.parametrize(("beginning", "found"), [("abc1", "abc1"), ("b", "b7"), ("abc2", "abc23"), ("abc12", "abc12")])
def test_a_beginning_that_no_other_id_has_is_enough(beginning: str, found: str) -> None:
    assert choose(_ids("abc1", "abc12", "abc23", "b7"), beginning).alert_id == found


@pytest.mark.parametrize(
    ("alerts", "beginning", "what", "next_step"),
    [
        ((), "abc", "No alert's id begins with 'abc'", "`driftline alerts`"),
        (("b7",), "abc", "No alert's id begins with 'abc'", "`driftline alerts`"),
        (("abc1", "abc2"), "abc", "2 alerts' ids begin with 'abc': abc1, abc2.", "give more of the id"),
        (tuple("abcdefg"), "", "7 alerts' ids begin with '': a, b, c, d, e, ….", "give more of the id"),
    ],
)
def test_an_id_that_names_none_or_several_is_told_with_the_next_step(
    alerts: Any, beginning: str, what: str, next_step: str
) -> None:
    with pytest.raises(CommandError) as caught:
        choose(_ids(*alerts), beginning)
    assert what in caught.value.what
    assert next_step in caught.value.next_step
    assert caught.value.exit_code is ExitCode.USAGE


def test_help_has_an_example_and_the_exit_codes() -> None:
    words = " ".join(CliRunner().invoke(app, ["explain", "--help"]).stdout.split())
    assert "Example: driftline explain 0f1c3ab2" in words
    assert "Exit codes: 0 in order" in words
    assert "explain" in CliRunner().invoke(app, ["--help"]).stdout


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_without_a_kafka_the_command_says_so_on_stderr(form: list[str], tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    monkeypatch.delenv("DRIFTLINE_DATA_DIR", raising=False)
    shown = CliRunner().invoke(app, ["explain", "0f1c", *form])
    assert (shown.exit_code, shown.stdout) == (ExitCode.KAFKA, "")
    assert "No Kafka: nothing runs in .driftline" in shown.stderr

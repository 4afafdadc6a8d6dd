"""Monitor files: what is read, and how mistakes are told."""

from pathlib import Path

import pytest

from driftline.errors import CommandError
from driftline.manifests import load, load_baseline
from schemas.baseline import Baseline, ColumnBaseline
from stats.reference import Reference

BASELINE = Baseline(model="churn", version="3", digest=Reference(()).digest, rows=0, columns=())


def write(folder: Path, text: str, name: str = "monitor.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_name_is_a_whole_monitor(tmp_path: Path) -> None:
    (manifest,) = load(write(tmp_path, "model: churn\n"))
    assert manifest.monitor is not None
    assert manifest.monitor.model == "churn"
    assert manifest.monitor.thresholds
    assert manifest.baseline is None


def test_durations_and_lists_are_read_as_the_contract_has_them(tmp_path: Path) -> None:
    text = "model: churn\npane: 1h\nwindows:\n  - {size: 7d, slide: 1d}\nsegments: [region]\n"
    (manifest,) = load(write(tmp_path, text))
    assert manifest.monitor is not None
    assert manifest.monitor.pane == 3_600_000
    assert manifest.monitor.windows[0].slide_ms == 86_400_000
    assert manifest.monitor.segments == ("region",)


def test_several_documents_in_one_file_are_several_monitors(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, "model: a\n---\nmodel: b\n"))
    assert [manifest.monitor.model for manifest in loaded if manifest.monitor] == ["a", "b"]


def test_a_baseline_is_found_beside_the_monitor_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "baseline.json").write_bytes(BASELINE.to_json())
    (manifest,) = load(write(tmp_path, "model: churn\nbaseline: made/baseline.json\n"))
    assert manifest.baseline == BASELINE


def test_a_baseline_can_be_applied_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    path.write_bytes(BASELINE.to_json())
    (manifest,) = load(path)
    assert (manifest.monitor, manifest.baseline) == (None, BASELINE)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("model: churn\npane: soon\n", r"monitor\.yaml:2: pane: .*no duration"),
        ("model: churn\nlatness: 1m\n", r"monitor\.yaml:2: latness: unknown key"),
        (
            "model: churn\nthresholds:\n  - {name: a, metric: psi, above: 1}\n  - {name: b, metric: psy, above: 1}\n",
            r"monitor\.yaml:4: thresholds\.1\.metric",
        ),
        ("model: churn\nwindows:\n  - size: 1h\n    slide: 7m\n", r"monitor\.yaml:3: windows\.0: .*divide"),
        ("pane: 1m\n", r"monitor\.yaml:1: model: is lacking: add it"),
        ("model: [churn\n", r"monitor\.yaml:\d is no usable YAML"),
        ("", "is empty"),
        ("- a\n- b\n", "holds no mapping"),
        ("model: churn\nbaseline: [a]\n", r"monitor\.yaml:2: baseline must be a path"),
        ("model: churn\nbaseline: nowhere.json\n", r"monitor\.yaml:2: baseline: .*nowhere.json cannot be read"),
        ("model: churn\npane: 1m\npane: 5m\n", r"monitor\.yaml:3 .*pane stands here a second time"),
        ("model: churn\nlatenes: 1m\n", r"monitor\.yaml:2: latenes: unknown key; write lateness"),
        ("model: churn\nclasses: [0, 1]\n", r"classes\.0: must be text: put it in quotes"),
        ("model: churn\nsegments: region\n", r"segments: must be a list: write \[a, b\]"),
        ("model: churn\nwindows: [1h]\n", r"windows\.0: must be keys with values, such as \{size: 1h\}"),
        ("model: churn\nlateness: 1.5\n", r"lateness: must be a whole number, .*such as 90s"),
        ("model: churn\nthresholds: [{name: a, metric: psi, above: .nan}]\n", r"\.nan is no finite number"),
        ("model: churn\n---\nmodel: churn\n", "several monitors of churn"),
        ("model: churn\nsegments: &a [*a]\n", "alias refers to itself"),
        ("schema: driftline.baseline/1\nmodel: churn\n", r"monitor\.yaml is no baseline: version"),
    ],
)
def test_mistakes_are_told_with_file_line_and_field(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(CommandError, match=says):
        load(write(tmp_path, text))


def test_a_monitor_may_not_name_another_models_baseline(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_bytes(BASELINE.to_json())
    with pytest.raises(CommandError, match=r"'fraud'.*'churn'"):
        load(write(tmp_path, "model: fraud\nbaseline: b.json\n"))


def test_a_file_that_is_no_baseline_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="driftline baseline build"):
        load_baseline(write(tmp_path, "{}", "b.json"))


def test_a_misspelt_metric_is_one_line_with_every_metric_there_is(tmp_path: Path) -> None:
    text = "model: churn\nthresholds: [{name: a, metric: psy, above: 1}]\n"
    with pytest.raises(CommandError, match=r"must be one of 'psi'.*'score_psi'") as caught:
        load(write(tmp_path, text))
    assert caught.value.what.count("thresholds.0.metric") == 1


def test_dates_are_text_even_where_there_is_no_such_day(tmp_path: Path) -> None:
    (manifest,) = load(write(tmp_path, "model: churn\nclasses: [2013-01-01, 2013-13-45]\n"))
    assert manifest.monitor is not None
    assert manifest.monitor.classes == ("2013-01-01", "2013-13-45")


COLUMN = ColumnBaseline(name="x", role="feature", kind="numeric", edges=(0.0, 1.0), cells=(0,) * 9)


@pytest.mark.parametrize(
    ("column", "says"),
    [
        (COLUMN.model_copy(update={"edges": (1.0, 0.0)}), "edges must be finite and strictly rising"),
        (COLUMN.model_copy(update={"cells": (1, 2)}), "2 cells where edges and categories ask for 9"),
        (COLUMN, "was changed since it was built"),
    ],
)
def test_a_baseline_that_services_could_not_use_is_refused(tmp_path: Path, column: ColumnBaseline, says: str) -> None:
    changed = BASELINE.model_copy(update={"columns": (column,)})
    with pytest.raises(CommandError, match=says):
        load(write(tmp_path, changed.to_json().decode(), "b.json"))

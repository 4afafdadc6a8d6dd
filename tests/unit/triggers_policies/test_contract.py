"""Policies are written by hand: what cannot be meant is refused, by model and JSON Schema where it can say so."""

import json
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from driftline.errors import CommandError
from driftline.manifests import load
from schemas.json_schema import json_schema
from schemas.monitor import FeatureMetric, Monitor
from schemas.retraining import RetrainingRequest, trigger_id_of
from schemas.retraining_policy import RetrainingPolicy, Score
from services.triggers.policies.asking import LOOKS

KINDS: dict[str, dict[str, Any]] = {
    "performance": {"metric": "auc", "drop": 0.1},
    "drift": {},
    "volume": {"labels": 1},
    "calendar": {"cron": "0 0 * * *"},
}


def _monitor(*policies: dict[str, Any]) -> dict[str, Any]:
    return {"model": "m", "retraining": [{"name": f"p{number}", **one} for number, one in enumerate(policies)]}


def test_every_kind_of_policy_is_looked_at_and_can_be_asked_for() -> None:
    kinds = {get_args(policy.model_fields["kind"].annotation)[0] for policy in get_args(get_args(RetrainingPolicy)[0])}
    assert kinds == set(LOOKS) == set(KINDS)
    assert kinds | {"manual"} == set(get_args(RetrainingRequest.model_fields["kind"].annotation))


def test_scores_are_metrics_of_features() -> None:
    assert set(get_args(Score)) <= set(get_args(FeatureMetric))


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_and_what_it_is_about_are_enough(kind: str) -> None:
    record = _monitor({"kind": kind, **KINDS[kind]})
    (policy,) = Monitor.model_validate_json(json.dumps(record)).retraining
    assert (policy.priority, policy.cooldown, policy.budget) == ("normal", 7 * 86_400_000, None)
    assert Draft202012Validator(json_schema(Monitor)).is_valid(record)


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        ({"kind": "performance", "metric": "auc"}, "one of 'above', 'below' and 'drop'"),
        ({"kind": "performance", "metric": "auc", "above": 1, "drop": 1}, "one of 'above', 'below' and 'drop'"),
        ({"kind": "performance", "metric": "auc", "drop": 1, "by": "label_time", "min_coverage": 0.5}, "neither"),
        ({"kind": "performance", "metric": "auc", "drop": 1, "window": "2h"}, "of a size that is not made"),
        ({"kind": "drift", "above": 0.2}, "a score needs a bound"),
        ({"kind": "drift", "signal": "psi"}, "a score needs a bound"),
        ({"kind": "drift", "window": "1h"}, "a detector has its own pane"),
        ({"kind": "drift", "features": 2, "share": 0.5}, "give either 'share'"),
        ({"kind": "drift", "signal": "concept", "features": 2}, "judges no features"),
        ({"kind": "drift", "features": 3, "top": 2}, "at most 'top'"),
        ({"kind": "drift", "features": 6}, "more 'features' than 'top'"),
        ({"kind": "drift", "signal": "psi", "above": 0.2, "window": "2h"}, "of a size that is not made"),
        ({"kind": "volume", "labels": 0}, "greater than or equal to 1"),
        ({"kind": "volume", "labels": 5, "window": "2h"}, "of a size that is not made"),
        ({"kind": "calendar", "cron": "every day"}, "pattern"),
        ({"kind": "calendar", "cron": "0 0 0 * * *"}, "pattern"),
        ({"kind": "calendar", "cron": "0 25 * * *"}, "Bad hour; write for example 0 3 1 * *"),
        ({"kind": "calendar", "cron": "0 0 30 2 *"}, "is no cron expression"),
        ({"kind": "whim"}, "does not match any of the expected tags"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_words(policy: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Monitor.model_validate_json(json.dumps(_monitor(policy)))


@pytest.mark.parametrize(
    "policy",
    [
        {"kind": "performance", "metric": "auc"},
        {"kind": "performance", "metric": "auc", "above": 1, "drop": 1},
        {"kind": "calendar", "cron": "every day"},
        {"kind": "whim"},
        {"kind": "volume"},
        {"kind": "drift", "labels": 3},
        {"kind": "drift", "cooldown": "soon"},
        {"kind": "drift", "budget": {"requests": 0, "period": "1d"}},
    ],
)
def test_the_json_schema_refuses_it_too(policy: dict[str, Any]) -> None:
    assert not Draft202012Validator(json_schema(Monitor)).is_valid(_monitor(policy))


def test_two_policies_of_one_name_are_refused() -> None:
    record = {
        "model": "m",
        "retraining": [{"kind": "drift", "name": "a"}, {"kind": "volume", "name": "a", "labels": 1}],
    }
    with pytest.raises(ValidationError, match="same name"):
        Monitor.model_validate_json(json.dumps(record))


def test_a_mistake_in_a_file_is_named_by_its_line_and_a_key_to_write(tmp_path: Any) -> None:
    path = tmp_path / "monitor.yaml"
    path.write_text("model: m\nretraining:\n  - name: a\n    kind: volume\n    labls: 5\n    labels: 5\n")
    with pytest.raises(CommandError, match=r"monitor\.yaml:5: retraining\.0\.labls: unknown key; write labels"):
        load(path)


def test_ids_of_triggers_tell_their_parts_apart() -> None:
    assert trigger_id_of("a", "b", "c") == trigger_id_of("a", "b", "c")
    assert len({trigger_id_of("a", "b", "c"), trigger_id_of("ab", "", "c"), trigger_id_of("a", "b", "c", "")}) == 3
    assert len(trigger_id_of("a", "b")) == 32

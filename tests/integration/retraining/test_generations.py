"""Models of other tasks than two classes, with the trainer that comes along, and the candidate of a candidate."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from runtime.clock import SystemClock
from runtime.registry import Registry, RegistrySettings, RunView, lineage_of, runs_of
from runtime.settings import KafkaSettings
from schemas.comparison import Comparison
from schemas.monitor import Monitor
from schemas.performance import Fairness, Performance, Protected
from schemas.training import Case, DataRules, ModelRules, Training
from tests.integration.drift.services import apply, running, wait_for
from tests.integration.retraining import kinds
from tests.integration.retraining.stream import DAY_MS, produce, request
from tests.integration.retraining.test_service import decision, runs, stands, write

CASE: dict[str, Any] = {"age": 20.0, "income": None, "member": False, "city": "Bern"}


def monitor(model: str, label: float | str, **rules: Any) -> Monitor:
    return Monitor(
        model=model,
        segments=("region",),
        performance=Performance(fairness=Fairness(protected=(Protected(name="member"),))),
        training=Training(
            parameters={"search": 1, "models": ["linear"]},
            data=DataRules(rows=500),
            model=ModelRules(impact_ratio=None, odds_difference=None, calibration_error=0.3, **rules),
            cases=(Case(features=CASE, label=label),),
            target=0.9,
        ),
    )


def judged(settings: RegistrySettings, policy: str) -> tuple[RunView, Comparison]:
    """A run that brought its candidate, and the comparison."""
    wait_for(partial(stands, settings, policy, "candidate", "failed"))
    run = runs(settings)[policy]
    assert run.stands.step == "candidate", run.stands.detail
    with Registry.for_reading(settings) as registry:
        return run, Comparison.model_validate_json(registry.artifacts.read(run.products["comparison"]))


def case_of(run: RunView) -> str:
    return next(rule.detail for rule in run.gates if rule.rule == "regression_cases")


@pytest.fixture
def registry_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RegistrySettings:
    """Of the service that the test runs, too."""
    settings = RegistrySettings.under(tmp_path)
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    Registry.opened(settings).engine.dispose()
    return settings


def test_numbers_and_three_classes_are_trained_anew_and_a_candidate_has_one_of_its_own(
    settings: KafkaSettings, registry_settings: RegistrySettings, tmp_path: Path
) -> None:
    """The second one's incumbent has an artifact, which answers the case, importances and a history of retrains."""
    now_ms = SystemClock().wall_ms()
    then_ms = now_ms - DAY_MS
    for model, baseline in {"price": kinds.baseline("price"), "fruit": kinds.learned("fruit")}.items():
        produce(settings, kinds.events(model, "1", then_ms))
        apply(settings, "baselines", f"{model}/1", baseline)
    apply(settings, "monitors", "price", monitor("price", 500.0, tolerance=400.0))
    apply(settings, "monitors", "fruit", monitor("fruit", "apple"))
    with running(settings, tmp_path, "retraining", service="services.retraining"):
        SystemClock().sleep(1.0)
        for model in ("price", "fruit"):
            write(settings, "retraining.requests", request(model, then_ms, model=model))
        _, price = judged(registry_settings, "price")
        first, fruit = judged(registry_settings, "fruit")
        write(settings, "approvals", decision(first, now_ms, actor="mara").model_copy(update={"target": "fruit"}))
        version = first.version or ""
        produce(settings, kinds.events("fruit", version, now_ms, seed=2, begin_ms=then_ms))
        write(settings, "retraining.requests", request("again", now_ms, model="fruit", version=version))
        second, next_fruit = judged(registry_settings, "again")
    assert price.turned is None
    assert {figure.metric for figure in price.metrics} == {"mae", "mse", "rmse", "mape"}
    assert {"member=true", "member=false", "region=eu"} <= price.segments.keys() & fruit.segments.keys()
    assert (fruit.advice.retrains, next_fruit.advice.retrains) == (1, 2)
    assert "production could not be asked" in case_of(first)
    assert "1 of 1 right, of production 1" in case_of(second)
    assert fruit.stability.kendall_tau is None
    assert next_fruit.stability.kendall_tau is not None
    with Registry.for_reading(registry_settings) as registry, registry.reading() as session:
        known = {of.version: of for of in lineage_of(session, "fruit")}
        assert len(runs_of(session, "fruit")) == 2
    assert known.keys() == {"1", first.version, second.version}
    assert [approval.actor for approval in known[version].approvals] == ["mara"]
    assert known[version].task == "multiclass"

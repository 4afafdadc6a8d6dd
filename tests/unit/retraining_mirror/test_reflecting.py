"""MLflow says what the registry says, and says it again when that has changed."""

from pathlib import Path

from runtime.registry import Registry, Stamp, record_metrics, register_candidate
from runtime.registry.canonical import digest_of
from schemas.performance_window import Figure
from services.retraining.mirroring import Mirror
from services.retraining.mirroring.connection import connect
from services.retraining.mirroring.found import find
from tests.unit.registry.story import ARTIFACT, HOLDOUT, TRAINING, WEIGHTS
from tests.unit.retraining_mirror.interrupting import interrupting
from tests.unit.retraining_mirror.story import (
    MODEL,
    NEW,
    NEXT,
    OLD,
    RUN,
    T0,
    advance,
    candidate,
    retrain_again,
    said,
    serve,
    uri,
)

READS = ["search_registered_models", "search_model_versions", "get_experiment_by_name", "search_runs"]


def test_versions_have_the_registry_s_tags_parameters_metrics_and_bytes(home: Path, registry: Registry) -> None:
    assert Mirror(uri(home), registry).reflect(MODEL)
    elsewhere, made = said(home)["versions"]
    assert elsewhere == (OLD, {"driftline.version": OLD}, {}, {}, True, [])
    version, tags, parameters, metrics, finished, files = made
    assert (version, finished, files) == (NEW, True, [f"model/{ARTIFACT.removeprefix('sha256:')}"])
    assert tags.items() >= {
        ("driftline.version", NEW),
        ("driftline.run_id", RUN),
        ("driftline.state", "candidate"),
        ("driftline.artifact_digest", ARTIFACT),
        ("driftline.dataset.training", TRAINING),
        ("driftline.dataset.holdout", HOLDOUT),
        ("driftline.code_version", "b748898"),
    }
    assert parameters == {"depth": "6", "rate": "0.1", "loss": "log", "seed.split": "7", "seed.model": "11"}
    assert metrics == {"f1": 0.741, "f1.low": 0.72, "f1.high": 0.76, "auc": 0.83, "auc.low": 0.81, "auc.high": 0.85}


def test_the_artifact_is_where_the_version_s_source_says(home: Path, registry: Registry) -> None:
    Mirror(uri(home), registry).reflect(MODEL)
    client = connect(uri(home))
    source = client.get_model_version_by_alias(MODEL, "challenger").source
    folder = Path(source.removeprefix("file://"))
    assert [file.read_bytes() for file in folder.iterdir()] == [WEIGHTS]
    assert home in folder.parents


def test_a_repeat_reads_four_times_and_changes_nothing(home: Path, registry: Registry) -> None:
    connecting, clients = interrupting(0, lambda: None)
    mirror = Mirror(uri(home), registry, connect=connecting)
    assert mirror.reflect(MODEL)
    before, calls = find(connect(uri(home)), MODEL), len(clients[0].methods)
    assert mirror.reflect(MODEL)
    assert clients[0].methods[calls:] == READS
    assert find(connect(uri(home)), MODEL) == before


def test_aliases_follow_decisions_and_traffic(home: Path, registry: Registry) -> None:
    mirror = Mirror(uri(home), registry)

    def aliases() -> dict[str, str]:
        assert mirror.reflect(MODEL)
        aliased: dict[str, str] = said(home)["aliases"]
        return aliased

    assert aliases() == {"champion": OLD, "challenger": NEW}
    advance(registry, "approved")
    serve(registry, 2, 1_000)
    assert aliases() == {"champion": OLD, "challenger": NEW}
    serve(registry, 3, 10_000)
    advance(registry, "promoted")
    assert aliases() == {"champion": NEW}
    retrain_again(registry)
    assert aliases() == {"champion": NEW, "challenger": NEXT}


def test_a_candidate_that_is_turned_down_loses_its_alias_and_says_why_in_its_state(
    home: Path, registry: Registry
) -> None:
    mirror = Mirror(uri(home), registry)
    mirror.reflect(MODEL)
    advance(registry, "rejected")
    assert mirror.reflect(MODEL)
    after = said(home)
    assert after["aliases"] == {"champion": OLD}
    assert after["versions"][1][1]["driftline.state"] == "rejected"


def test_figures_and_versions_that_come_later_are_added(home: Path, registry: Registry) -> None:
    mirror = Mirror(uri(home), registry)
    mirror.reflect(MODEL)
    retrain_again(registry)
    with registry.writing() as session:
        record_metrics(
            session,
            Stamp("retraining", T0),
            model=MODEL,
            version=NEW,
            dataset_digest=HOLDOUT,
            figures={"log_loss": Figure(value=0.4, n=8_000)},
        )
    assert mirror.reflect(MODEL)
    versions = {version: (metrics, files) for version, _, _, metrics, _, files in said(home)["versions"]}
    assert versions[NEW][0]["log_loss"] == 0.4
    assert versions[NEXT] == ({}, [f"model/{digest_of(b'newer weights').removeprefix('sha256:')}"])


def test_what_a_person_deletes_in_mlflow_comes_back(home: Path, registry: Registry) -> None:
    mirror = Mirror(uri(home), registry)
    mirror.reflect(MODEL)
    before, client = said(home), connect(uri(home))
    found = find(client, MODEL)
    client.delete_registered_model_alias(MODEL, "champion")
    client.delete_run(found.runs[0].run_id)
    client.set_model_version_tag(MODEL, "1", "driftline.version", OLD)
    assert mirror.reflect(MODEL)
    assert said(home) == before
    client.delete_registered_model(MODEL)
    client.delete_experiment(found.experiment_id)
    assert mirror.reflect(MODEL)
    assert said(home) == before


def test_versions_of_other_people_are_left_alone(home: Path, registry: Registry) -> None:
    client = connect(uri(home))
    client.create_registered_model(MODEL)
    client.create_model_version(MODEL, source="file:///elsewhere", tags={"team": "search"})
    assert Mirror(uri(home), registry).reflect(MODEL)
    assert client.get_model_version(MODEL, "1").tags == {"team": "search"}
    assert said(home)["aliases"] == {"champion": OLD, "challenger": NEW}


def test_a_model_whose_name_mlflow_refuses_has_one_of_its_own(home: Path, registry: Registry) -> None:
    with registry.writing() as session:
        for model in ("eu/flights", "eu:flights", "it's 100 %"):
            made = candidate(
                registry, model=model, run_id=None, datasets={}, parameters={"a/b": [1, None], "": "x" * 9_000}
            )
            register_candidate(session, Stamp("mara", T0), made)
    assert Mirror(uri(home), registry).reflect("eu/flights", "eu:flights", "it's 100 %")
    names = [model.name for model in connect(uri(home)).search_registered_models()]
    assert names == ["eu_flights-25e68674", "eu_flights-b4e4cd30", "it_s 100 _-b716eb30"]
    ((_, _, parameters, *_),) = said(home, names[0])["versions"]
    assert parameters["a_b"] == "[1, null]"

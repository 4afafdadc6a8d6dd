"""The list of metrics, what is made from it, and the table in the docs."""

from pathlib import Path
from typing import get_args

import pytest
from prometheus_client.parser import text_string_to_metric_families

from runtime.metrics import METRICS, CounterName, GaugeName, HistogramName, Metrics, table, with_table

OPERATIONS = Path(__file__).parents[3] / "docs" / "operations.md"


@pytest.mark.parametrize(
    ("kind", "names"), [("counter", CounterName), ("gauge", GaugeName), ("histogram", HistogramName)]
)
def test_the_types_name_exactly_the_metrics_of_the_list(kind: str, names: object) -> None:
    assert set(get_args(names)) == {name for name, metric in METRICS.items() if metric.kind == kind}


def test_names_carry_their_units_as_prometheus_wants_them() -> None:
    for name, metric in METRICS.items():
        assert name.startswith("driftline_")
        assert name.endswith("_total") == (metric.kind == "counter"), name
        if metric.unit in {"seconds", "Unix time"}:
            assert name.endswith("_seconds"), name


def test_what_is_counted_set_and_observed_is_read_back_by_a_prometheus_parser() -> None:
    metrics = Metrics("drift-fold")
    metrics.count("driftline_dead_letters_total", 3, model="m", reason="SCHEMA")
    metrics.count("driftline_dead_letters_total", model="m", reason="SCHEMA")
    metrics.set("driftline_lag_records", 7, topic="predictions", partition="0")
    metrics.observe("driftline_fold_seconds", 0.2)
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }
    service = ("service", "drift-fold")
    dead = (("model", "m"), ("reason", "SCHEMA"), service)
    lag = (("partition", "0"), service, ("topic", "predictions"))
    assert samples["driftline_dead_letters_total", dead] == 4
    assert samples["driftline_lag_records", lag] == 7
    assert samples["driftline_fold_seconds_sum", (service,)] == 0.2


def test_labels_that_are_not_the_metrics_are_refused() -> None:
    with pytest.raises(ValueError, match="label"):
        Metrics("x").count("driftline_records_total", model="m")


def test_the_table_in_the_docs_is_fresh() -> None:
    page = OPERATIONS.read_text()
    assert table() in page, "run: python -m runtime.metrics docs/operations.md"
    assert with_table(page) == page

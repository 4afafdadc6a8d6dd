import json

import numpy as np
import pytest

from runtime.decode.decoded import Decoded, Group
from runtime.decode.decoder import Decoder
from runtime.decode.shape import Coded, Shape, category_text
from runtime.decode.warm import warm
from runtime.log.memory_broker import MemoryMessage
from schemas.prediction import Prediction
from tests.unit.decode.comparing import by_event
from tests.unit.decode.events import NOW_MS, encoded, event, features, message, shape_of


def _decode(*records: MemoryMessage, decoder: Decoder | None = None) -> Decoded:
    """Twice, so that what is returned comes from the compiled parser where it can."""
    decoder = decoder or Decoder(shape_of)
    decoder.decode(records, NOW_MS)
    return decoder.decode(records, NOW_MS)


def _one(**changes: object) -> Group:
    decoded = _decode(message(encoded(event(**changes))))
    assert decoded.dead == []
    (group,) = decoded.groups
    return group


def test_an_event_becomes_columns_in_the_order_of_the_shape() -> None:
    group = _one()
    assert (group.model, group.version, group.row.tolist()) == ("churn", "1", [-1])
    assert group.values.tolist() == [[41.5], [52_000.0], [0.25]]
    assert group.codes.tolist() == [[0], [1], [0]]
    assert (group.time_ms[0], group.latency_ms[0], group.status[0]) == (NOW_MS, 12.5, 200)
    assert {name: names[codes[0]] for name, (codes, names) in group.segments.items()} == {"region": "eu"}


def test_null_and_absent_are_missing() -> None:
    for changed in ({"age": None, "income": None, "plan": None, "active": None}, {}):
        group = _one(features=changed, score=None, latency_ms=..., status=None, segments=None)
        assert np.isnan(group.values).all()
        assert np.isnan([group.score[0], group.latency_ms[0]]).all()
        assert group.codes.tolist() == [[9], [3], [0]]
        assert group.status.tolist() == [0]
        assert group.segments == {}


@pytest.mark.parametrize(
    ("value", "code"), [(3, 2), (3.0, 2), (True, 3), ("3", 2), ("plus", 1), ("gold", 8), (4, 8), (-0.0, 8), (None, 9)]
)
def test_a_category_is_known_by_its_text(value: object, code: int) -> None:
    assert _one(features=features(plan=value)).codes[0].tolist() == [code]


def test_category_text_is_canonical() -> None:
    values = (3, 3.0, -0.0, 0.5, True, False, "3.0", 2**63, 1e300, 9007199254740993)
    texts = ["3", "3", "0", "0.5", "true", "false", "3.0", str(2**63), "1e+300", "9007199254740993"]
    assert [category_text(value) for value in values] == texts


def test_a_variant_that_is_not_stable_is_a_segment() -> None:
    group = _one(variant="canary", segments={"region": "us", "variant": "mine", "device": "phone"})
    assert {name: names[codes[0]] for name, (codes, names) in group.segments.items()} == {
        "variant": "canary",
        "region": "us",
    }
    assert "variant" not in _one(variant="stable").segments


def test_versions_and_models_interleave() -> None:
    delay = event(model="delay", features={"distance": 7}, prediction=2.5, probabilities=...)
    records = [message(encoded(fields)) for fields in (event(), delay, event(score=0.75), delay, event(model="new"))]
    decoded = _decode(*records)
    assert {(g.model, g.version): g.index.tolist() for g in decoded.groups} == {
        ("churn", "1"): [0, 2],
        ("delay", "1"): [1, 3],
        ("new", "1"): [4],
    }
    by_model = {group.model: group for group in decoded.groups}
    assert by_model["delay"].values.tolist() == [[7.0, 7.0], [2.5, 2.5]]
    assert by_model["churn"].values[2].tolist() == [0.25, 0.75]


def test_keys_may_come_in_any_order_even_features_before_the_model() -> None:
    fields = event()
    turned = {name: fields[name] for name in reversed(fields)}
    delay = event(model="delay", features={"distance": 7}, prediction=2.5, probabilities=...)
    decoded = _decode(message(encoded(delay)), message(encoded(turned)), message(json.dumps(fields, indent=1).encode()))
    assert decoded.strictly == 0
    group = next(group for group in decoded.groups if group.model == "churn")
    assert group.values[:, 0].tobytes() == group.values[:, 1].tobytes() == _one().values[:, 0].tobytes()


def test_common_odd_events_stay_on_the_compiled_path_once_they_were_seen() -> None:
    """Unlisted features, unknown fields, unlisted categories, non-ASCII texts, new segments, white space."""
    odd = event(
        features=features(extra=1, note="ß", plan="日本"), segments={"region": "Ελλάδα"}, host="node-7", retries=2
    )
    decoded = _decode(message(json.dumps(odd, ensure_ascii=False).encode()))
    assert (decoded.strictly, decoded.unknown_fields, decoded.dead) == (0, 1, [])


def test_a_repeated_id_is_counted_for_information() -> None:
    records = [message(encoded(event(prediction_id=name)), key=name.encode()) for name in ("a", "b", "a", "a")]
    assert _decode(*records).repeated == 2


def test_the_time_limit_is_the_records_own_timestamp() -> None:
    """Also in a batch whose other records are much older or newer."""
    late = encoded(event(time_ms=NOW_MS + 300_000))
    records = [message(late, timestamp_ms=NOW_MS + shift) for shift in (-1, 0, 10**9, -(10**9))]
    assert [(dead.index, dead.reason) for dead in _decode(*records).dead] == [(0, "FUTURE"), (3, "FUTURE")]


def test_a_refused_event_says_where_it_belongs_if_that_can_be_read() -> None:
    records = [message(encoded(event(score=2))), message(encoded(event(score=2, time_ms=0))), message(b"{")]
    origins = [(dead.model, dead.version, dead.time_ms) for dead in _decode(*records).dead]
    assert origins == [("churn", "1", NOW_MS), ("churn", "1", None), (None, None, None)]


def test_a_strict_monitor_refuses_versions_without_a_baseline() -> None:
    decoded = _decode(
        message(encoded(event(version="2"))), decoder=Decoder(shape_of, strict=lambda model: model == "churn")
    )
    assert [dead.reason for dead in decoded.dead] == ["SCHEMA"]


def test_without_a_baseline_columns_are_discovered() -> None:
    rows = [
        {"x": 1, "c": "a", "b": True, "mixed": 1},
        {"x": None, "b": False, "mixed": "m"},
        {"x": 2.5, "c": "z", "b": None},
    ]
    decoded = _decode(*(message(encoded(event(model="new", features=row, prediction=i))) for i, row in enumerate(rows)))
    columns = {column.name: column for column in decoded.groups[0].discovered}
    kinds = {name: column.kind for name, column in columns.items()}
    assert kinds == {
        "x": "numeric",
        "c": "categorical",
        "b": "boolean",
        "mixed": "categorical",
        "prediction": "numeric",
    }
    np.testing.assert_array_equal(columns["x"].values, [1.0, np.nan, 2.5])
    assert [columns["c"].codes.tolist(), columns["c"].names] == [[0, -1, 1], ("a", "z")]
    assert columns["b"].codes.tolist() == [1, 0, -1]
    assert columns["mixed"].names == ("1", "m")


def test_a_monitors_classes_and_segments_hold_without_a_baseline() -> None:
    shape = Shape(discover=True, classes=frozenset(("yes",)), segments=())
    decoder = Decoder(lambda _model, _version: shape)
    records = [message(encoded(event(prediction=p, probabilities=...))) for p in ("yes", "no")]
    decoded = decoder.decode(records, NOW_MS)
    assert [dead.reason for dead in decoded.dead] == ["VALUE"]
    assert decoded.groups[0].segments == {}


def test_a_new_baseline_takes_effect_with_the_next_batch() -> None:
    shapes = {"churn": Shape(numeric=("age",))}
    decoder = Decoder(lambda model, _version: shapes[model])
    assert decoder.decode([message(encoded(event()))], NOW_MS).groups[0].values.tolist() == [[41.5]]
    shapes["churn"] = Shape(numeric=("income", "age"), coded=(Coded("plan", {"basic": 5}, 6, 7),))
    (group,) = decoder.decode([message(encoded(event()))], NOW_MS).groups
    assert (group.values.tolist(), group.codes.tolist()) == ([[52_000.0], [41.5]], [[5]])


def test_structured_cloudevents_are_unwrapped_and_binary_ones_pass() -> None:
    wrapped = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "time": "no date", "data": event()}
    decoded = _decode(message(encoded(wrapped)), message(encoded(event())))
    left, right = (said for _, said in sorted(by_event(decoded).items()))
    assert left == right


def test_an_empty_batch_is_nothing() -> None:
    assert Decoder(shape_of).decode([], NOW_MS) == Decoded(groups=[])


def test_the_example_events_of_the_tests_fulfil_the_contract() -> None:
    Prediction.model_validate(event())


def test_warming_up_leaves_a_parser_that_accepts_its_example() -> None:
    assert warm() >= 0

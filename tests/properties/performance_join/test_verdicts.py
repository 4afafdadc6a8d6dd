"""Short cuts say what the contract says: of labels, and of predictions that drift judges too."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.clock import ManualClock
from runtime.decode.decoder import Decoder
from runtime.decode.verdict import Refusal
from runtime.watched import Watched
from schemas.label import Label
from schemas.monitor import Monitor
from services.drift.fold.plans import Plans as DriftPlans
from services.performance.join.judging import strictly, sure
from services.performance.join.plans import Plans
from services.performance.join.reading import PredictionReader
from tests.drift_stream import Applied
from tests.integration.drift.test_bad_input import churn
from tests.properties.decode.payloads import KEYS, TOKENS, damaged, payloads
from tests.unit.decode.events import NOW_MS, encoded, event, message

_FIELDS: dict[str, Any] = {
    "schema": st.just('"driftline.label/1"'),
    "prediction_id": st.just('"p-1"'),
    "label": st.sampled_from(['"late"', "1", "0.5", "true", "null", '"a:b"']),
    "time_ms": st.just(str(NOW_MS)),
    "source": st.sampled_from(['"desk"', "null"]),
    "value": st.sampled_from(["-2.5", "1e300", "null"]),
    "note": st.just('"x"'),
    "nested": st.just('{"a":1,"b":"c"}'),
}


@st.composite
def labels(draw: st.DrawFn) -> bytes:
    """A label with at most a few faults: fields left out, changed, doubled; bytes cut, changed, added."""
    names = [*list(_FIELDS)[:4], *draw(st.lists(st.sampled_from(list(_FIELDS)), max_size=2))]
    members = [(name, draw(_FIELDS[name] if draw(st.integers(0, 9)) else TOKENS)) for name in names]
    if not draw(st.integers(0, 5)):
        del members[draw(st.integers(0, len(members) - 1))]
    space = draw(st.sampled_from(["", "", " ", "\n"]))
    text = ",".join(f'{space}"{name}"{space}:{space}{value}' for name, value in draw(st.permutations(members)))
    value = bytearray(f"{{{text}{space}}}".encode("utf-8", "surrogatepass"))
    if not draw(st.integers(0, 3)):
        place = draw(st.integers(0, len(value)))
        value[place : place + draw(st.integers(0, 2))] = draw(st.binary(max_size=2))
    return bytes(value)


def verdict(value: bytes) -> Label | None:
    try:
        return strictly(value)
    except Refusal:
        return None


@given(labels())
@settings(max_examples=400, deadline=None)
def test_a_label_that_is_surely_valid_is_the_label_that_the_contract_reads(value: bytes) -> None:
    found = sure(value)
    if found is not None:
        assert found == verdict(value)
        assert found.model_fields_set == verdict(value).model_fields_set  # type: ignore[union-attr]  it is not None


def test_plain_labels_need_no_second_look() -> None:
    told: dict[str, Any] = {"schema": "driftline.label/1", "prediction_id": "a:b", "time_ms": NOW_MS}
    for label in (1, 0.5, "late", "a:b"):
        for more in ({}, {"source": "desk"}, {"value": -1.5}, {"source": None, "value": 3}):
            assert sure(json.dumps(told | {"label": label} | more).encode()) is not None, (label, more)


@given(
    st.lists(st.tuples(st.one_of(payloads(), payloads(), damaged()), KEYS), min_size=1, max_size=12),
    st.sampled_from([None, ("stay", "leave", "1")]),
    st.sampled_from([{"new"}, set()]),
)
@settings(max_examples=60, deadline=None)
def test_what_drift_refuses_is_refused_here(
    records: list[tuple[bytes, bytes | None]], classes: tuple[str, ...] | None, strict: set[str]
) -> None:
    """With columns of numbers, booleans and categories, closed classes, and versions of which nothing is known."""
    monitors = Applied(
        {name: Monitor(model=name, classes=classes, strict=name in strict) for name in ("churn", "new")}, 1
    )
    baselines = Applied({"churn/1": churn()}, 1)
    theirs = DriftPlans(Watched(monitors, baselines, ManualClock()))
    ours = Plans(monitors, baselines, ManualClock())
    messages = [message(encoded(event())), *(message(value, key=key) for value, key in records)]
    drift = Decoder(theirs.shape, theirs.is_strict).decode(messages, NOW_MS)
    read = PredictionReader(ours).read(messages, NOW_MS)
    assert (read.events, read.refused) == (drift.events, len(drift.dead))
    assert len(read.records) == sum(map(len, drift.groups))

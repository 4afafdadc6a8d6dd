"""Decorated predict functions answer as before, and each answer is logged."""

import asyncio
import json
from typing import Any

import pytest

from tests.unit.client.recording import Kept, recording


def bodies(kept: Kept) -> list[dict[str, Any]]:
    return [json.loads(record.value() or b"") for record in kept.records]


def test_a_function_is_logged_with_its_latency_and_its_fields() -> None:
    with recording() as (client, kept):
        clock: Any = client._clock

        @client.watched()
        def predict(features: dict[str, Any]) -> dict[str, Any]:
            """Predicts."""
            clock.sleep(0.02)
            return {"prediction": "stay", "score": 0.2, "prediction_id": features["id"], "remark": "for the caller"}

        assert predict({"age": 5, "id": "p-9"})["remark"] == "for the caller"
        assert predict.__doc__ == "Predicts."
    (event,) = bodies(kept)
    assert event["features"] == {"age": 5, "id": "p-9"}
    assert (event["prediction_id"], event["score"], round(event["latency_ms"])) == ("p-9", 0.2, 20)


def test_an_async_function_and_readers_of_one_s_own() -> None:
    with recording() as (client, kept):

        @client.watched(
            features=lambda _session, row: {"first": row[0]},
            read=lambda result: {"prediction": result[0], "status": 200},
        )
        async def predict(_session: object, row: list[float]) -> tuple[str, int]:
            return "leave", len(row)

        assert asyncio.run(predict(None, row=[1.5, 2.5])) == ("leave", 2)
    (event,) = bodies(kept)
    assert (event["features"], event["prediction"], event["status"]) == ({"first": 1.5}, "leave", 200)


def test_the_function_s_own_exceptions_pass_and_those_of_readers_are_counted() -> None:
    with recording() as (client, kept):

        @client.watched(read=lambda result: {"prediction": result["missing"]})
        def predict(features: dict[str, float]) -> dict[str, float]:
            return {"answer": 1 / features["age"]}

        assert predict({"age": 2}) == {"answer": 0.5}
        with pytest.raises(ZeroDivisionError):
            predict({"age": 0})
        assert client.totals.dropped == {"UNREADABLE": 1}
    assert kept.records == []

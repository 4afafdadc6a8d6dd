"""The handler as the Faust shell runs it: bytes of `windows` in, alerts, requests for retraining and rows out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pydantic import ValidationError

from runtime.faust.projection import BadRecord, Effects, Event, Handler, Rows
from runtime.log.partitioning import partition_of
from runtime.log.protocol import OutRecord
from schemas.alert import Alert
from schemas.base import Record
from schemas.monitor import Monitor
from schemas.retraining import RetrainingRequest, RetrainingSnooze
from services.triggers.handler import handle
from services.triggers.series import AnyWindow, read_window

REQUESTS = "retraining.requests"


R_co = TypeVar("R_co", bound=Record, covariant=True)


class Newest(Protocol[R_co]):
    """The newest record by model."""

    @property
    def values(self) -> Mapping[str, R_co]:
        """A snapshot."""
        ...


@dataclass(frozen=True, slots=True)
class Hearing:
    """Who hears of what is decided, beside its topic."""

    alert: Callable[[Alert], None]
    request: Callable[[RetrainingRequest], None]


def judging(
    monitors: Newest[Monitor], snoozes: Newest[RetrainingSnooze], partitions: Mapping[str, int], hearing: Hearing
) -> Handler:
    """The handler of `windows`. Alerts and requests are placed by model among the `partitions` of their topic."""

    def judge(event: Event, rows: Rows) -> Effects:
        window = window_of(event)
        snooze = snoozes.values.get(window.model)
        until_ms = snooze.until_ms if snooze is not None else None
        decision = handle(window, monitors.values.get(window.model), rows, until_ms)
        for alert in decision.alerts:
            hearing.alert(alert)
        for request in decision.requests:
            hearing.request(request)
        places = {topic: partition_of(window.model.encode(), number) for topic, number in partitions.items()}
        out = [OutRecord("alerts", a.alert_id.encode(), a.to_json(), places["alerts"]) for a in decision.alerts]
        out += [OutRecord(REQUESTS, r.trigger_id.encode(), r.to_json(), places[REQUESTS]) for r in decision.requests]
        return Effects(out, decision.writes)

    return judge


def window_of(event: Event) -> AnyWindow:
    """The event's window, of either type. Raises BadRecord for anything else."""
    try:
        return read_window(event.value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the record"
        raise BadRecord(
            "MALFORMED" if first["type"] == "json_invalid" else "SCHEMA", f"no window: {place}: {first['msg']}"
        ) from error

"""The handler as the Faust shell runs it: bytes of `windows` in, records of `alerts` and rows out."""

from collections.abc import Callable, Mapping
from typing import Annotated, Protocol

from pydantic import Field, TypeAdapter, ValidationError

from runtime.faust.projection import BadRecord, Effects, Event, Handler, Rows
from runtime.log.partitioning import partition_of
from runtime.log.protocol import OutRecord
from schemas.alert import Alert
from schemas.monitor import Monitor
from services.triggers.handler import handle
from services.triggers.series import AnyWindow

_WINDOWS: TypeAdapter[AnyWindow] = TypeAdapter(Annotated[AnyWindow, Field(discriminator="schema_")])


class Monitors(Protocol):
    """The newest monitor by model."""

    @property
    def values(self) -> Mapping[str, Monitor]:
        """A snapshot."""
        ...


def judging(monitors: Monitors, alert_partitions: int, note: Callable[[Alert], None]) -> Handler:
    """The handler of `windows`. Alerts are placed by model among `alert_partitions`; `note` hears of each."""

    def judge(event: Event, rows: Rows) -> Effects:
        window = window_of(event)
        decision = handle(window, monitors.values.get(window.model), rows)
        for alert in decision.alerts:
            note(alert)
        partition = partition_of(window.model.encode(), alert_partitions)
        out = [OutRecord("alerts", a.alert_id.encode(), a.to_json(), partition) for a in decision.alerts]
        return Effects(out, decision.writes)

    return judge


def window_of(event: Event) -> AnyWindow:
    """The event's window, of either type. Raises BadRecord for anything else."""
    try:
        return _WINDOWS.validate_json(event.value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the record"
        raise BadRecord(
            "MALFORMED" if first["type"] == "json_invalid" else "SCHEMA", f"no window: {place}: {first['msg']}"
        ) from error

"""Retraining: the requests so far, and what policies would have asked for."""

import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from confluent_kafka import Message
from pydantic import BaseModel
from rich.table import Table

from driftline import reading
from driftline.errors import CommandError, ExitCode
from driftline.manifests import load
from driftline.output import table, utc
from runtime.settings import KafkaSettings
from schemas.monitor import Monitor
from schemas.retraining import RetrainingRequest, RetrainingSnooze

REQUESTS = "retraining.requests"
CONTROLS = "retraining.controls"
_DRY_RUN = (sys.executable, "-m", "services.triggers", "dry-run")


class _Placed(BaseModel):
    """What chooses a window."""

    model: str
    version: str
    segment: str
    end_ms: int


def requests(settings: KafkaSettings, model: str | None) -> list[RetrainingRequest]:
    """Requests so far, newest first, each once."""
    found: dict[str, RetrainingRequest] = {}
    for entry in reading.read(settings, REQUESTS, RetrainingRequest):
        found.setdefault(entry.record.trigger_id, entry.record)
    chosen = (request for request in found.values() if model in (None, request.model))
    return sorted(chosen, key=lambda request: (request.requested_ms, request.trigger_id), reverse=True)


def snoozes(settings: KafkaSettings, model: str | None) -> list[RetrainingSnooze]:
    """The newest snooze of each model, passed ones included."""
    newest = reading.newest(settings, CONTROLS, RetrainingSnooze)
    return [snooze for name, snooze in sorted(newest.items()) if model in (None, name)]


def dry_run(settings: KafkaSettings, model: str, manifest: Path | None, from_ms: int) -> list[RetrainingRequest]:
    """What a monitor's policies would have asked for from `from_ms` on, over the windows kept on the topic.

    The triggers service decides, as a process of its own. Raises CommandError.
    """
    monitor = _monitor(settings, model, manifest)
    if not monitor.retraining:
        raise CommandError(
            f"The monitor of {model} has no retraining policies.", "add some under `retraining`, or name a file with -f"
        )
    lines = [monitor.to_json(), *_windows(settings, model)]
    done = subprocess.run(_DRY_RUN, input=b"\n".join(lines) + b"\n", capture_output=True, check=False)  # noqa: S603  this project's own
    if done.returncode:
        why = (done.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
        raise CommandError(
            f"The dry run ended: {why}.", "use the same version of Driftline everywhere", ExitCode.SERVICE
        )
    asked = map(RetrainingRequest.model_validate_json, done.stdout.splitlines())
    return [request for request in asked if request.requested_ms >= from_ms]


def newest_version(settings: KafkaSettings, model: str) -> str:
    """The version of the model's newest window. Raises CommandError without one."""
    seen = [placed for _, placed in _placed(settings) if placed.model == model]
    if not seen:
        raise CommandError(f"No window of {model} is there to tell its version.", "name it with --version")
    return max(seen, key=lambda placed: placed.end_ms).version


def requests_table(found: Iterable[RetrainingRequest]) -> Table:
    """Requests for people."""
    return table(
        None,
        ("trigger", "asked (UTC)", "model", "policy", "priority", "by", "why"),
        (
            (
                request.trigger_id[:8],
                utc(request.requested_ms),
                f"{request.model} {request.version}",
                f"{request.policy} ({request.kind})",
                request.priority,
                request.actor,
                request.reason,
            )
            for request in found
        ),
    )


def snooze_line(snooze: RetrainingSnooze) -> str:
    """A snooze in a sentence."""
    until = utc(snooze.until_ms)
    return f"{snooze.model}: policies wait until {until} UTC, event time ({snooze.actor}: {snooze.reason})."


def _windows(settings: KafkaSettings, model: str) -> Iterator[bytes]:
    """The model's windows of all events as they stand on their topic, in order: all of them are on one partition."""
    for message, placed in _placed(settings):
        if placed.model == model and not placed.segment:
            yield (message.value() or b"").replace(b"\n", b" ")


def _placed(settings: KafkaSettings) -> Iterator[tuple[Message, _Placed]]:
    for message in reading.messages(settings, "windows"):
        if message.value() is not None:
            yield message, reading.entry("windows", message, _Placed).record


def _monitor(settings: KafkaSettings, model: str, manifest: Path | None) -> Monitor:
    if manifest is None:
        return reading.newest(settings, "monitors", Monitor).get(model) or Monitor(model=model)
    named: Mapping[str, Monitor] = {one.monitor.model: one.monitor for one in load(manifest) if one.monitor is not None}
    if model not in named:
        raise CommandError(f"{manifest} has no monitor of {model}.", f"it watches: {_names(sorted(named))}")
    return named[model]


def _names(names: Sequence[str]) -> str:
    return ", ".join(names) or "nothing"

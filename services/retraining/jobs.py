"""The folder of a job: what it is told (`job.json`, inputs), and what it leaves (`result/`).

```
job.json              a TrainSpec or an AnswerSpec
training.arrow        validation.arrow            what a trainer sees: feature:<name>, label, time_ms
artifacts/<name>      rows/<part>.arrow           what a predictor sees: feature:<name> only
result/manifest.json  result/<file>               there as a whole, or not at all
```
"""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

import numpy as np
import pyarrow as pa
from pydantic import ConfigDict, Field, JsonValue, TypeAdapter

from runtime.training.protocol import Answers, Kind, Task
from schemas.base import Count, Identifier, Record
from services.retraining.durable import sync, write

FEATURE: Final = "feature:"
PROBABILITY: Final = "probability:"
SPEC: Final = "job.json"
RESULT: Final = "result"
MANIFEST: Final = "manifest.json"
CandidateName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
"""Names a file as well."""
Seconds = Annotated[float, Field(ge=0)]
Milliseconds = Annotated[float, Field(ge=0)]


class TaskSpec(Record):
    """A Task of the protocol; features keep their order."""

    kind: Literal["binary", "multiclass", "regression"]
    classes: tuple[str, ...]
    features: dict[str, Kind]


class _Spec(Record):
    trainer: Identifier
    task: TaskSpec
    inputs: dict[str, str]
    """Digests by file, so that a folder is not taken for another job's."""

    @property
    def asked(self) -> Task:
        """The task as trainers know it."""
        return Task(self.task.kind, self.task.classes, self.task.features)


class TrainSpec(_Spec):
    """Train candidates."""

    kind: Literal["train"] = "train"
    parameters: dict[str, JsonValue]
    seed: int


class AnswerSpec(_Spec):
    """Answer rows with candidates."""

    kind: Literal["answer"] = "answer"
    candidates: tuple[CandidateName, ...]
    parts: tuple[str, ...]


SPECS: Final[TypeAdapter[TrainSpec | AnswerSpec]] = TypeAdapter(
    Annotated[TrainSpec | AnswerSpec, Field(discriminator="kind")], config=ConfigDict(strict=True)
)


class TrainedCandidate(Record):
    """A candidate as the training process left it."""

    name: CandidateName
    file: str
    digest: str
    media_type: str
    parameters: dict[str, JsonValue]
    importance: dict[str, float]
    train_s: Seconds
    """Processor seconds from the candidate before it to this one."""
    size_bytes: Count


class TrainManifest(Record):
    """`manifest.json` of a training."""

    candidates: tuple[TrainedCandidate, ...]
    packages: dict[str, str]
    """Versions of what was imported."""
    python: str
    peak_memory_bytes: Count


class AnsweredCandidate(Record):
    """What a candidate was like to ask."""

    files: dict[str, str]
    """By part."""
    latency_p50_ms: Milliseconds
    latency_p99_ms: Milliseconds
    """Of answering single rows, warm."""


class AnswerManifest(Record):
    """`manifest.json` of answers."""

    candidates: dict[CandidateName, AnsweredCandidate]
    peak_memory_bytes: Count
    """Of the process that held all candidates."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training made."""

    folder: Path
    manifest: TrainManifest

    def artifact(self, name: str) -> bytes:
        """A candidate's bytes. Raises ValueError where they are not those that were written."""
        candidate = next(found for found in self.manifest.candidates if found.name == name)
        data = (self.folder / RESULT / candidate.file).read_bytes()
        if digest_of(data) != candidate.digest:
            raise ValueError(f"the artifact of {name} in {self.folder} is damaged: delete the folder and train again")
        return data


@dataclass(frozen=True, slots=True)
class Answered:
    """What candidates answered."""

    folder: Path
    manifest: AnswerManifest

    def answers(self, name: str, part: str, task: Task) -> Answers:
        """A candidate's answers to a part, in the order of its rows."""
        table = read_table(self.folder / RESULT / self.manifest.candidates[name].files[part])
        columns = [table[name].to_numpy() for name in table.column_names if name.startswith(PROBABILITY)]
        prediction = table["prediction"]
        return Answers(
            prediction.to_numpy() if task.kind == "regression" else prediction.to_pylist(),
            np.column_stack(columns) if columns else None,
        )


def train_job(
    folder: Path,
    *,
    trainer: str,
    task: Task,
    parameters: Mapping[str, JsonValue],
    seed: int,
    training: pa.Table,
    validation: pa.Table,
) -> None:
    """Writes the folder of a training; of the tables, only what a trainer may see.

    Does nothing where the folder holds this job. Raises ValueError where it holds another.
    """
    wanted = [f"{FEATURE}{name}" for name in task.features] + ["label", "time_ms"]
    tables = {"training": training, "validation": validation}
    files = {f"{part}.arrow": packed(table.select(wanted)) for part, table in tables.items()}
    spec = TrainSpec(
        trainer=trainer,
        task=_task(task),
        inputs=_digests(files),
        parameters=dict(parameters),
        seed=seed,
    )
    _lay_out(folder, spec, files)


def answer_job(
    folder: Path, *, trainer: str, task: Task, artifacts: Mapping[str, bytes], rows: Mapping[str, pa.Table]
) -> None:
    """Writes the folder of answers by candidates (names and bytes) to parts of rows; of these only the features.

    Does nothing where the folder holds this job. Raises ValueError where it holds another.
    """
    wanted = [f"{FEATURE}{name}" for name in task.features]
    files = {f"artifacts/{name}": data for name, data in artifacts.items()}
    files |= {f"rows/{part}.arrow": packed(table.select(wanted)) for part, table in rows.items()}
    spec = AnswerSpec(
        trainer=trainer,
        task=_task(task),
        inputs=_digests(files),
        candidates=tuple(artifacts),
        parts=tuple(rows),
    )
    _lay_out(folder, spec, files)


def spec_of(folder: Path) -> TrainSpec | AnswerSpec:
    """What the job is."""
    return SPECS.validate_json((folder / SPEC).read_bytes())


def trained(folder: Path) -> Trained:
    """The result of a training that is done."""
    return Trained(folder, _manifest(folder, TrainManifest))


def answered(folder: Path) -> Answered:
    """The result of answers that are done."""
    return Answered(folder, _manifest(folder, AnswerManifest))


def digest_of(data: bytes) -> str:
    """As the artifact store spells it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def packed(table: pa.Table) -> bytes:
    """An Arrow IPC file, uncompressed."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as file:
        file.write_table(table.combine_chunks())
    data: bytes = sink.getvalue().to_pybytes()
    return data


def read_table(path: Path) -> pa.Table:
    """A table of an Arrow IPC file, mapped rather than read."""
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()


_M = TypeVar("_M", TrainManifest, AnswerManifest)


def _manifest(folder: Path, kind: type[_M]) -> _M:
    return kind.model_validate_json((folder / RESULT / MANIFEST).read_bytes())


def _task(task: Task) -> TaskSpec:
    return TaskSpec(kind=task.kind, classes=task.classes, features=dict(task.features))


def _digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: digest_of(data) for name, data in files.items()}


def _lay_out(folder: Path, spec: TrainSpec | AnswerSpec, files: Mapping[str, bytes]) -> None:
    if (folder / SPEC).exists():
        if spec_of(folder) != spec:
            raise ValueError(f"{folder} holds another job: delete it, or choose another folder")
        return
    part = folder.with_name(f"{folder.name}.tmp")
    shutil.rmtree(part, ignore_errors=True)
    for name, data in {**files, SPEC: spec.to_json()}.items():
        write(part / name, data)
    shutil.rmtree(folder, ignore_errors=True)
    part.replace(folder)
    sync(folder.parent)

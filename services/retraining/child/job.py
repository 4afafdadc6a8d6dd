"""From a folder's `job.json` to its `result`."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from runtime.errors import OperatorError
from runtime.training.finding import find
from services.retraining.child.answering import answer
from services.retraining.child.checks import Refused
from services.retraining.child.confining import memory_limit_mb
from services.retraining.child.progress import Progress
from services.retraining.child.training import train
from services.retraining.durable import sync, write
from services.retraining.jobs import MANIFEST, RESULT, TrainSpec, spec_of
from services.retraining.trainers import BUILT_IN

_REFUSED: Final = 2
_NO_MEMORY: Final = 3


def work(folder: Path) -> int:
    """Does the job, and gives the exit code of its process: what went wrong is on stderr.

    Raises what the trainer raises, as its traceback is what its author needs.
    """
    try:
        _work(folder)
    except (OperatorError, Refused) as error:
        sys.stderr.write(f"{error}\n")
        return _REFUSED
    except MemoryError as error:
        limit_mb = memory_limit_mb()
        limit = "" if limit_mb is None else f", {limit_mb} MB,"
        sys.stderr.write(f"The limit of memory{limit} was reached: raise training.limits.memory_mb ({error})\n")
        return _NO_MEMORY
    return 0


def _work(folder: Path) -> None:
    if (folder / RESULT).exists():
        return
    spec, progress = spec_of(folder), Progress(folder / "progress.log")
    trainer = find(spec.trainer, os.environ, BUILT_IN)
    files, manifest = (
        train(trainer, spec, folder, progress)
        if isinstance(spec, TrainSpec)
        else answer(trainer, spec, folder, progress)
    )
    _publish(folder, {**files, MANIFEST: manifest.to_json()})


def _publish(folder: Path, files: Mapping[str, bytes]) -> None:
    part = folder / f"{RESULT}.tmp"
    shutil.rmtree(part, ignore_errors=True)
    for name, data in files.items():
        write(part / name, data)
    part.replace(folder / RESULT)
    sync(folder)

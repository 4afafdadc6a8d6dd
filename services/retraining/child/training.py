"""A training: the trainer's candidates, one after the other."""

import platform
import sys
import time
from importlib.metadata import packages_distributions, version
from pathlib import Path

from runtime.training.protocol import Assignment, Trainer
from services.retraining.child.checks import Refused, check_candidate
from services.retraining.child.confining import peak_memory_bytes
from services.retraining.child.progress import Progress
from services.retraining.child.rows import labelled
from services.retraining.jobs import TrainedCandidate, TrainManifest, TrainSpec, digest_of


def train(
    trainer: Trainer, spec: TrainSpec, folder: Path, progress: Progress
) -> tuple[dict[str, bytes], TrainManifest]:
    """Files of the result, and what they are. Raises Refused, and what the trainer raises."""
    task = spec.asked
    training, validation = (labelled(folder / f"{part}.arrow", task) for part in ("training", "validation"))
    given = Assignment(task, training, validation, spec.parameters, spec.seed)
    files: dict[str, bytes] = {}
    candidates: dict[str, TrainedCandidate] = {}
    before_s = 0.0
    for candidate in trainer.train(given, progress.say):
        check_candidate(candidate, task, candidates)
        now_s = time.process_time()  # of the processor, so it is no clock that a test could hold
        file = f"{candidate.name}.artifact"
        files[file] = candidate.artifact
        candidates[candidate.name] = TrainedCandidate(
            name=candidate.name,
            file=file,
            digest=digest_of(candidate.artifact),
            media_type=candidate.media_type,
            parameters=dict(candidate.parameters),
            importance={name: float(share) for name, share in candidate.importance.items()},
            train_s=now_s - before_s,
            size_bytes=len(candidate.artifact),
        )
        before_s = now_s
        progress.say(f"{candidate.name} is trained: {now_s:.1f} s, {len(candidate.artifact)} bytes")
    if not candidates:
        raise Refused(f"The trainer {spec.trainer!r} made no candidate: it must yield at least one.")
    return files, TrainManifest(
        candidates=tuple(candidates.values()),
        packages=_packages(),
        python=platform.python_version(),
        peak_memory_bytes=peak_memory_bytes(),
    )


def _packages() -> dict[str, str]:
    """Versions of the packages that something was imported from."""
    imported = {name.partition(".")[0] for name in sys.modules}
    names = {
        package for module, packages in packages_distributions().items() if module in imported for package in packages
    }
    return {name: version(name) for name in sorted(names)}

"""Calls a peer: arrays go to its worker as .npz, what it found comes back as JSON."""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from peers.environments import interpreter

WORKER = Path(__file__).with_name("worker.py")
_QUIET = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"),
    "DO_NOT_TRACK": "1",
    "NML_DISABLE_USAGE_LOGGING": "1",
    "WHYLOGS_NO_ANALYTICS": "True",
}
"""One thread each, so that ratios are of work; and no peer reports home."""


def call(peer: str, task: str, timeout_s: float = 1_200, **arrays: ArrayLike) -> Any:
    """What `adapters/<peer>.py` answers to the task. Raises RuntimeError with the worker's last words."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.npz", Path(folder) / "out.json"
        np.savez(source, **{name: np.asarray(value) for name, value in arrays.items()})
        done = subprocess.run(
            [interpreter(peer), WORKER, peer, task, source, target],
            env={**os.environ, **_QUIET},
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{peer} failed at {task}: {done.stderr.strip()[-800:]}")
        return json.loads(target.read_text())

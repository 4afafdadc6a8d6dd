"""Runs in a peer's interpreter: `worker.py PEER TASK INPUT.npz OUTPUT.json`.

A task is a function of `adapters/<peer>.py`. `scoring` is measured here, the same way for all: what the adapter
prepares (conversion to the peer's own data type, fitting on the reference) is outside of the measurement.
"""

import gc
import importlib
import json
import logging
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np


def measured(work: Callable[[], object], repeats: int) -> dict[str, float]:
    """CPU seconds of the fastest run (wall seconds of the same), and peak memory beyond what was held before, in MB."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # sets the peak back to what is resident now
    held = _memory_mb("VmRSS")
    runs = []
    for _ in range(repeats):
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        runs.append((time.process_time() - cpu, time.perf_counter() - wall))
    cpu_s, wall_s = min(runs)
    return {"cpu_s": cpu_s, "wall_s": wall_s, "peak_mb": max(0.0, _memory_mb("VmHWM") - held)}


def _memory_mb(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


def _cases(given: dict[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
    """Arrays named `case/name`, by case."""
    cases: dict[str, dict[str, np.ndarray]] = {}
    for path, array in given.items():
        case, name = path.rsplit("/", 1)
        cases.setdefault(case, {})[name] = array
    return cases


def main(peer: str, task: str, source: str, target: str) -> None:
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    adapter = importlib.import_module(f"adapters.{peer}")
    given = dict(np.load(source))
    if task == "scoring":
        found = measured(adapter.SCORERS[str(given["case"])](given), int(given["repeats"]))
    elif task == "figures":
        found = {case: adapter.figures(part) for case, part in _cases(given).items()}
    else:
        found = getattr(adapter, task)(given)
    Path(target).write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])

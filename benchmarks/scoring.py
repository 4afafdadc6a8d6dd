"""Scores one window of 25 features, against the peers themselves: `python benchmarks/scoring.py [--quick]`.

20 numeric and 5 categorical features, a reference of 100,000 rows, every tool in a process of its own, on one thread,
with its data converted and its reference fitted before the clock starts. Seconds are CPU seconds of the fastest run,
since the machine may be shared; memory is the peak beyond the data. Ours computes all its scores, peers the one named.
"""

import argparse
import json
import platform
from pathlib import Path

import numpy as np
from peers.environments import version
from peers.process import call

NUMERIC, CODED, REFERENCE_ROWS = 20, 5, 100_000
LETTERS = np.array(list("abcdefgh"))
RESULTS = Path(__file__).parent / "results"
CASES = (
    ("driftline", "columns"),
    ("driftline", "Arrow texts"),
    ("nannyml", "Jensen-Shannon"),
    ("alibi_detect", "TabularDrift"),
    ("scipy", "KS"),
    ("whylogs", "profile"),
    ("evidently", "PSI"),
    ("evidently", "default"),
    ("river", "ADWIN"),
)


def measure(rows: int) -> list[dict[str, object]]:
    """What scoring a window of so many rows costs each tool; `x_ours` is CPU seconds relative to our columns'."""
    rng = np.random.default_rng(rows)
    data = {
        "reference_numeric": rng.normal(size=(NUMERIC, REFERENCE_ROWS)),
        "reference_coded": rng.choice(LETTERS, (CODED, REFERENCE_ROWS)),
        "window_numeric": rng.normal(0.2, 1.1, (NUMERIC, rows)),
        "window_coded": rng.choice(LETTERS, (CODED, rows)),
    }
    found: list[dict[str, object]] = []
    ours = 0.0
    for peer, case in CASES:
        repeats = 5 if peer == "driftline" else 2 if rows < 1_000_000 else 1
        cost = call(peer, "scoring", case=case, repeats=repeats, **data)
        ours = ours or cost["cpu_s"]
        found.append({"rows": rows, "tool": f"{peer} {case}", **cost, "x_ours": cost["cpu_s"] / ours})
        print(f"{rows:>10,} {found[-1]['tool']:<28}", end=" ")
        print(f"{cost['cpu_s']:>9.3f} s {cost['peak_mb']:>8.1f} MB {cost['cpu_s'] / ours:>9.1f} ×", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10,000 rows only")
    sizes = (10_000,) if parser.parse_args().quick else (10_000, 100_000, 1_000_000)
    rows = [row for size in sizes for row in measure(size)]
    for size in sizes:
        others = {str(row["tool"]): float(str(row["x_ours"])) for row in rows if row["rows"] == size}
        peers = {tool: ratio for tool, ratio in others.items() if not tool.startswith("driftline")}
        fastest = min(peers, key=peers.__getitem__)
        evidently = min(ratio for tool, ratio in peers.items() if tool.startswith("evidently"))
        print(f"{size:>10,} rows: fastest peer {fastest} {peers[fastest]:.1f} ×, Evidently {evidently:.0f} ×")
    RESULTS.mkdir(exist_ok=True)
    versions = {peer: version(peer) for peer in dict.fromkeys(peer for peer, _ in CASES)}
    report = {"python": platform.python_version(), "versions": versions, "rows": rows}
    (RESULTS / "scoring.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()

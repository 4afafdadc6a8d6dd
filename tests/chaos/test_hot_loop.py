"""Each event counts exactly once, whatever happens to workers, network and broker.

DRIFTLINE_CHAOS_FAULTS=200 makes the long run; DRIFTLINE_CHAOS_SEED another order of faults.
"""

import os
import random
from pathlib import Path

import pytest

from runtime.admin import create_topics, end_offsets
from runtime.settings import KafkaSettings
from tests.chaos.faults import Arena, inject
from tests.chaos.harness import Feeder, Workers, broker_behind_proxy, lines, python, truth
from tests.chaos.oracle import Line, judge
from tests.chaos.proxy import HOST
from tests.chaos.worker import LEDGER, SOURCE

FAULTS = int(os.environ.get("DRIFTLINE_CHAOS_FAULTS", "24"))
SEED = int(os.environ.get("DRIFTLINE_CHAOS_SEED", "1"))
PARTITIONS = 4
CATCH_UP_S = 90


def covers(found: list[Line], ends: dict[int, int]) -> bool:
    """Whether some line reaches the end of every partition."""
    reached = dict.fromkeys(ends, 0)
    for line in found:
        reached[line.partition] = max(reached[line.partition], line.end)
    return reached == ends


@pytest.mark.chaos
@pytest.mark.kafka
@pytest.mark.timeout(300 + 30 * FAULTS)
def test_every_event_counts_exactly_once(tmp_path: Path) -> None:
    with broker_behind_proxy(tmp_path / "kafka") as (broker, proxy):
        direct = broker.settings("chaos.")
        create_topics(direct, {SOURCE: PARTITIONS}, [SOURCE, LEDGER])
        proxied = KafkaSettings(bootstrap_servers=f"{HOST}:{proxy.port}", topic_prefix=direct.topic_prefix)
        workers = Workers(python("tests.chaos.worker"), "ab", proxied, tmp_path / "workers.log")
        try:
            arena = Arena(workers, broker, proxy, random.Random(SEED))
            with Feeder(direct, SOURCE, PARTITIONS, rate=1_000, seed=SEED):
                inject(arena, FAULTS)
            ends = end_offsets(direct, [SOURCE])[SOURCE]
            for _ in range(CATCH_UP_S):
                if covers(lines(direct, LEDGER), ends):
                    break
                workers.wait(1)
            codes = workers.drain()
        finally:
            workers.end()
        verdict = judge(truth(direct, SOURCE), lines(direct, LEDGER))
    report = f"{dict(arena.done)} exits {dict(workers.exits)} {verdict}"
    print(report)  # noqa: T201  shown with -s, and when it fails
    assert verdict.exact, report + (tmp_path / "workers.log").read_text()[-20_000:]
    assert verdict.repeats == 0, report
    assert codes == [0, 0], report + (tmp_path / "workers.log").read_text()[-20_000:]

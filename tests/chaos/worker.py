"""A hot-loop worker with the smallest real fold: one ledger-like record a range, with count and sum.

Run as `python -m tests.chaos.worker SLOT` with the connection's settings in the environment.
"""

import faulthandler
import json
import signal
import sys
from collections.abc import Iterator

from runtime.clock import SystemClock
from runtime.hot_loop import Pace, run, stop_on_signals
from runtime.log.kafka import KafkaLog
from runtime.log.overdue import HALTED
from runtime.log.protocol import Batch, LogHalted, OutRecord
from runtime.settings import KafkaSettings

GROUP = "chaos"
SOURCE = "predictions"
LEDGER = "ledger"
PACE = Pace(max_records=500, linger_s=0.2, heartbeat_s=1.0)


def fold(batch: Batch, _wall_ms: int) -> Iterator[OutRecord]:
    """Accounts for each range that moved."""
    values: dict[int, list[int]] = {partition: [] for partition in batch.ranges}
    for message in batch.messages:
        values[message.partition()].append(int(message.value() or b""))
    for partition, source in batch.ranges.items():
        if source.end > source.start:
            line = [partition, source.start, source.end, len(values[partition]), sum(values[partition])]
            yield OutRecord(LEDGER, str(partition).encode(), json.dumps(line).encode())


def main(slot: str) -> int:
    """Runs one slot until SIGTERM; returns the exit code."""
    stop = stop_on_signals()
    faulthandler.register(signal.SIGUSR1)  # a worker that hangs can be asked where
    try:
        log = KafkaLog(KafkaSettings(), GROUP, slot, SOURCE)
    except LogHalted as halted:
        sys.stderr.write(f"{halted}\n")
        return HALTED
    return run(log, fold, stop, SystemClock(), pace=PACE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

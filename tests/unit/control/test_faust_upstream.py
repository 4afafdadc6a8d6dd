"""What Faust does that this project works around. A test that fails here says that upstream mended it: see ADR 3."""

import asyncio
from collections import defaultdict
from types import SimpleNamespace

from faust.transport.consumer import Consumer
from faust.types import TP, ConsumerMessage, Message
from intervaltree import IntervalTree
from mode.utils.queues import FlowControlEvent, FlowControlQueue

SOURCE = TP("profiles", 0)


class Account(Consumer):
    """Faust's account of acknowledgements, without a broker."""

    def __init__(self) -> None:
        self.app = SimpleNamespace(topics=SimpleNamespace(acks_enabled_for=lambda _: True))
        self._gap = defaultdict(IntervalTree)
        self._acked = defaultdict(list)
        self._acked_index = defaultdict(set)
        self._committed_offset = defaultdict(lambda: None)
        self._unacked_messages = set()


Account.__abstractmethods__ = frozenset()


def message(offset: int, kind: type[Message] = ConsumerMessage) -> Message:
    return kind(SOURCE.topic, SOURCE.partition, offset, 0.0, 0, [], b"k", b"v", None, tp=SOURCE)


def test_upstream_counts_the_message_behind_a_gap_into_the_gap_and_so_commits_one_transaction_at_a_time() -> None:
    account = Account()
    for offset in (0, 2, 4, 6):  # transactions of one record; 1, 3 and 5 are their markers
        if offset:
            asyncio.run(account._add_gap(SOURCE, offset - 1, offset))  # as Consumer._drain_messages calls it
        account.ack(message(offset))
    assert account._new_offset(SOURCE) == 3, "7 is right"


def test_upstream_empties_the_queues_of_streams_when_the_flow_resumes() -> None:
    """Recovery lets the fetcher fill them, seeks to the committed offsets, and resumes the flow: a record is lost."""
    flow = FlowControlEvent(initially_suspended=False)
    queue: FlowControlQueue[str] = FlowControlQueue(flow_control=flow, clear_on_resume=True)
    queue.put_nowait("fetched after the seek")
    flow.resume()
    assert queue.empty()

"""How the log's two librdkafka clients are set up, and why."""

from typing import Any

SOCKET_TIMEOUT_S = 3.0
TRANSACTION_TIMEOUT_S = 15.0
SESSION_TIMEOUT_S = 6.0
MAX_RECORD_BYTES = 8_388_608  # the largest record of schemas/topics.py


def consumer_config(group: str, slot: str) -> dict[str, Any]:
    """Of the consumer of one slot. Offsets are committed in transactions only, and never reset in silence."""
    return {
        "group.id": group,
        "group.instance.id": f"{group}-{slot}",  # a restart within the session moves no partition
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "isolation.level": "read_committed",
        "auto.offset.reset": "error",  # every start is set explicitly: a lost offset must halt
        # Whole assignments only. Cooperative ones come in two rounds, and a static member killed between them comes
        # back without asking for the second: its partitions stay with nobody. Range also gives one slot the same
        # partitions of topics that share their keys.
        "partition.assignment.strategy": "range",
        "session.timeout.ms": round(SESSION_TIMEOUT_S * 1_000),
        "heartbeat.interval.ms": round(SESSION_TIMEOUT_S * 250),
        "max.poll.interval.ms": 60_000,  # more than a commit is retried for
        "socket.timeout.ms": round(SOCKET_TIMEOUT_S * 1_000),
        "enable.partition.eof": True,  # says which partitions have nothing more to read
        "queued.min.messages": 100_000,  # fetched ahead, so that a batch finds its records waiting
        "fetch.message.max.bytes": MAX_RECORD_BYTES,
        "fetch.queue.backoff.ms": 10,  # the default second starves a fast reader
    }


def replay_config(group: str) -> dict[str, Any]:
    """Of a consumer that reads one range again. librdkafka wants a group; nothing is joined or committed."""
    return {
        "group.id": group,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "isolation.level": "read_committed",
        "auto.offset.reset": "error",  # a range that is not there in full must halt
        "socket.timeout.ms": round(SOCKET_TIMEOUT_S * 1_000),
        "enable.partition.eof": True,  # the range may end with markers, which no record tells of
        "queued.min.messages": 20_000,  # what was fetched beyond the range's end is thrown away
        "fetch.message.max.bytes": MAX_RECORD_BYTES,
        "fetch.queue.backoff.ms": 10,
    }


def producer_config(transactional_id: str) -> dict[str, Any]:
    """Of the transactional producer of one slot."""
    return {
        "transactional.id": transactional_id,
        "transaction.timeout.ms": round(TRANSACTION_TIMEOUT_S * 1_000),
        "socket.timeout.ms": round(SOCKET_TIMEOUT_S * 1_000),
        "linger.ms": 5,  # a transaction's records come at once and are flushed by its commit
        "compression.type": "lz4",
        "message.max.bytes": MAX_RECORD_BYTES,
        "topic.metadata.propagation.max.ms": 5_000,  # topics are there before us: a missing one is an error
        "partitioner": "murmur2_random",  # as runtime/log/partitioning.py
    }

"""The configuration of a one-node Apache Kafka in KRaft mode on the loopback interface."""

from collections.abc import Mapping
from pathlib import Path

from runtime.broker.ports import HOST

NODE_ID = 1


def server_properties(
    logs: Path, port: int, controller_port: int, more: Mapping[str, str] | None = None
) -> dict[str, str]:
    """`server.properties` of a broker that is its own controller; `more` comes on top."""
    return {
        "process.roles": "broker,controller",
        "node.id": str(NODE_ID),
        "controller.quorum.voters": f"{NODE_ID}@{HOST}:{controller_port}",
        "listeners": f"CLIENT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"CLIENT://{HOST}:{port}",
        "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "CLIENT",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": str(logs),
        "num.partitions": "4",
        "auto.create.topics.enable": "false",  # a misspelt topic is an error
        # one node: nothing to replicate, no other member to wait for
        "default.replication.factor": "1",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "1",
        "group.initial.rebalance.delay.ms": "0",
        # after a kill the controller waits this long before it lets the same broker in again
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
        # Retention goes by arrival: records that a producer stamps with an event time of 2013 stay for as
        # long as today's, and none is refused for its age.
        "log.message.timestamp.type": "LogAppendTime",
        # a small heap: the cleaner would take 128 MB of it, each index 10 MB of address space
        "log.cleaner.threads": "1",
        "log.cleaner.dedupe.buffer.size": "4194304",
        "log.segment.bytes": "268435456",
        "log.index.size.max.bytes": "1048576",
        **(more or {}),
    }


def write_properties(path: Path, properties: Mapping[str, str]) -> None:
    """Writes them in Java's format."""
    lines = (f"{key}={value}\n" for key, value in properties.items())
    path.write_text("".join(lines).replace("\\", "\\\\"))

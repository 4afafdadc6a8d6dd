"""Why a log halts, and what the operator does then: the same words from every backend."""

from runtime.log.protocol import LogHalted


def no_topic(topic: str) -> LogHalted:
    """A topic that is read or written is not there."""
    return LogHalted(f"topic {topic} does not exist", "create the topics (`driftline up` does), then start again")


def slot_taken(group: str, slot: str) -> LogHalted:
    """Another process is this slot now."""
    return LogHalted(f"another process took over slot {slot} of group {group}", "run one process a slot; this one ends")


def topic_made_anew(topic: str, group: str) -> LogHalted:
    """The committed offsets belong to a topic that is gone."""
    return LogHalted(
        f"topic {topic} was deleted and made anew: the offsets group {group} committed mean nothing now",
        f"delete the group (kafka-consumer-groups --delete --group {group}) to read the new one in full",
    )


def offset_lost(topic: str, partition: int, group: str) -> LogHalted:
    """The record to read next was deleted before it was read."""
    return LogHalted(
        f"records of {topic}/{partition} were deleted before group {group} read them",
        f"raise the retention of {topic}; to go on without them, kafka-consumer-groups --reset-offsets"
        f" --to-earliest --group {group} --topic {topic}:{partition} --execute",
    )


def undecided(group: str, waited_s: float) -> LogHalted:
    """Nobody knows whether the transaction is committed; a new process learns it from the broker."""
    return LogHalted(
        f"Kafka has not answered a transaction of group {group} for {waited_s:.0f} s",
        "check that the brokers run; the next process goes on from what they committed",
    )


def undeliverable(topic: str, why: str, next_step: str) -> LogHalted:
    """A record that no retry will deliver."""
    return LogHalted(f"could not write to {topic}: {why}", next_step)

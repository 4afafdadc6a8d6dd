"""Why a log halts, and what the operator does then: the same words from every backend."""

from collections.abc import Iterable, Mapping

from runtime.log.protocol import LogHalted


def no_topic(topic: str) -> LogHalted:
    """A topic that is read or written is not there."""
    return LogHalted(f"topic {topic} does not exist", "create the topics (`driftline up` does), then start again")


def uneven_partitions(counts: Mapping[str, int]) -> LogHalted:
    """Topics that are read together, but not partition by partition."""
    found = ", ".join(f"{topic} has {count}" for topic, count in counts.items())
    return LogHalted(
        f"topics that are read together differ in their number of partitions: {found}",
        "keys that belong together must lie in partitions of one number: make the topics anew with equally many",
    )


def torn_share(group: str, shares: Mapping[str, Iterable[int]]) -> LogHalted:
    """A slot was given other partitions of one topic than of another."""
    found = "; ".join(f"of {topic}: {', '.join(map(str, sorted(own))) or 'none'}" for topic, own in shares.items())
    return LogHalted(
        f"group {group} gave this slot different partitions of topics that are read together: {found}",
        "end the group's other processes: all must read the same topics and assign them by range; then start again",
    )


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


def source_made_anew(topic: str) -> LogHalted:
    """The range to replay belongs to a topic that is gone."""
    return LogHalted(
        f"topic {topic} was deleted and made anew: what is to be read again is not in it",
        "start again: what rests on the old topic is then made anew, or says what to delete",
    )


def replay_lost(topic: str, partition: int, start: int) -> LogHalted:
    """The beginning of the range to replay is gone."""
    return LogHalted(
        f"records of {topic}/{partition} from offset {start} on were deleted before they could be read again",
        f"start again to go on from the oldest record; raise the retention of {topic} to keep more",
    )


def replay_unanswered(topic: str, partition: int, position: int, end: int, waited_s: float) -> LogHalted:
    """The rest of the range to replay does not come."""
    return LogHalted(
        f"nothing came of {topic}/{partition} from offset {position} to {end} for {waited_s:g} s",
        "check that the brokers run and every partition has a leader, then start again",
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

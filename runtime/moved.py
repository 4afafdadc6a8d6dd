"""Records that lay on a partition their key does not belong to, and were written again where it does.

Java's clients place keys by murmur2, librdkafka's by CRC32 unless told otherwise. Whoever needs all records of a key
in one place moves those of other producers; whoever only counts has counted the first copy, and passes the second over.

A copy has no key of its own, but the first one's among its headers: to look for headers costs 1.5 us a record that has
any, and keys 50 ns, so that only records without a key are looked at more closely.
"""

from collections.abc import Sequence

from runtime.log.protocol import Message

MOVED, KEY = "driftline-moved", "driftline-key"
"""Headers: where the record lay, as `partition/offset`; and its key, if it had one."""
Headers = tuple[tuple[str, bytes], ...]


def headers_of_copy(message: Message) -> Headers:
    """The headers of a record's copy: its own, and those that tell it from the first one."""
    key = message.key()
    origin = (MOVED, f"{message.partition()}/{message.offset()}".encode())
    return (*(message.headers() or ()), origin, *(((KEY, key),) if key is not None else ()))


def is_copy(message: Message) -> bool:
    """Whether a record was moved to where it lies."""
    return any(name == MOVED for name, _ in message.headers() or ())


def copies(messages: Sequence[Message]) -> list[int]:
    """Places, in the sequence, of records that were moved. All messages are of one class."""
    if not messages:
        return []
    keys = map(type(messages[0]).key, messages)
    return [place for place, key in enumerate(keys) if key is None and is_copy(messages[place])]


def with_keys(messages: Sequence[Message]) -> list[Message]:
    """The messages, copies with the key that the first one had."""
    found = list(messages)
    for place in copies(messages):
        found[place] = Copy(messages[place])
    return found


class Copy:
    """A record that was moved, as it was before but for its place."""

    def __init__(self, message: Message) -> None:
        self._key = dict(message.headers() or ()).get(KEY)
        self.value = message.value
        self.topic = message.topic
        self.partition = message.partition
        self.offset = message.offset
        self.timestamp = message.timestamp
        self.headers = message.headers

    def key(self) -> bytes | None:
        """The first one's key."""
        return self._key

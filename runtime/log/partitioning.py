"""Which partition a key belongs to: by murmur2, as Java's and Faust's producers place it."""

_MASK = 0xFFFFFFFF
_MULTIPLIER = 0x5BD1E995
_SEED = 0x9747B28C


def murmur2(key: bytes) -> int:
    """The unsigned 32-bit MurmurHash2 of Kafka's Java client (`Utils.murmur2`)."""
    whole = len(key) & ~3
    h = _SEED ^ len(key)
    for at in range(0, whole, 4):
        k = int.from_bytes(key[at : at + 4], "little") * _MULTIPLIER & _MASK
        k = (k ^ k >> 24) * _MULTIPLIER & _MASK
        h = h * _MULTIPLIER & _MASK ^ k
    if rest := key[whole:]:
        h = (h ^ int.from_bytes(rest, "little")) * _MULTIPLIER & _MASK
    h = (h ^ h >> 13) * _MULTIPLIER & _MASK
    return h ^ h >> 15


def partition_of(key: bytes, partitions: int) -> int:
    """The partition, 0 to `partitions` - 1, of every record with this key."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions

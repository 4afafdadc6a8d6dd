"""What the join's ledger must say of everything that was written: each label judged once, each range accounted once."""

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from runtime.log.partitioning import partition_of
from schemas.ledger import Ledger
from tests.performance_stream import PARTITIONS, balance
from tests.properties.performance_windows.recount import Event, Joined
from tests.properties.performance_windows.stream import Written

TOPICS = ("predictions", "labels")


def became(ledger: Iterable[Ledger]) -> Mapping[str, Counter[str]]:
    """What became of all events, by topic."""
    total: dict[str, Counter[str]] = {topic: Counter() for topic in TOPICS}
    for account in ledger:
        of = total[account.source.topic]
        of.update({name: getattr(account, name) for name in ("duplicate", "waiting", "moved", "refused")})
        of.update(counted=sum(account.counted.values()), late=sum(account.late.values()), corrected=account.repeated)
        of.update({f"dead {reason}": n for reason, n in account.dead.items()})
    return {topic: +of for topic, of in total.items()}


def must_have_become(written: Sequence[Written], found: Joined) -> Mapping[str, Counter[str]]:
    """The same of what was written: each prediction is opened once, each label judged once, none waits any more."""
    predictions, labels = ([one for one in written if one.topic == topic] for topic in TOPICS)
    first: dict[str, Event] = {}
    conflicts = sum(first.setdefault(one.event["prediction_id"], one.event) != one.event for one in predictions)
    last_ms = found.rows.set_index("prediction_id")[["time_ms", "horizon_ms"]].sum(axis=1).to_dict()
    orphans = sum(one.event["time_ms"] > last_ms.get(one.event["prediction_id"], -1) for one in labels)
    changes, joined = len(found.changes), int(found.rows["label"].notna().sum())
    of_predictions = {
        "counted": len(first),
        "duplicate": len(predictions) - len(first) - conflicts,
        "dead CONFLICT": conflicts,
        "moved": _misplaced(predictions),
    }
    of_labels = {
        "counted": changes,
        "corrected": changes - joined,
        "duplicate": len(labels) - orphans - changes,
        "dead ORPHAN": orphans,
        "moved": _misplaced(labels),
    }
    return {"predictions": +Counter(of_predictions), "labels": +Counter(of_labels)}


def faults(ledger: Sequence[Ledger], ends: Mapping[str, Mapping[int, int]]) -> list[str]:
    """Accounts that do not balance, and ranges that do not follow one another from the first offset to the last."""
    wrong = [f"{account.source} does not balance by {balance(account)}" for account in ledger if balance(account)]
    reached = Counter[tuple[str, int]]()
    for account in sorted(ledger, key=lambda one: (one.source.start, one.source.end)):
        place = (account.source.topic, account.source.partition)
        if account.source.start != reached[place]:
            wrong.append(f"{account.source} begins where {reached[place]} was reached")
        reached[place] = account.source.end
    last = {(topic, partition): end for topic, of in ends.items() for partition, end in of.items()}
    return wrong + ([] if +reached == +Counter(last) else [f"{reached} was reached of {last}"])


def _misplaced(written: Iterable[Written]) -> int:
    """How many events lay on a partition that their id does not belong to."""
    keys = (one.event["prediction_id"].encode() for one in written if one.other_partitioner)
    return sum(zlib.crc32(key) % PARTITIONS != partition_of(key, PARTITIONS) for key in keys)

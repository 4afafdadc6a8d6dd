"""The join's ledger: what became of each range of each of its two topics. Every record balances."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from runtime.log.protocol import OutRecord
from schemas.dead_letter import DeadLetter
from schemas.ledger import Ledger
from services.performance.join.halves import Half
from services.performance.join.join import Planned
from services.performance.join.letters import SERVICE
from services.performance.join.reading import Predictions
from services.performance.join.records import Origin


def of_predictions(
    half: Half, wall_ms: int, read: Predictions, planned: Planned, *, dead: Iterable[DeadLetter], moved: int
) -> OutRecord:
    """Counted are predictions opened; `moved` counts events."""
    late: Counter[str] = Counter()
    for origin, n in planned.late.items():
        late[origin.model] += n
    return _written(
        Ledger(
            service=SERVICE,
            source=half.source,
            wall_ms=wall_ms,
            records=len(half.messages),
            events=read.events,
            counted=_by_model(planned.made.origins, planned.made.origin),
            dead=_by_reason(dead, half),
            duplicate=planned.counters["repeated_prediction"],
            late=late,
            moved=moved,
            refused=read.refused,
            high_ms=max((record.time_ms for record in read.records), default=None),
        )
    )


def of_labels(
    half: Half,
    wall_ms: int,
    planned: Planned,
    *,
    uncountable: list[int],
    dead: Iterable[DeadLetter],
    moved: int,
    high_ms: int | None,
) -> OutRecord:
    """Counted are labels that joined or took another's place; `repeated` says how many of these took one away.

    So counted - repeated is the sum of the `n` of this transaction's outcomes. `uncountable` are places of pairs.
    """
    pairs = planned.pairs
    kept = np.ones(len(pairs), np.bool_)
    kept[uncountable] = False
    return _written(
        Ledger(
            service=SERVICE,
            source=half.source,
            wall_ms=wall_ms,
            records=len(half.messages),
            events=len(half.messages),
            counted=_by_model(pairs.origins, pairs.origin[kept & (pairs.sign > 0)]),
            dead=_by_reason(dead, half),
            duplicate=planned.counters["repeated_label"],
            waiting=planned.counters["waiting"],
            moved=moved,
            repeated=int(np.count_nonzero(kept & (pairs.sign < 0))),
            high_ms=high_ms,
        )
    )


def _by_model(origins: Sequence[Origin], origin: NDArray[np.int64]) -> Counter[str]:
    """How many events there are of each model, by each one's place in `origins`."""
    found: Counter[str] = Counter()
    for one, n in zip(origins, np.bincount(origin, minlength=len(origins)).tolist(), strict=True):
        found[one.model] += n
    return +found


def _by_reason(letters: Iterable[DeadLetter], half: Half) -> Counter[str]:
    return Counter(letter.reason for letter in letters if letter.topic == half.source.topic)


def _written(ledger: Ledger) -> OutRecord:
    return OutRecord("ledger", f"{SERVICE}/{ledger.source.key}".encode(), ledger.to_json())

"""What makes two predictions of one id the same: their bodies, however they were written."""

import marshal
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

from schemas.prediction import Prediction
from services.performance.join.records import DIGEST_BYTES

_MEMBERS = ("features", "segments", "probabilities")
_PLAIN = tuple(name for name in Prediction.model_fields if name not in {"schema_", *_MEMBERS})
_VERSION = 2
"""Of marshal's format: the last without references, so that equal values give equal bytes."""


def digest_of(event: Mapping[str, Any]) -> bytes:
    """Names the body of a valid event, 16 bytes.

    The body is every field of the contract, members in order of their names. A member that is null is none, 3 is 3.0,
    and fields that the contract does not know are left out: so JSON of any form, a CloudEvent and a row of an Arrow
    batch that say the same have the same body.
    """
    body: list[Any] = _values(map(event.get, _PLAIN))
    for name in _MEMBERS:
        members = event.get(name) or {}
        if None in members.values():
            members = {member: value for member, value in members.items() if value is not None}
        names = sorted(members)
        body += (names, _values(map(members.get, names)))
    return blake2b(marshal.dumps(body, _VERSION), digest_size=DIGEST_BYTES).digest()


def _values(given: Iterable[Any]) -> list[Any]:
    return [float(value) if value.__class__ is int else value for value in given]  # True is a class of its own

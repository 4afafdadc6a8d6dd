"""Facts as bytes that are always the same, and digests of them."""

import hashlib
import json
from typing import Any


def canonical_json(document: Any) -> str:
    """Keys sorted, no spaces, UTF-8 as it is. Raises ValueError for NaN and infinity, which JSON has not."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(data: bytes) -> str:
    """`sha256:` and 64 hex digits."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"

"""Whether a started service serves its purpose yet, as it says itself."""

import urllib.error
import urllib.request

_TIMEOUT_S = 2.0


def is_ready(address: str) -> bool:
    """Asks `/readyz` at the address where a service's metrics are; no answer is a no."""
    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=_TIMEOUT_S) as answer:  # noqa: S310  our own http address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False

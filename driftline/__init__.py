"""`driftline.Client`, imported when it is first asked for; the command line is driftline/cli.py."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from driftline.client import Client

__all__ = ["Client"]


def __getattr__(name: str) -> Any:
    if name != "Client":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from driftline.client import Client  # noqa: PLC0415  commands have no use for it

    return Client

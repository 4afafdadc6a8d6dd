"""Free ports of the loopback interface."""

import itertools
import os
import socket

from runtime.errors import OperatorError

HOST = "127.0.0.1"
# Below those Linux gives to outgoing connections: a client that keeps trying must not take the port of a broker
# that is down and is to come back.
_PORTS = range(20_000, 32_000)
_candidates = itertools.count(os.getpid() * 97)


def free_port() -> int:
    """A port that nobody listens on just now, another at each call; raises OperatorError when there is none."""
    for _ in _PORTS:
        port = _PORTS[next(_candidates) % len(_PORTS)]
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise OperatorError(f"no port from {_PORTS[0]} to {_PORTS[-1]} is free", "name a port, or end programs that listen")

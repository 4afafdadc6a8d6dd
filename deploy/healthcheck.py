"""Asks a service in the same container whether it is alive: python -m deploy.healthcheck PORT."""

import http.client
import sys


def main(port: int) -> int:
    """Returns the exit code: 0 when /healthz answers 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        sys.stdout.write(answer.read(1_000).decode(errors="replace"))
    except OSError as error:
        sys.stderr.write(f"no answer on port {port}: {error}\n")
        return 1
    finally:
        connection.close()
    return 0 if answer.status == http.client.OK else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))

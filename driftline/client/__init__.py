"""The producer client of model servers: docs/client.md."""

from driftline.client.asgi import Middleware
from driftline.client.client import Client
from driftline.client.counts import Totals
from driftline.client.estimator import LoggedEstimator

__all__ = ["Client", "LoggedEstimator", "Middleware", "Totals"]

"""Keeps MLflow saying what the registry says. The registry is the truth, and nothing waits for its mirror."""

from collections.abc import Callable
from threading import Lock
from typing import Final

import structlog

from runtime.clock import Clock, SystemClock
from runtime.errors import OperatorError
from runtime.registry import NotRegistered, Registry, RegistryError, lineage_of
from services.retraining.mirroring import connection
from services.retraining.mirroring.differences import Change, differences
from services.retraining.mirroring.found import Client, find
from services.retraining.mirroring.wanted import Wanted, wanted

REST_S: Final = 60.0
"""How long a failed mirroring rests before it is tried again, in seconds."""
LONGEST_S: Final = 120.0
"""How long one call goes on, in seconds, but for the last answer of MLflow; what is left is done by a later one."""
_ROUNDS: Final = 20
"""A new model takes six, one more for each time that somebody else changed the same meanwhile."""
_LONGEST_REASON: Final = 800
_OVERTAKEN: Final = frozenset({"RESOURCE_ALREADY_EXISTS", "RESOURCE_DOES_NOT_EXIST"})

_log = structlog.get_logger(__name__)


class Mirror:
    """Mirrors models of a registry to MLflow at `uri`; an empty one mirrors nothing and imports nothing.

    Raises OperatorError where the address can be none, or MLflow is not installed.
    """

    def __init__(
        self,
        uri: str,
        registry: Registry,
        clock: Clock | None = None,
        connect: Callable[[str], Client] = connection.connect,
    ) -> None:
        if uri:
            connection.require(uri)
        self._uri = uri
        self._registry = registry
        self._clock = clock or SystemClock()
        self._connect = connect
        self._client: Client = None
        self._behind: dict[str, None] = {}
        self._told: set[tuple[str, str]] = set()
        self._rest_until = 0.0
        self._lock = Lock()

    def reflect(self, *models: str) -> bool:
        """Makes MLflow say of the models what the registry says, and of those that are behind; whether it does.

        Call it at the start with all models, after each change with the one, and now and then with none. It never
        raises: what fails is logged once with the next step, and tried again by a call after REST_S. Blocks while
        MLflow works: seconds for a new version, some 20 s where there is no answer, LONGEST_S at most.
        """
        if not self._uri:
            return True
        with self._lock:
            self._behind = dict.fromkeys((*models, *self._behind))
            if self._clock.monotonic() >= self._rest_until:
                self._catch_up(self._clock.monotonic() + LONGEST_S)
            return not self._behind

    def _catch_up(self, until: float) -> None:
        for model in list(self._behind):
            try:
                self._settle(model, until)
            except Exception as error:  # noqa: BLE001  whatever an optional program does, retraining goes on
                self._tell(model, error)
                self._behind[model] = self._behind.pop(model)  # others come first the next time
                self._rest_until = self._clock.monotonic() + REST_S
                if not isinstance(error, OperatorError):
                    return  # MLflow is away for all of them
            else:
                del self._behind[model]
        if self._told and not self._behind:
            _log.info("MLflow says again what the registry says")
            self._told.clear()

    def _settle(self, model: str, until: float) -> None:
        """Changes what differs until nothing does, so that a fact registered meanwhile is told as well."""
        if self._client is None:
            self._client = self._connect(self._uri)
        for _ in range(_ROUNDS):
            self._refuse_after(until)
            said = self._said(model)
            if said is None:
                return
            changes = differences(said, find(self._client, said.name), connection.artifact_location(self._uri))
            if not changes:
                return
            self._make(changes, until)
        raise OperatorError(
            f"What MLflow says of {model} does not settle: others change it all the time.",
            "look who else writes the registered model of that name, and give theirs another name",
        )

    def _said(self, model: str) -> Wanted | None:
        with self._registry.reading() as session:
            try:
                return wanted(lineage_of(session, model))
            except NotRegistered:
                return None  # a run was asked for and has made no version yet

    def _make(self, changes: list[Change], until: float) -> None:
        """Makes what can be made. Raises RegistryError where only versions are left whose artifact cannot be read."""
        lacking: list[RegistryError] = []
        for change in changes:
            self._refuse_after(until)
            try:
                connection.make(change, self._client, self._registry.artifacts)
            except RegistryError as error:
                lacking.append(error)
            except Exception as error:
                if getattr(error, "error_code", None) not in _OVERTAKEN:
                    raise
        if lacking and len(lacking) == len(changes):
            raise lacking[0]

    def _refuse_after(self, until: float) -> None:
        if self._clock.monotonic() > until:
            raise TimeoutError(f"MLflow has not taken all within {LONGEST_S:g} s; the rest comes later")

    def _tell(self, model: str, error: Exception) -> None:
        """Once of a kind, until MLflow has caught up."""
        if isinstance(error, OperatorError):
            kind, why, next_step = (model, error.what), error.what, error.next_step
        else:
            kind = (type(error).__name__, str(getattr(error, "error_code", "")))
            why = next(iter(str(error).splitlines()), "")[:_LONGEST_REASON] or kind[0]
            next_step = "look whether MLflow runs at DRIFTLINE_MLFLOW_URI and can be written to"
        if kind in self._told:
            return
        self._told.add(kind)
        _log.warning(
            "MLflow does not say what the registry says; retraining goes on",
            model=model,
            uri=self._uri,
            why=why,
            next_step=next_step,
            tried_again_after_s=REST_S,
        )

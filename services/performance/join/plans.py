"""How each model version's events are read and counted: made once from what was applied, anew when that changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import structlog

from runtime.clock import Clock
from runtime.decode.applied_shape import shape_of
from runtime.decode.shape import Shape
from runtime.watched import Watched
from schemas.base import Record
from schemas.baseline import Baseline
from schemas.monitor import Monitor
from schemas.performance import Performance
from services.performance.join.attributes import Attributes
from services.performance.join.records import unpacked_origin
from services.performance.layouts import layout_of
from stats.performance.layout import OutcomeLayout

_logger = structlog.get_logger(__name__)

R = TypeVar("R", bound=Record)
R_co = TypeVar("R_co", bound=Record, covariant=True)


@dataclass(frozen=True, slots=True)
class Plan:
    """One version's monitor, what is read of its events, and what its outcomes are counted by."""

    monitor: Monitor
    shape: Shape
    attributes: Attributes
    layout: OutcomeLayout | None
    """None: nothing is known of its answers, its performance begins with its baseline."""

    @property
    def basis(self) -> int:
        """Names the layout and the panes, 64 bits; 0 where nothing is counted.

        A pair is taken away from the cells it was added to, or from none.
        """
        return 0 if self.layout is None else int(self.layout.digest, 16) ^ self.monitor.performance.pane


@dataclass(frozen=True)
class Still(Generic[R]):
    """What was applied of one kind, by key, as of one moment."""

    values: Mapping[str, R]
    generation: int
    """How far its topic was read."""


class Follows(Protocol[R_co]):
    """What was applied of one kind, as it is now: runtime/follower.py."""

    @property
    def values(self) -> Mapping[str, R_co]:
        """A snapshot, by key."""
        ...

    @property
    def generation(self) -> int:
        """Names the values: how far their topic was read."""
        ...


class Plans:
    """Plans by model and version, as of one moment. `refresh` between batches: each is read and counted by the same."""

    def __init__(self, monitors: Follows[Monitor], baselines: Follows[Baseline], clock: Clock) -> None:
        self._follows = monitors, baselines
        self._clock = clock
        self._take()

    def refresh(self) -> None:
        """Goes on to what is applied now."""
        monitors, baselines = self._follows
        if self.moment != (monitors.generation, baselines.generation):
            self._take()

    def _take(self) -> None:
        monitors, baselines = _still(self._follows[0]), _still(self._follows[1])
        self.moment = monitors.generation, baselines.generation
        """How far `monitors` and `baselines` were read: names the plans."""
        self._watched = Watched(monitors, baselines, self._clock)
        self._plans: dict[tuple[str, str], Plan] = {}
        self._bases: dict[bytes, int] = {}
        applied = [monitor.performance for monitor in monitors.values.values()]
        self._longest_ms = max(rules.horizon for rules in (*applied, Performance()))

    def plan(self, model: str, version: str) -> Plan:
        """The plan of one version; the same object until something is applied."""
        plan = self._plans.get((model, version))
        if plan is None:
            monitor, baseline = self._watched.monitor(model), self._watched.baseline_for(model, version)
            plan = self._plans[model, version] = Plan(
                monitor, shape_of(baseline, monitor), Attributes(monitor), _layout(baseline, monitor)
            )
        return plan

    def basis(self, origin: bytes) -> int:
        """What pairs of a packed origin are counted by."""
        found = self._bases.get(origin)
        if found is None:
            model, version, *_ = unpacked_origin(origin)
            found = self._bases[origin] = self.plan(model, version).basis
        return found

    def shape(self, model: str, version: str) -> Shape:
        """What the decoder checks of a version's events."""
        return self.plan(model, version).shape

    def is_strict(self, model: str) -> bool:
        """Whether a version of the model without a baseline is refused."""
        return self._watched.monitor(model).strict

    def rules(self, model: str) -> Performance:
        """How a model's answers are watched."""
        return self._watched.monitor(model).performance

    def horizon_ms(self, model: str | None) -> int:
        """The longest delay of a model's labels that counts; None: of any model, those without a monitor included."""
        return self._longest_ms if model is None else self.rules(model).horizon


def _still(follows: Follows[R]) -> Still[R]:
    """Values and their generation that belong together, whatever a follower's thread does meanwhile."""
    while True:
        found = Still(follows.values, follows.generation)
        if found.values is follows.values:
            return found


def _layout(baseline: Baseline | None, monitor: Monitor) -> OutcomeLayout | None:
    try:
        return layout_of(baseline, monitor)
    except ValueError as error:
        _logger.error("outcomes_not_counted", model=monitor.model, what=str(error))  # noqa: TRY400  the words say it
        return None

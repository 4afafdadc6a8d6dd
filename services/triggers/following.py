"""What becomes of a series' incidents, whoever judges: some are no longer asked for, the others see one more window."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Generic, NamedTuple, TypeVar

from schemas.alert import Alert
from services.triggers.incidents import Incident, Sighting, resolved, step
from services.triggers.series import Judged, Series

Place = TypeVar("Place", bound=Hashable)
"""What an incident is about, within its series: at most one is open in a place."""
Reason = Callable[[Incident], str | None]
"""Why nothing judges an incident any more; None where something does."""


class Followed(NamedTuple, Generic[Place]):
    """A series' incidents after one more window."""

    incidents: dict[Place, Incident]
    """Those that ended with it, too."""
    closed: list[tuple[Incident, str]]
    """Ended because nothing judges them any more, and why."""
    changed: list[tuple[Incident, Sighting]]
    """Opened, escalated or calmed, and by what."""

    @property
    def firing(self) -> list[Incident]:
        """Those that are open."""
        return [incident for incident in self.incidents.values() if incident.state == "firing"]


def follow(
    incidents: Mapping[Place, Incident], reason_of: Reason, sightings: Iterable[tuple[Place, Sighting]]
) -> Followed[Place]:
    """Closes what is not judged any more, then lets every place see what there is to see."""
    followed: Followed[Place] = Followed(dict(incidents), [], [])
    for place, incident in incidents.items():
        reason = reason_of(incident) if incident.state == "firing" else None
        if reason is not None:
            followed.incidents[place] = resolved(incident)
            followed.closed.append((followed.incidents[place], reason))
    for place, sighting in sightings:
        after, change = step(followed.incidents.get(place), sighting)
        if after is not None:
            followed.incidents[place] = after
            if change is not None:
                followed.changed.append((after, sighting))
    return followed


def close(series: Series, reason_of: Reason, told: Callable[[Incident, str], Alert]) -> Judged:
    """A series without what is not judged any more; nothing to write where that is nothing."""
    followed = follow(dict(enumerate(series.incidents)), reason_of, ())
    alerts = [told(incident, reason) for incident, reason in followed.closed]
    return Judged(alerts, series.with_incidents(list(followed.incidents.values())) if alerts else None)

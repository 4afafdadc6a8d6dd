"""A trainer by its name: from DRIFTLINE_TRAINERS, else an installed package, else one that comes along."""

import importlib
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

from runtime.errors import OperatorError
from runtime.training.protocol import Trainer

GROUP = "driftline.trainers"
VARIABLE = "DRIFTLINE_TRAINERS"
"""`name=module:attribute`, comma-separated."""


def find(name: str, environment: Mapping[str, str], built_in: Mapping[str, str]) -> Trainer:
    """The trainer of that name.

    What a place names is a trainer, or a class or function of no arguments that makes one. `built_in` maps names to
    `module:attribute`. Imports the trainer's module, and no other trainer's. Raises OperatorError.
    """
    places = _named(environment.get(VARIABLE, ""))
    installed = {entry.value for entry in entry_points(group=GROUP, name=name)}
    if name not in places and len(installed) > 1:
        raise OperatorError(
            f"Several packages bring a trainer {name!r}: {', '.join(sorted(installed))}.",
            f"uninstall all but one, or choose with {VARIABLE}={name}=module:attribute",
        )
    place = places.get(name) or next(iter(installed), None) or built_in.get(name)
    if place is None:
        known = sorted({*places, *entry_points(group=GROUP).names, *built_in})
        raise OperatorError(
            f"There is no trainer {name!r}; there are {', '.join(known) or 'none'}.",
            f"correct training.trainer of the monitor, install the trainer's package, or set {VARIABLE}",
        )
    return _load(name, place)


def _named(text: str) -> dict[str, str]:
    pairs = [entry.strip().partition("=") for entry in text.split(",") if entry.strip()]
    for name, _, place in pairs:
        if not (name.strip() and ":" in place):
            raise OperatorError(
                f"{VARIABLE} has {name.strip()!r} without a place.", "write name=module:attribute, comma-separated"
            )
    return {name.strip(): place.strip() for name, _, place in pairs}


def _load(name: str, place: str) -> Trainer:
    module, _, attribute = place.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise OperatorError(
            f"The trainer {name!r} cannot be loaded from {place}: {error}.",
            "install what it needs where the retraining service runs (the built-in one: driftline[training])",
        ) from error
    trainer = found if _trains(found) and not isinstance(found, type) else _made(name, place, found)
    if not _trains(trainer):
        raise OperatorError(
            f"The trainer {name!r} of {place} has no methods train and load.", "see docs/trainers.md for a trainer"
        )
    return trainer


def _trains(found: object) -> bool:
    return callable(getattr(found, "train", None)) and callable(getattr(found, "load", None))


def _made(name: str, place: str, found: object) -> Trainer:
    if not callable(found):
        raise OperatorError(f"The trainer {name!r} of {place} is none.", "see docs/trainers.md for a trainer")
    trainer: Trainer = found()
    return trainer

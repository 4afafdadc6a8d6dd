"""How alike two versions of a model weigh their features: a candidate that looks elsewhere deserves a second look."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite

from scipy.stats import kendalltau, rankdata

from stats.outcome import TooFew
from stats.performance.estimate import Undefined

TOP = 10
MOVERS = 5


@dataclass(frozen=True, slots=True)
class Mover:
    """A feature's place by importance, 1 the most important; places are shared where importances are equal."""

    feature: str
    old_rank: float
    new_rank: float

    @property
    def moved(self) -> float:
        """Places up."""
        return self.old_rank - self.new_rank


@dataclass(frozen=True, slots=True)
class Stability:
    """Two versions side by side."""

    old: str
    new: str
    tau: float | TooFew | Undefined
    """Kendall's τ-b over the features of both, −1 to 1 (Kendall 1945, Biometrika 33): 1 is the same order."""
    overlap: float | TooFew
    """Share of the old version's `top` features that are among the new one's, 0 to 1; names break ties."""
    top: int
    movers: tuple[Mover, ...]
    """The features that moved furthest, furthest first."""
    added: tuple[str, ...]
    removed: tuple[str, ...]


def stability(
    old: Mapping[str, float], new: Mapping[str, float], *, names: tuple[str, str] = ("old", "new"), top: int = TOP
) -> Stability:
    """Compares importances by feature, any unit, more being more important; ranks are among the features of both."""
    if top < 1:
        raise ValueError(f"top is {top}: give how many features are compared, 1 or more")
    for name, of in zip(names, (old, new), strict=True):
        if odd := [feature for feature, importance in of.items() if not isfinite(importance)]:
            raise ValueError(f"importances of {name!r} are not finite for {odd}: leave these features out")
    both = sorted(old.keys() & new.keys())
    ranks = [dict(zip(both, rankdata([-of[name] for name in both]).tolist(), strict=True)) for of in (old, new)]
    movers = [Mover(name, ranks[0][name], ranks[1][name]) for name in both]
    movers.sort(key=lambda mover: (-abs(mover.moved), mover.feature))
    k = min(top, len(old), len(new))
    return Stability(
        *names,
        _tau([old[name] for name in both], [new[name] for name in both]),
        len(_top(old, k) & _top(new, k)) / k if k else TooFew(needed=1, have=0),
        k,
        tuple(mover for mover in movers[:MOVERS] if mover.moved),
        tuple(sorted(new.keys() - old.keys())),
        tuple(sorted(old.keys() - new.keys())),
    )


def over_versions(versions: Mapping[str, Mapping[str, float]], *, top: int = TOP) -> tuple[Stability, ...]:
    """Each version, oldest first, against the one before it."""
    return tuple(
        stability(old, new, names=(was, now), top=top) for (was, old), (now, new) in pairwise(versions.items())
    )


def rank_paths(versions: Mapping[str, Mapping[str, float]]) -> dict[str, tuple[float | None, ...]]:
    """Every feature's place in every version, None where it has none; the newest version's most important first."""
    ranks = [_ranks(of) for of in versions.values()]
    paths = {name: tuple(of.get(name) for of in ranks) for name in {name for of in ranks for name in of}}
    behind = len(paths) + 1.0

    def newest_first(item: tuple[str, tuple[float | None, ...]]) -> tuple[list[float], str]:
        return [behind if place is None else place for place in reversed(item[1])], item[0]

    return dict(sorted(paths.items(), key=newest_first))


def _tau(old: list[float], new: list[float]) -> float | TooFew | Undefined:
    if len(old) < 2:
        return TooFew(needed=2, have=len(old))
    if len(set(old)) == 1 or len(set(new)) == 1:
        return Undefined("all features of a version are equally important")
    return float(kendalltau(old, new, variant="b").statistic)


def _ranks(importance: Mapping[str, float]) -> dict[str, float]:
    return dict(zip(importance, rankdata([-value for value in importance.values()]).tolist(), strict=True))


def _top(importance: Mapping[str, float], k: int) -> set[str]:
    return set(sorted(importance, key=lambda name: (-importance[name], name))[:k])

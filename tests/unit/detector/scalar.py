"""The detector once more, written out for one row, one cell and one component at a time."""

import math

import numpy as np
from scipy.stats import chi2, norm


def shift(p0: list[float], ordinary: int, location: float, scale: float) -> list[float]:
    """Ordinary cells after a shift in normal scores."""
    total, below, out = sum(p0[:ordinary]), 0.0, []
    for k in range(ordinary):
        low = norm.ppf(below / total) if below > 0 else -math.inf
        below += p0[k]
        last = not any(p0[k + 1 : ordinary])
        high = math.inf if last else norm.ppf(below / total)
        out.append(max(norm.cdf((high - location) / scale) - norm.cdf((low - location) / scale), 1e-12) * total)
        if last:
            break
    return out


def weights(p0: list[float], m: float, *, ordered: bool, z: float, tau: float) -> list[tuple[float, list[float]]]:
    """(prior weight, ln e of an event in each cell) of every component but the plug-ins; 0 for absent cells."""
    ordinary, cells = len(p0) - 3, len(p0)
    epsilon = z / math.sqrt(m) + tau
    found: list[tuple[float, list[float]]] = []
    if ordered:
        shifts = [(d, 1.0, 0.40 / 8) for size in (0.15, 0.3, 0.6, 1.2) for d in (-size, size)]
        shifts += [(0.0, s, 0.15 / 4) for s in (0.6, 0.78, 1.28, 1.7)]
        for location, scale, weight in shifts:
            moved = shift(p0, ordinary, location, scale)
            r = [moved[k] / p0[k] if k < len(moved) else 1.0 for k in range(cells)]
            chi = math.sqrt(sum(p0[k] * (r[k] - 1) ** 2 for k in range(cells)))
            found.append((weight, [math.log(r[k]) - math.log(1 + epsilon * chi) for k in range(cells)]))
    present = [(k, s) for s in (0.04, 0.2) for k in range(ordinary) if p0[k] > 0]
    present += [(k, s) for s in (0.005, 0.02, 0.1) for k in range(ordinary, cells) if p0[k] > 0]
    for cell, share in present:
        u = min(max(p0[cell] + epsilon * math.sqrt(p0[cell] * (1 - p0[cell])), 1e-4), 1.0)
        outside, inside = math.log(1 - share), math.log(1 - share + share / u)
        found.append((0.20 / len(present), [inside if k == cell else outside for k in range(cells)]))
    return found


class ScalarRow:
    """One row of the detector; never found, never reset."""

    def __init__(self, p0: list[float], m: float, *, ordered: bool, z: float, tau: float) -> None:
        self.p0, self.m, self.tau = p0, m, tau
        self.fixed = weights(p0, m, ordered=ordered, z=z, tau=tau)
        self.r = [0.0] * (len(self.fixed) + 2)
        self.past = [[0.0] * len(p0), [0.0] * len(p0)]

    def step(self, x: list[int]) -> float:
        """ln Σ w R after a pane of counts x."""
        gains = [sum(w * count for w, count in zip(ws, x, strict=True)) for _, ws in self.fixed]
        beliefs = [weight for weight, _ in self.fixed]
        live = [k for k, p in enumerate(self.p0) if p > 0]
        radius = math.sqrt(chi2.ppf(0.99, len(live) - 1) / self.m) + self.tau
        for i, half_life in enumerate((6, 48)):
            past = self.past[i]
            q = [(past[k] + 60 * self.p0[k]) / (sum(past) + 60) for k in range(len(self.p0))]
            chi = math.sqrt(sum(self.p0[k] * (q[k] / self.p0[k] - 1) ** 2 for k in live))
            gains.append(sum(x[k] * (math.log(q[k] / self.p0[k]) - math.log(1 + radius * chi)) for k in live))
            beliefs.append(0.125)
            decay = 0.5 ** (1 / half_life)
            self.past[i] = [float(np.float32(decay * past[k] + x[k])) for k in range(len(past))]
        self.r = [(1 + r) * math.exp(gain) for r, gain in zip(self.r, gains, strict=True)]
        total = sum(beliefs)
        return math.log(sum(b / total * r for b, r in zip(beliefs, self.r, strict=True)))

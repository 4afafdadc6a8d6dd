"""What policies remember of a model, as one row: a crash keeps all of it or nothing."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Self

from schemas.base import Record, TimeMs
from schemas.retraining import RetrainingRequest
from schemas.retraining_policy import CalendarPolicy, DriftPolicy, PerformancePolicy, RetrainingPolicy
from services.triggers.policies.sight import Run, emptied

FORGET_MS = 100 * 86_400_000
"""Event time after which a version is forgotten: longer than any label is waited for."""
SOFT = frozenset({"calendar", "volume"})
"""Kinds whose cooldown a policy with `override` does not wait for."""


class Asked(Record):
    """A request, as far as it holds back others."""

    policy: str
    kind: str
    requested_ms: TimeMs
    until_ms: int
    """End of the cooldown it left."""


class Memory(Record):
    """Of one model."""

    clock_ms: TimeMs
    """The furthest event time of any window that a policy looked at."""
    runs: Mapping[str, Mapping[str, Run]] = {}
    """By policy and version; a calendar's version is empty."""
    asked: tuple[Asked, ...] = ()

    @classmethod
    def read(cls, row: bytes | None, now_ms: int) -> Self:
        """The memory in a row, with its clock moved on to the time of the window."""
        if row is None:
            return cls(clock_ms=now_ms)
        memory = cls.model_validate_json(row)
        return memory.model_copy(update={"clock_ms": max(memory.clock_ms, now_ms)})

    def with_run(self, policy: str, version: str, run: Run) -> Self:
        """With that run, in place of the one before."""
        runs = {**self.runs, policy: {**self.runs.get(policy, {}), version: run}}
        return self.model_copy(update={"runs": runs})

    def holds_back(self, policy: RetrainingPolicy, snoozed_until_ms: int | None) -> bool:
        """Whether a snooze, a cooldown or the policy's own budget keeps it from asking now."""
        return self._snoozed(snoozed_until_ms) or self._cooling(policy) or self._spent(policy)

    def after(self, request: RetrainingRequest, policy: RetrainingPolicy, counting: Collection[str]) -> Self:
        """Once that policy has asked: its run begins anew, and so do those of the `counting` policies, all versions."""
        asked = Asked(
            policy=policy.name,
            kind=policy.kind,
            requested_ms=request.requested_ms,
            until_ms=request.requested_ms + policy.cooldown,
        )
        runs = {
            name: {
                version: emptied(run) if name in counting or (name, version) == _place(policy, request) else run
                for version, run in versions.items()
            }
            for name, versions in self.runs.items()
        }
        return self.model_copy(update={"runs": runs, "asked": (*self.asked, asked)})

    def kept(self, policies: Sequence[RetrainingPolicy]) -> Self:
        """Without what cannot matter any more."""
        names = {policy.name for policy in policies}
        longest_ms = max((policy.budget.period for policy in policies if policy.budget is not None), default=0)
        runs = {
            name: {version: run for version, run in versions.items() if run.end_ms > self.clock_ms - FORGET_MS}
            for name, versions in self.runs.items()
            if name in names
        }
        asked = tuple(
            one for one in self.asked if one.until_ms > self.clock_ms or one.requested_ms > self.clock_ms - longest_ms
        )
        return self.model_copy(update={"runs": runs, "asked": asked})

    def _snoozed(self, until_ms: int | None) -> bool:
        return until_ms is not None and self.clock_ms < until_ms

    def _cooling(self, policy: RetrainingPolicy) -> bool:
        passes = SOFT if isinstance(policy, PerformancePolicy | DriftPolicy) and policy.override else frozenset()
        return any(self.clock_ms < one.until_ms and one.kind not in passes for one in self.asked)

    def _spent(self, policy: RetrainingPolicy) -> bool:
        if policy.budget is None:
            return False
        begin_ms = self.clock_ms - policy.budget.period
        own = sum(one.policy == policy.name and one.requested_ms > begin_ms for one in self.asked)
        return own >= policy.budget.requests


def row_key(model: str) -> bytes:
    """The key of a model's row."""
    return json.dumps(("policies", model), ensure_ascii=False, separators=(",", ":")).encode()


def version_of(policy: RetrainingPolicy, version: str) -> str:
    """What a policy's runs are kept by: the version; a calendar is the model's."""
    return "" if isinstance(policy, CalendarPolicy) else version


def _place(policy: RetrainingPolicy, request: RetrainingRequest) -> tuple[str, str]:
    return policy.name, version_of(policy, request.version)

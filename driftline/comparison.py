"""A candidate against production in words and tables, for a terminal of 100 columns."""

from collections.abc import Iterable, Iterator, Mapping

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from driftline import rules
from driftline.approvals import Request, decisions, next_step
from driftline.output import bar, count, figure, percent, table, utc
from driftline.provenance import AVERAGED, offsets
from driftline.rules import short
from schemas.comparison import Advice, CanarySight, Comparison, GroupFigure, PairedFigure, Stability, Tried
from schemas.model_event import GateResult

_FIGURES = ("metric", ">production", ">candidate", ">gain", "interval", ">p", ">rows")
_IMPORTANT = 20
_BAR = 12


def request_view(request: Request) -> Group:
    """The request in full; what a person decides by comes first."""
    compared = request.comparison
    parts: list[RenderableType] = [_head(request)]
    if compared is None:
        parts += ["", "Nothing was compared yet.", *_gates(request.run.gates)]
    else:
        gates = {(gate.gate, gate.rule, gate.feature): gate for gate in (*request.run.gates, *compared.gates)}
        parts += [*_metrics(compared), *_advice(compared.advice), *_gates(list(gates.values())), *_segments(compared)]
        parts += [*_fairness(compared.fairness), *_importance(compared.stability), *_canary(compared)]
        parts += [*_tried(compared.tried), *_data(request, compared)]
    said = list(decisions(request.run))
    parts += ["", table("Decisions so far", ("",), [(escape(words),) for words in said])] if said else []
    if request.run.stands.step == "candidate":
        parts += ["", escape(next_step(request.run.version or request.run.run_id))]
    return Group(*parts)


def _head(request: Request) -> Table:
    run = request.run
    title = f"{run.model} {run.version or '(no candidate yet)'} against {run.incumbent}"
    rows = [
        ("stands at", f"{run.stands.step} since {utc(run.stands.time_ms)} UTC{_after(run.stands.detail)}"),
        ("asked for", f"{run.reason} ({run.policy}, by {run.actor}, {utc(run.requested_ms)})"),
        *(("", f"{one.reason} ({one.policy}, by {one.actor}, {utc(one.requested_ms)})") for one in run.joined),
        ("run", run.run_id),
        ("artifact", run.artifact_digest or "none yet"),
    ]
    if request.decide_by_ms is not None:
        rows.insert(1, ("decide by", f"{utc(request.decide_by_ms)} UTC; after that it is retired"))
    return table(escape(title), ("", ""), [(name, escape(words.strip())) for name, words in rows])


def _after(detail: str) -> str:
    return f": {detail}" if detail else ""


def _metrics(compared: Comparison) -> Iterator[RenderableType]:
    yield ""
    yield table("On the holdout (a gain above 0: the candidate is better)", _FIGURES, map(_paired, compared.metrics))
    if turned := compared.turned:
        yield (
            f"Of {count(turned.n)} answers the candidate has {count(turned.right)} right: {count(turned.gained)} that "
            f"production had wrong; {count(turned.lost)} that production had right it has wrong."
        )


def _paired(one: PairedFigure) -> tuple[str, ...]:
    interval = f"{one.low:+.4g} to {one.high:+.4g}" if one.low is not None and one.high is not None else "–"
    return (
        escape(one.metric),
        short(one.production),
        short(one.candidate),
        "–" if one.gain is None else f"{one.gain:+.4g}",
        escape(one.why_not) if one.why_not else interval,
        "–" if one.p_value is None else "<0.001" if one.p_value < 0.001 else f"{one.p_value:.3f}",
        count(one.n),
    )


def _gates(gates: Iterable[GateResult]) -> Iterator[RenderableType]:
    """Failures first."""
    rows = [
        ("✓ passed" if gate.passed else "◆ failed", *rules.row(gate))
        for gate in sorted(gates, key=lambda gate: gate.passed)
    ]
    if rows:
        yield ""
        yield table("Gates", ("", *rules.COLUMNS), rows)


def _segments(compared: Comparison) -> Iterator[RenderableType]:
    rows = [
        (escape(name), *_paired(one))
        for name, figures in compared.segments.items()
        for one in figures
        if not one.metric.endswith(AVERAGED)
    ]
    if rows:
        yield ""
        yield table("By segment", ("segment", *_FIGURES), rows)


def _fairness(groups: Iterable[GroupFigure]) -> Iterator[RenderableType]:
    rows = [
        (
            escape(one.attribute),
            escape(one.group),
            escape(one.against),
            one.metric.replace("_", " "),
            figure(one.production),
            figure(one.candidate),
            f"{figure(one.low)} to {figure(one.high)}",
        )
        for one in groups
    ]
    if rows:
        yield ""
        columns = ("attribute", "group", "against", "figure", ">production", ">candidate", "candidate's interval")
        yield table("Protected groups", columns, rows)


def _importance(stability: Stability) -> Iterator[RenderableType]:
    if not stability.importances:
        return
    shares = [(one.feature, one.production, one.candidate) for one in stability.importances[:_IMPORTANT]]
    rows = [
        (escape(feature), percent(old), bar(old, 1.0, _BAR), percent(new), bar(new, 1.0, _BAR))
        for feature, old, new in shares
    ]
    yield ""
    yield table("What the versions look at", ("feature", ">production", "", ">candidate", ""), rows)
    if (more := len(stability.importances) - _IMPORTANT) > 0:
        yield f"{count(more)} more features; --json has all."
    same = "not known" if stability.top_overlap is None else percent(stability.top_overlap)
    yield (
        f"Order: τ {figure(stability.kendall_tau, 2)} (1: the same). "
        f"Of the {stability.top} most important, the same: {same}."
    )


def _data(request: Request, compared: Comparison) -> Iterator[RenderableType]:
    """Parts with their digests, and what they were read from: once, where parts of one snapshot share it."""
    origins = {dataset.digest: offsets(dataset) for dataset in request.datasets}
    rows: list[tuple[str, str]] = []
    told = ""
    for part in compared.parts:
        times = "" if part.start_ms is None else f", {utc(part.start_ms)} to {utc(part.end_ms)} UTC"
        rows += [(part.role, f"{count(part.rows)} rows{times}"), ("", part.digest)]
        origin = origins.get(part.digest, "")
        rows += [("", f"from {origin}")] if origin not in ("", told) else []
        told = origin or told
    yield ""
    yield table("Data", ("", ""), [(role, escape(words)) for role, words in rows])


def _tried(tried: Iterable[Tried]) -> Iterator[RenderableType]:
    rows = [
        (
            escape(f"{'✓ ' if one.chosen else ''}{one.name}"),
            figure(one.score),
            figure(one.latency_p99_ms, 1),
            count(one.size_bytes),
            figure(one.train_s, 1),
            escape(one.why_not or _pairs({name: short(value) for name, value in _unaveraged(one.metrics)})),
            escape(_pairs(one.parameters)),
        )
        for one in tried
    ]
    yield ""
    columns = ("candidate", ">score", ">p99 ms", ">bytes", ">cpu s", "on validation rows", "parameters")
    yield table("Tried (✓: chosen)", columns, rows)


def _unaveraged(figures: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    return ((name, value) for name, value in figures.items() if not name.endswith(AVERAGED))


def _pairs(of: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in of.items())


def _advice(advice: Advice) -> Iterator[RenderableType]:
    """Its sentence, which has verdict and figures in it."""
    yield ""
    yield "[bold]Advice[/bold]"
    yield escape(f"{'' if advice.verdict else 'none yet: '}{advice.detail.rstrip('.')}.")


def _canary(compared: Comparison) -> Iterator[RenderableType]:
    rows = [_sight(one) for one in compared.canary]
    if rows:
        yield ""
        title = f"What a canary would see, at {count(round(compared.labelled_per_day))} labelled events a day"
        yield table(title, ("figure", ">weight", ">within", ">events", ">production", "rise it would find"), rows)


def _sight(one: CanarySight) -> tuple[str, ...]:
    return (
        escape(one.metric),
        f"{one.weight_bp / 100:g} %",
        f"{one.hours:g} h",
        count(one.events),
        percent(one.production),
        "none" if one.least is None else f"{one.least * 100:.1f} points or more",
    )

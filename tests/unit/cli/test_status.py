"""The status ends with what a person can do."""

from rich.console import Console

from driftline.output import sections
from driftline.status import Found, Status, status_tables, summarise
from schemas.model_event import ModelEvent, Step

MODEL = "flights-delay"
NOW_MS = 1_362_000_000_000


def event(run_id: str, step: Step) -> ModelEvent:
    return ModelEvent(run_id=run_id, model=MODEL, version=f"2013-{run_id}", step=step, time_ms=NOW_MS)


def test_candidates_that_wait_are_told_with_the_next_step_and_no_others() -> None:
    steps = [event("a", "started"), event("b", "candidate"), event("a", "candidate"), event("b", "rejected")]
    models = summarise(Found([], [], {MODEL: 5}, {}, {}, steps=steps), NOW_MS)
    assert models[0].waiting == ("2013-a",)
    console = Console(width=160, highlight=False)
    with console.capture() as shown:
        console.print(sections(status_tables(Status("127.0.0.1:1", "here", tuple(models), (), 0))))
    last = shown.get().splitlines()[-1]
    assert last == f"{MODEL} 2013-a waits for a decision: driftline approvals 2013-a"

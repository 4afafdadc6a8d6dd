"""The audit of the join: both topics tile and balance, pairs agree by either time, and stand in windows."""

from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from driftline.accounts import _DeadLetter, _Partial, accounts_of, count_partials, joint, reached, within
from driftline.audit import Accounts, Audit, audit
from driftline.balances import Partition, WindowCount
from driftline.reading import Entry
from driftline.report import audit_table
from schemas.base import SourceRange
from schemas.examples import examples
from schemas.ledger import Ledger

DAY = 86_400_000
T0 = 1_356_998_400_000
IDS = {"predictions": "P", "labels": "L"}


def ledger(topic: str, start: int, end: int, service: str = "performance-join", **counts: Any) -> Ledger:
    source = SourceRange(topic=topic, topic_id=IDS.get(topic, "P+L"), partition=0, partitions=1, start=start, end=end)
    counts.setdefault("counted", {"m": end - start})
    return Ledger(
        service=service,
        source=source,
        wall_ms=T0,
        records=end - start,
        events=counts.pop("events", end - start),
        **counts,
    )


def label_window(start_ms: int, n: int, *, final: bool = True) -> WindowCount:
    return WindowCount("m", DAY, start_ms, n, final)


BALANCED = Accounts(
    partitions=[Partition("predictions", "P", 0, 0, 10), Partition("labels", "L", 0, 0, 9)],
    ledger=[
        ledger("predictions", 0, 10, "drift-fold", counted={"m": 9}, dead={"SCHEMA": 1}),
        ledger("predictions", 0, 10, counted={"m": 7}, duplicate=1, refused=1, dead={"CONFLICT": 1}),
        # two of six labels wait; one of them is joined when its prediction comes, in a transaction without labels
        ledger("labels", 0, 6, counted={"m": 3}, waiting=2, dead={"ORPHAN": 1}),
        ledger("labels", 6, 6, counted={"m": 1}, waiting=-1),
        ledger("labels", 6, 9, counted={"m": 2}, repeated=1, moved=1),
    ],
    dead_letters={"drift-fold": {"SCHEMA": 1}, "performance-join": {"CONFLICT": 1, "ORPHAN": 1}},
    profiled={"m": 9},
    windows=[WindowCount("m", DAY, T0, 9, final=True)],
    paired={"prediction_time": {"m": 5}, "label_time": {"m": 5}},
    labelled=[label_window(T0, 2), label_window(T0 + DAY, 3)],
)


def outcomes(accounts: Accounts) -> dict[str, str]:
    return {check.name: check.outcome for check in audit(accounts).checks}


def broken(accounts: Accounts) -> list[str]:
    return [name for name, outcome in outcomes(accounts).items() if outcome == "broken"]


def detail(result: Audit, name: str) -> str:
    (found,) = [check.detail for check in result.checks if check.name == name]
    return found


def with_ledger(*records: Ledger) -> Accounts:
    """The accounts with other records of the join."""
    return replace(BALANCED, ledger=[BALANCED.ledger[0], *records])


def test_everything_accounted_for_balances_in_both_topics() -> None:
    result = audit(BALANCED)
    assert result.verdict == "balanced", result
    fold, predictions, labels = result.accounts
    assert (fold.service, predictions.service, labels.topic) == ("drift-fold", "performance-join", "labels")
    assert (predictions.counted, predictions.refused, predictions.duplicate) == (7, 1, 1)
    assert (labels.events, labels.counted, labels.waiting, labels.moved) == (9, 6, 1, 1)


def test_what_the_checks_say_is_exact() -> None:
    result = audit(BALANCED)
    assert detail(result, "labels") == (
        "9 read = 5 joined + 1 corrected + 0 duplicate + 1 dead-lettered + 1 moved + 1 waiting"
    )
    assert detail(result, "pairs") == "5 pairs by prediction time, as many by label time, each label that was joined"
    assert detail(result, "performance windows") == "5 pairs in windows laid end to end, 0 too late"


def test_without_labels_and_without_a_join_nothing_is_said_of_performance() -> None:
    none = replace(BALANCED, partitions=BALANCED.partitions[:1], ledger=BALANCED.ledger[:1], paired={}, labelled=[])
    assert list(outcomes(none)) == ["ranges", "events", "dead letters", "profiles", "windows"]
    assert audit(none).verdict == "balanced"


def test_labels_that_nobody_reads_are_pending() -> None:
    alone = replace(
        BALANCED, ledger=BALANCED.ledger[:1], dead_letters={"drift-fold": {"SCHEMA": 1}}, paired={}, labelled=[]
    )
    assert outcomes(alone)["ranges of labels, joined"] == "pending"
    assert detail(audit(alone), "ranges of labels, joined") == "9 offsets are not read yet"
    assert broken(alone) == []


@pytest.mark.parametrize("topic", ["predictions", "labels"])
def test_each_topic_s_ranges_must_tile_for_the_join_by_itself(topic: str) -> None:
    kept = [record for record in BALANCED.ledger[1:] if record.source.topic != topic]
    assert broken(with_ledger(*kept, ledger(topic, 1, 10 if topic == "predictions" else 9)))[0] == (
        f"ranges of {topic}, joined"
    )
    assert outcomes(with_ledger(*kept, ledger(topic, 1, 10)))["ranges"] == "balanced"


def test_a_label_that_became_nothing_is_broken() -> None:
    lost = ledger("labels", 0, 6, counted={"m": 3}, waiting=1, dead={"ORPHAN": 1})
    assert "labels" in broken(with_ledger(BALANCED.ledger[1], lost, *BALANCED.ledger[3:]))


def test_more_labels_judged_after_waiting_than_ever_waited_is_broken() -> None:
    twice = ledger("labels", 6, 6, counted={"m": 1}, waiting=-1)
    result = audit(with_ledger(*BALANCED.ledger[1:], twice, twice))
    assert detail(result, "labels") == "1 labels more were judged after waiting than began to wait"
    assert result.verdict == "broken"


def test_dead_letters_agree_service_by_service() -> None:
    swapped = {"drift-fold": {"CONFLICT": 1, "ORPHAN": 1}, "performance-join": {"SCHEMA": 1}}
    assert broken(replace(BALANCED, dead_letters=swapped)) == ["dead letters", "dead letters, joined"]


def test_pairs_must_be_the_same_by_either_time() -> None:
    uneven = {"prediction_time": {"m": 5}, "label_time": {"m": 4}}
    assert broken(replace(BALANCED, paired=uneven)) == ["pairs"]


def test_there_are_no_more_pairs_than_labels_joined() -> None:
    many = {"prediction_time": {"m": 6}, "label_time": {"m": 6}}
    result = audit(replace(BALANCED, paired=many, labelled=[label_window(T0, 6)]))
    assert (result.verdict, detail(result, "pairs")) == ("broken", "6 pairs in outcomes, but 5 labels were joined")


def test_labels_of_versions_that_nobody_knows_are_joined_and_stand_in_no_outcome() -> None:
    few = {"prediction_time": {"m": 4}, "label_time": {"m": 4}}
    result = audit(replace(BALANCED, paired=few, labelled=[label_window(T0, 4)]))
    assert result.verdict == "balanced"
    assert detail(result, "pairs").endswith("; 1 labels joined predictions of versions whose classes nobody knows")


def test_pairs_that_stand_in_no_window_are_pending_and_too_many_are_broken() -> None:
    short = audit(replace(BALANCED, labelled=[label_window(T0, 2)]))
    assert short.verdict == "pending"
    assert detail(short, "performance windows") == (
        "m: 3 counted pairs are in no window yet (a window holds those of one baseline: where it changed, the others "
        "stay out)"
    )
    assert broken(replace(BALANCED, labelled=[label_window(T0, 6)])) == ["performance windows"]


def test_pairs_too_late_for_windows_are_accounted_for_by_their_service() -> None:
    late = ledger("predictions+labels", 10, 16, "performance-windows", counted={}, late={"m": 3}, events=3)
    result = audit(replace(BALANCED, ledger=[*BALANCED.ledger, late], labelled=[label_window(T0, 2)]))
    assert result.verdict == "balanced"
    assert detail(result, "performance windows") == "2 pairs in windows laid end to end, 3 too late"


def test_outcomes_that_retention_deleted_leave_their_checks_unmade() -> None:
    gone = outcomes(replace(BALANCED, paired={}, truncated=frozenset({"outcomes"})))
    assert gone["pairs"] == gone["performance windows"] == "not_checked"
    assert gone["labels"] == "balanced"


def test_outcomes_count_up_to_where_the_join_s_ledger_reaches_in_both_topics() -> None:
    first = {"predictions": {0: 0}, "labels": {0: 0}}
    reach = joint(reached(BALANCED.ledger), IDS, first)
    assert reach == {"P+L/0": 19}

    def outcome(end: int, n: int, by: str, segment: str = "") -> _Partial:
        source = {"topic_id": "P+L", "partition": 0, "end": end}
        slices = [{"segment": segment, "n": n}]
        return _Partial.model_validate({"source": source, "model": "m", "by": by, "slices": slices})

    found = count_partials(
        [
            outcome(10, 4, "prediction_time"),
            outcome(19, -1, "prediction_time"),
            outcome(20, 9, "prediction_time"),
            outcome(19, 3, "label_time"),
            outcome(19, 3, "label_time", "origin=JFK"),
        ],
        reach,
    )
    assert found == {"prediction_time": {"m": 3}, "label_time": {"m": 3}}


def test_every_example_of_outcomes_is_counted_or_a_mark() -> None:
    partials = [_Partial.model_validate_json(value) for value in examples("outcomes")]
    counted = count_partials(partials, {partial.source.key: partial.source.end for partial in partials})
    assert counted["prediction_time"].total() > 0


def test_accounts_of_topics_that_are_gone_are_left_out_and_late_ones_replaced() -> None:
    late = ledger("predictions+labels", 10, 16, "performance-windows", counted={}, late={"m": 3}, events=3)
    old = late.model_copy(update={"source": late.source.model_copy(update={"topic_id": "O+L"})})
    records = [*BALANCED.ledger, old, late, late]
    entries = [Entry("k", record, "ledger", 0, number, 0) for number, record in enumerate(records)]
    assert accounts_of(entries, IDS) == [*BALANCED.ledger, late]


def test_dead_letters_beyond_the_ledger_s_reach_are_not_expected_in_it() -> None:
    reach = reached(BALANCED.ledger)

    def letter(service: str, topic: str, offset: int) -> _DeadLetter:
        return _DeadLetter(service=service, reason="SCHEMA", topic=topic, partition=0, offset=offset)

    assert within(letter("performance-join", "labels", 8), IDS, reach)
    assert not within(letter("performance-join", "labels", 9), IDS, reach)
    assert not within(letter("drift-fold", "labels", 0), IDS, reach)
    assert not within(letter("triggers", "windows", 0), IDS, reach)


def test_the_table_has_a_column_for_each_service_and_topic() -> None:
    out = StringIO()
    Console(file=out, width=160).print(audit_table(audit(BALANCED)))
    text = out.getvalue()
    header = text.splitlines()[0]
    assert header.split("  ")[-1] == "labels by performance-join"
    assert "predictions by drift-fold" in header
    rows = {line.split("  ")[0]: line.split()[-3:] for line in text.splitlines()}
    assert rows["waiting for their prediction"] == ["0", "0", "1"]
    assert rows["dead-lettered (CONFLICT 1, ORPHAN 1, SCHEMA 1)"] == ["1", "1", "1"]
    assert "Every event is accounted for exactly once." in text

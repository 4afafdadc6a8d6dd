from hypothesis import given
from hypothesis import strategies as st

from runtime.faust.account import Account, Turn


def test_records_in_order_are_next_and_then_done() -> None:
    account = Account()
    for offset in (3, 4, 7):  # 5 and 6 are markers
        account.take(0, offset)
    for offset in (3, 4, 7):
        assert account.turn(0, offset) is Turn.NEXT
        account.finish(0, offset)
        assert account.turn(0, offset) is Turn.DONE
    assert account.finished == {0: 8}


def test_a_record_that_did_not_come_makes_the_next_one_early_in_its_partition_only() -> None:
    account = Account()
    for partition in (0, 1):
        account.take(partition, 3)
        account.take(partition, 4)
    account.finish(1, 3)
    assert account.turn(0, 4) is Turn.EARLY
    assert account.turn(1, 4) is Turn.NEXT


def test_after_reading_went_back_what_comes_again_is_expected_once() -> None:
    account = Account()
    for offset in (3, 4, 5, 3, 4, 5):  # 3 to 5 were dropped by Faust, sought back and taken again
        account.take(0, offset)
    assert [account.turn(0, offset) for offset in (3, 4)] == [Turn.NEXT, Turn.EARLY]


def test_partitions_that_come_back_start_anew() -> None:
    account = Account()
    account.take(0, 3)
    account.forget()
    account.take(0, 9)
    assert account.turn(0, 9) is Turn.NEXT
    assert account.finished == {}


@given(st.lists(st.tuples(st.sampled_from(["deliver", "seek"]), st.integers(1, 5)), max_size=30))
def test_whatever_is_read_again_every_record_is_finished_once_and_in_order(steps: list[tuple[str, int]]) -> None:
    account, finished, position = Account(), [], 0
    for kind, amount in steps:
        if kind == "seek":
            position = account.finished.get(0, 0)
            continue
        batch = range(position, position + amount)
        for offset in batch:
            account.take(0, offset)
        for offset in batch:
            if account.turn(0, offset) is Turn.NEXT:
                account.finish(0, offset)
                finished.append(offset)
        position += amount
    assert finished == list(range(len(finished)))

"""The compiled parser against the strict path: the same verdict on every payload, and bit-identical columns."""

from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.decode.decoder import Decoder
from tests.properties.decode.payloads import KEYS, damaged, payloads
from tests.unit.decode.comparing import by_event
from tests.unit.decode.events import NOW_MS, encoded, event, message, shape_of

_GOOD = encoded(event())
_RECORDS = st.lists(st.tuples(st.one_of(payloads(), payloads(), damaged()), KEYS), min_size=1, max_size=12)


@given(st.lists(_RECORDS, min_size=1, max_size=3))
@settings(max_examples=150, deadline=None)
def test_both_paths_say_the_same_of_every_record(batches: list[list[tuple[bytes, bytes | None]]]) -> None:
    """Over several batches, so that what was learned in one is used in the next."""
    compiled, strict = Decoder(shape_of), Decoder(shape_of, compiled=False)
    for records in batches:
        batch = [message(_GOOD), *(message(value, key=key) for value, key in records)]
        left, right = compiled.decode(batch, NOW_MS), strict.decode(batch, NOW_MS)
        assert by_event(left) == by_event(right)
        assert (left.repeated, left.unknown_fields, left.events) == (right.repeated, right.unknown_fields, right.events)
        assert left.strictly <= right.strictly == len(batch)


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_no_bytes_whatever_harm_their_neighbours(value: bytes) -> None:
    decoder = Decoder(shape_of)
    for _ in range(2):
        decoded = decoder.decode([message(_GOOD), message(value), message(_GOOD)], NOW_MS)
        assert [dead.index for dead in decoded.dead] == [1]
        assert [group.index.tolist() for group in decoded.groups] == [[0, 2]]

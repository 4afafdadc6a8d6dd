import pytest

from runtime.decode.decoder import Decoder
from tests.unit.decode.bad_predictions import BAD, GOOD, Bad
from tests.unit.decode.comparing import by_event
from tests.unit.decode.events import NOW_MS, message, shape_of


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_a_bad_payload_is_refused_for_its_reason_and_its_neighbours_count(bad: Bad) -> None:
    decoder = Decoder(shape_of)
    batch = [message(GOOD), message(bad.value, key=bad.key), message(GOOD)]
    for _ in range(2):  # the second time the compiled parser knows the shape
        decoded = decoder.decode(batch, NOW_MS)
        assert [(dead.index, dead.reason) for dead in decoded.dead] == [(1, bad.reason)]
        assert decoded.dead[0].detail
        (group,) = decoded.groups
        assert group.index.tolist() == [0, 2]
    assert decoded.strictly <= 1


def test_all_bad_payloads_in_one_batch_get_the_same_verdicts_on_either_path() -> None:
    batch = [message(GOOD), *(message(bad.value, key=bad.key) for bad in BAD)]
    compiled, strict = Decoder(shape_of), Decoder(shape_of, compiled=False)
    assert by_event(compiled.decode(batch, NOW_MS)) == by_event(strict.decode(batch, NOW_MS))


def test_the_table_has_every_reason_that_decoding_can_give() -> None:
    assert {bad.reason for bad in BAD} == {"MALFORMED", "SCHEMA", "VALUE", "TIME", "FUTURE", "KEY"}
    assert len({bad.name for bad in BAD}) == len(BAD) >= 100

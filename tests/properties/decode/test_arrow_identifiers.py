"""The compiled scan of a column of texts: sure of an identifier only where the contract is."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from runtime.decode.arrow_columns import identifiers
from runtime.decode.batch import hash_ids
from schemas.base import Identifier

_identifier = TypeAdapter(Identifier).validator
_ASCII = "".join(map(chr, range(0x20, 0x7F)))
_TEXTS = st.text(max_size=40) | st.text(_ASCII, max_size=300) | st.sampled_from(["a" * 256, "a" * 257, "é" * 128])


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
@given(st.lists(st.none() | _TEXTS, min_size=1, max_size=20), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_plain_texts_are_found_and_hashed_as_ids_in_json_are(
    kind: pa.DataType, texts: list[str | None], cut: int
) -> None:
    column = pa.array(texts, kind)[cut:]
    hashes, plain = identifiers(column)
    kept = texts[cut:]
    assert plain.tolist() == [bool(text) and len(text) <= 256 and set(text) <= set(_ASCII) for text in kept]
    assert all(_identifier.isinstance_python(text) for text, sure in zip(kept, plain, strict=True) if sure)
    given_texts = [text for text in kept if text is not None]
    present = np.array([text is not None for text in kept], np.bool_)
    assert np.array_equal(hashes[present], hash_ids(given_texts))


@pytest.mark.parametrize("size", [*range(1, 18), 255, 256])
def test_one_odd_byte_is_noticed_wherever_it_stands(size: int) -> None:
    odd = [chr(c) for c in (*range(0x20), 0x7F)]
    texts = ["~" * at + c + " " * (size - at - 1) for at in {0, size // 2, size - 1} for c in odd]
    assert not identifiers(pa.array(texts))[1].any()
    assert identifiers(pa.array(["~" * size, " " * size]))[1].all()

"""JSON as the contract reads it: stricter than the standard library where that is lenient."""

import json
from typing import Any, Never

MAX_EVENT_BYTES = 1_048_576
MAX_DEPTH = 32
_MAX_DIGITS = 20


class MalformedError(ValueError):
    """The bytes are no JSON object; the message says why, for a person."""


def _constant(token: str) -> Never:
    raise MalformedError(f"{token} is no JSON; write null for a missing value")


def _integer(token: str) -> int:
    if len(token) > _MAX_DIGITS and len(token.lstrip("-")) > _MAX_DIGITS:
        raise MalformedError(f"an integer has more than {_MAX_DIGITS} digits")
    return int(token)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise MalformedError(f"the key {twice[:64]!r} is given twice")
    return result


_decode = json.JSONDecoder(parse_int=_integer, parse_constant=_constant).decode
_decode_with_care = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_constant=_constant).decode


def _count_keys(value: Any) -> int:
    if isinstance(value, dict):
        nested = [child for child in value.values() if isinstance(child, dict | list)]
        return len(value) + sum(map(_count_keys, nested))
    return sum(map(_count_keys, value)) if isinstance(value, list) else 0


def _decoded(value: bytes) -> Any:
    """As `_decode_with_care`, which is twice as slow, only where a key may have been given twice.

    None was if as many keys came out as the bytes have colons: one a key, and those within texts.
    """
    text = value.decode()
    result = _decode(text)
    return result if value.count(b":") == _count_keys(result) else _decode_with_care(text)


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level := [item for item in level if isinstance(item, dict | list)]:
        depth += 1
        level = [child for item in level for child in (item.values() if isinstance(item, dict) else item)]
    return depth


def parse(value: bytes) -> dict[str, Any]:
    """The object that a record's value holds.

    Raises MalformedError for anything but one JSON object in UTF-8: duplicate keys, lone surrogates, NaN and Infinity,
    integers of more than 20 digits, more than 32 levels, more than 1 MiB.
    """
    if not value:
        raise MalformedError("the record has no value")
    if len(value) > MAX_EVENT_BYTES:
        raise MalformedError(f"{len(value)} bytes are more than the {MAX_EVENT_BYTES} that one event may have")
    try:
        result = _decoded(value)
    except UnicodeDecodeError as error:
        raise MalformedError(f"not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise MalformedError(f"not JSON: {error.msg} at character {error.pos}") from error
    except RecursionError as error:
        raise MalformedError(f"more than {MAX_DEPTH} levels deep") from error
    if not isinstance(result, dict):
        raise MalformedError("the root is no object")
    if value.count(b"{") + value.count(b"[") > MAX_DEPTH and _depth(result) > MAX_DEPTH:
        raise MalformedError(f"more than {MAX_DEPTH} levels deep")
    if b"\\u" in value:
        try:
            json.dumps(result, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise MalformedError("a lone surrogate is no text") from error
    return result

"""A decoded batch as plain values by event, so that two can be compared bit by bit."""

from typing import Any

from runtime.decode.decoded import Decoded, Discovered, Group


def by_event(decoded: Decoded) -> dict[tuple[int, int], dict[str, Any]]:
    """What is said of each event, by (record, row); floats as their bits."""
    said: dict[tuple[int, int], dict[str, Any]] = {}
    for dead in decoded.dead:
        place = (dead.index, -1 if dead.row is None else dead.row)
        assert place not in said
        said[place] = {"dead": dead}
    for group in decoded.groups:
        for i in range(len(group)):
            place = (int(group.index[i]), int(group.row[i]))
            assert place not in said
            said[place] = _event(group, i)
    return said


def _event(group: Group, i: int) -> dict[str, Any]:
    return {
        "model": (group.model, group.version),
        "time_ms": int(group.time_ms[i]),
        "latency_ms": group.latency_ms[i].tobytes(),
        "score": group.score[i].tobytes(),
        "status": int(group.status[i]),
        "id": int(group.id_hash[i]),
        "values": group.values[:, i].tobytes(),
        "codes": group.codes[:, i].tolist(),
        "segments": {name: names[codes[i]] for name, (codes, names) in group.segments.items() if codes[i]},
        "discovered": {(column.role, column.name): _cell(column, i) for column in group.discovered},
    }


def _cell(column: Discovered, i: int) -> Any:
    if column.values is not None:
        return column.values[i].tobytes()
    assert column.codes is not None
    return None if column.codes[i] < 0 else column.names[column.codes[i]]

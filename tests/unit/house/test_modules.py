"""Modules are small and named after what is in them."""

import statistics

import pytest

from tests.unit.house.tree import ROOT, files, modules

NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base_utils"}
LONG: dict[str, str] = {
    # module: why it is worth more than 300 lines
}


def length(path: object) -> int:
    return len((ROOT / str(path)).read_text().splitlines())


PYTHON = [str(path.relative_to(ROOT)) for path in files() if path.suffix == ".py"]


@pytest.mark.parametrize("path", PYTHON)
def test_a_module_has_at_most_300_lines_or_a_reason_and_never_500(path: str) -> None:
    assert length(path) <= (500 if path in LONG else 300)


def test_reasons_for_length_are_not_kept_longer_than_needed() -> None:
    assert [path for path in LONG if length(path) <= 300] == []


def test_the_median_module_has_at_most_120_lines() -> None:
    lengths = [length(path) for path in modules() if path.name != "__init__.py"]
    assert statistics.median(lengths) <= 120


@pytest.mark.parametrize("path", PYTHON)
def test_a_module_and_its_folders_have_telling_names(path: str) -> None:
    assert not NAMELESS & {part.removesuffix(".py") for part in path.split("/")}

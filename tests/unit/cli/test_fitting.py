"""Tables on terminals of every width: what does not fit side by side is told otherwise, and no word is cut."""

import pytest
from rich.console import Console

from driftline.output import sections, table

WORDS = "Accuracy is 0.67 where 0.74 was to be expected, over the week to February 15, with 5,118 labels"
COLUMNS = ("run", "opened (UTC)", ">labels", "why")
ROW = ("beb2de77", "2013-02-15 16:08", "5,118", WORDS)


def printed(width: int, *rows: tuple[str, ...], title: str | None = None) -> list[str]:
    console = Console(width=width, highlight=False)
    with console.capture() as captured:
        console.print(table(title, COLUMNS, rows))
    return [line.rstrip() for line in captured.get().splitlines()]


def test_what_fits_is_one_line_a_row() -> None:
    assert printed(160, ROW) == [
        "run       opened (UTC)      labels  why",
        f"beb2de77  2013-02-15 16:08   5,118  {WORDS}",
    ]


def test_only_the_widest_column_wraps_while_sentences_have_room() -> None:
    lines = printed(90, ROW)
    assert lines[1].startswith("beb2de77  2013-02-15 16:08   5,118  Accuracy is")
    assert [line[:36].strip() for line in lines[2:]] == [""] * (len(lines) - 2)


@pytest.mark.parametrize("width", [40, 60])
def test_on_a_narrow_terminal_a_row_is_a_list_of_its_fields(width: int) -> None:
    lines = printed(width, ROW, ROW, title="Runs")
    assert lines[:4] == ["Runs", "run           beb2de77", "opened (UTC)  2013-02-15 16:08", "labels        5,118"]
    assert max(map(len, lines)) <= width
    assert " ".join(" ".join(lines[4 : lines.index("")]).split()) == f"why {WORDS}"
    assert lines.count("") == 1, "an empty line between rows"


def test_many_rows_stay_a_table() -> None:
    assert printed(60, *[ROW] * 13)[0].split() == ["run", "opened", "(UTC)", "labels", "why"]


def test_columns_without_names_have_no_header() -> None:
    console = Console(width=80, highlight=False)
    with console.capture() as captured:
        console.print(table("A title that is longer than its rows", ("", ""), [("a", "1")]))
    assert [line.rstrip() for line in captured.get().splitlines()] == ["A title that is longer than its rows", "a  1"]


def test_sections_have_an_empty_line_between_them() -> None:
    console = Console(width=80, highlight=False)
    with console.capture() as captured:
        console.print(sections(["one", table(None, ("", ""), [("a", "1")]), "two"]))
    assert [line.rstrip() for line in captured.get().splitlines()] == ["one", "", "a  1", "", "two"]

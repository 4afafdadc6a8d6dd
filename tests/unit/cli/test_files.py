"""Data files as people have them: what pandas leaves in them, empty cells, late surprises, streams."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import ipc, parquet

from driftline import datasets
from driftline.errors import CommandError


def csv(folder: Path, text: str) -> datasets.Dataset:
    path = folder / "rows.csv"
    path.write_text(text, encoding="utf-8")
    return datasets.read(path)


def test_empty_cells_and_na_are_missing_in_text_too(tmp_path: Path) -> None:
    assert csv(tmp_path, "a,b\nx,1\n,\nNA,NA\n").texts("a") == ["x", None, None]


def test_quoted_text_may_hold_commas_quotes_and_new_lines(tmp_path: Path) -> None:
    read = csv(tmp_path, 'a,b\n"x,y",1\n"say ""hi""",2\n"two\nlines",3\n')
    assert read.texts("a") == ["x,y", 'say "hi"', "two\nlines"]


def test_booleans_of_csv_are_read_in_both_spellings(tmp_path: Path) -> None:
    assert csv(tmp_path, "a,b\nTrue,true\nFalse,false\n,\n").booleans("a") == [True, False, None]


def test_a_type_is_told_from_all_rows_not_the_first_megabyte(tmp_path: Path) -> None:
    rows = 300_000
    read = csv(tmp_path, "number,text\n" + "1,\n" * rows + "0.5,late\n")
    assert read.numbers("number")[-1] == 0.5
    assert read.texts("text")[-2:] == [None, "late"]


def test_row_labels_of_pandas_are_no_columns(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0]}).iloc[[2, 0, 1]]
    frame.to_csv(tmp_path / "rows.csv")
    frame.to_parquet(tmp_path / "rows.parquet")
    for name in ("rows.csv", "rows.parquet"):
        assert datasets.read(tmp_path / name).names == ["a"]


def test_a_folder_named_like_a_partition_adds_no_column(tmp_path: Path) -> None:
    folder = tmp_path / "day=1"
    folder.mkdir()
    parquet.write_table(pa.table({"a": [1]}), folder / "rows.parquet")
    assert datasets.read(folder / "rows.parquet").names == ["a"]


def test_arrow_streams_are_read_like_arrow_files(tmp_path: Path) -> None:
    table = pa.table({"a": [1, 2]})
    with ipc.new_stream(tmp_path / "rows.arrow", table.schema) as stream:
        stream.write_table(table)
    assert datasets.read(tmp_path / "rows.arrow").rows == 2


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_columns_of_one_name_are_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"rows{suffix}"
    if suffix == ".csv":
        path.write_text("x,x\n1,2\n")
    else:
        parquet.write_table(pa.table([[1], [2]], names=["x", "x"]), path)
    with pytest.raises(CommandError, match="several columns named 'x'"):
        datasets.read(path)

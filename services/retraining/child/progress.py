"""What a job says while it works: a line of JSON each time, for whoever polls."""

import json
from pathlib import Path
from typing import IO

_LONGEST = 500


class Progress:
    """Appends to a file; each line is there as soon as it is said."""

    def __init__(self, path: Path) -> None:
        self._file: IO[str] = path.open("a", encoding="utf-8", buffering=1)
        self.lines: list[str] = []

    def say(self, line: str, fraction: float | None = None) -> None:
        """`fraction` is how much is done, 0 to 1."""
        text = " ".join(str(line).split())[:_LONGEST]
        self.lines.append(text)
        self._file.write(json.dumps({"says": text, "fraction": fraction}) + "\n")

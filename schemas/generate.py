"""Writes what is made from the contracts: JSON Schemas, the AsyncAPI document and docs/topics.md.

python -m schemas.generate [--check]     --check writes nothing and fails with a diff when a file is stale
"""

import argparse
import difflib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas.asyncapi import asyncapi
from schemas.json_schema import RECORDS, json_schema, record_name
from schemas.topic_page import topic_page

ROOT = Path(__file__).resolve().parent.parent
GENERATED = Path("schemas/generated")


def files() -> dict[Path, str]:
    """Every generated file's text by its path in the repository; the same contracts give the same bytes."""
    documents = {f"{record_name(record)}.schema.json": json_schema(record) for record in RECORDS}
    documents["asyncapi.json"] = asyncapi()
    return {GENERATED / name: _json(document) for name, document in documents.items()} | {
        Path("docs/topics.md"): topic_page()
    }


def stale(root: Path, wanted: Mapping[Path, str]) -> dict[Path, str]:
    """Unified diffs from what stands below `root` to what is wanted; one nobody makes any more is stale."""
    present = {path.relative_to(root) for path in (root / GENERATED).glob("*.json")}
    diffs = {path: _diff(root, path, wanted.get(path, "")) for path in sorted(present | set(wanted))}
    return {path: diff for path, diff in diffs.items() if diff}


def write(root: Path, wanted: Mapping[Path, str]) -> list[Path]:
    """Brings the files below `root` up to date; returns those that changed."""
    changed = list(stale(root, wanted))
    for path in changed:
        target = root / path
        if path in wanted:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(wanted[path], encoding="utf-8")
        else:
            target.unlink()
    return changed


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """The command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m schemas.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is stale")
    if not parser.parse_args(arguments).check:
        sys.stdout.writelines(f"wrote {path}\n" for path in write(root, files()))
        return 0
    diffs = stale(root, files())
    sys.stdout.writelines(diffs.values())
    if diffs:
        sys.stderr.write("Stale: run `python -m schemas.generate` and commit what it writes.\n")
    return 1 if diffs else 0


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _diff(root: Path, path: Path, wanted: str) -> str:
    target = root / path
    present = target.read_text(encoding="utf-8") if target.exists() else ""
    lines = difflib.unified_diff(
        present.splitlines(keepends=True), wanted.splitlines(keepends=True), f"a/{path}", f"b/{path}"
    )
    return "".join(lines)


if __name__ == "__main__":
    sys.exit(main())

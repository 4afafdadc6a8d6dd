"""The tables the compiled parser runs on: shapes made into symbols, and names learned on the way."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from runtime.decode.rows import (
    BOOLEAN,
    CODED,
    DIMENSIONS,
    FIELDS,
    IGNORED,
    KEYS,
    MODELS,
    NUMERIC,
    SCHEMAS,
    UNKNOWN_FIELD,
    VARIANTS,
    Layouts,
)  # fmt: skip
from runtime.decode.shape import Coded, Shape
from runtime.decode.symbols import Symbols

SCHEMA = "driftline.prediction/1"
VARIANT_TEXTS = ("", "canary", "shadow")
"""Ids 0, 1 and 2 of the batch's texts."""
_LEARNED = 256
"""Names of each sort that are learned for a shape; events with further ones always take the strict path."""


class Program:
    """Shapes by number, in the form the compiled parser reads."""

    def __init__(self) -> None:
        self.symbols = Symbols()
        for _ in (KEYS, SCHEMAS, VARIANTS, MODELS):
            self.symbols.new_space()
        for field, name in enumerate(FIELDS):
            self.symbols.add(KEYS, name, kind=field)
        self.symbols.add(SCHEMAS, SCHEMA)
        for text, code in (("stable", 0), ("canary", 1), ("shadow", 2)):
            self.symbols.add(VARIANTS, text, target=code)
        self.shapes: list[Shape] = []
        self.numbers: dict[tuple[str, str], int] = {}
        """Shape by (model, version)."""
        self.names: list[tuple[str, str]] = []
        self.dimensions: list[dict[str, int]] = []
        """By shape: rows of `Rows.segments`."""
        self.stamp = 0
        """Of the last event parsed; marks what was seen in an event."""
        self._known: dict[int, set[str]] = {}
        """By space: names that need no learning."""
        self._learned: Counter[int] = Counter()
        self.layouts = Layouts(*(np.zeros(0, np.int32) for _ in Layouts._fields))
        self.value_rows = self.code_rows = 0

    def add(self, model: str, version: str, shape: Shape) -> int:
        """Adds a shape with columns; its number."""
        symbols = self.symbols
        number = len(self.shapes)
        model_symbol = symbols.get(MODELS, model)
        if model_symbol < 0:
            model_symbol = symbols.add(MODELS, model, texts=symbols.new_space())
        symbols.add(int(symbols.table.texts[model_symbol]), version, target=number)
        features, segments, classes = symbols.new_space(), symbols.new_space(), symbols.new_space()
        first = len(symbols)
        for row, name in enumerate(shape.numeric):
            symbols.add(features, name, kind=NUMERIC, target=row)
        for row, column in enumerate(shape.coded):
            symbols.add(
                features,
                column.name,
                kind=BOOLEAN if column.boolean else CODED,
                target=row,
                texts=symbols.new_space(),
                unlisted=column.unlisted,
                missing=column.missing,
            )
        listed = len(symbols) - first
        for column, symbol in zip(shape.coded, range(first + len(shape.numeric), first + listed), strict=True):
            self._add_codes(int(symbols.table.texts[symbol]), column)
        for name in shape.classes or ():
            symbols.add(classes, name)
        prediction = (0, 0, -1, 0)
        if shape.prediction == "numeric":
            prediction = (NUMERIC, len(shape.numeric), -1, 0)
        elif isinstance(shape.prediction, Coded):
            prediction = (CODED, len(shape.coded), symbols.new_space(), shape.prediction.unlisted)
            self._add_codes(prediction[2], shape.prediction)
        score_row = shape.value_rows - 1 if shape.score else -1
        closed = int(shape.classes is not None)
        row_ = (features, segments, classes, closed, *prediction, score_row, first, listed)
        self.layouts = Layouts(
            *(np.append(column, np.int32(value)) for column, value in zip(self.layouts, row_, strict=True))
        )
        self.shapes.append(shape)
        self.names.append((model, version))
        self.numbers[model, version] = number
        self.dimensions.append({"variant": 0})
        for name in shape.segments or ():
            self.dimension(number, name)
        self.value_rows = max(self.value_rows, shape.value_rows)
        self.code_rows = max(self.code_rows, shape.code_rows)
        return number

    def _add_codes(self, space: int, column: Coded) -> None:
        for text, code in column.codes.items():
            self.symbols.add(space, text, target=code)

    def dimension(self, number: int, name: str) -> int:
        """The row of a segment dimension of a shape, which it is given if there is room; -1: not kept."""
        shape, rows = self.shapes[number], self.dimensions[number]
        kept = shape.segments is None or name in shape.segments
        if name not in rows and kept and len(rows) < DIMENSIONS:
            rows[name] = len(rows)
        row = rows.get(name, -1) if kept and name != "variant" else -1
        self._learn(int(self.layouts.segments[number]), {name: row}, IGNORED if row < 0 else CODED, max(row, 0))
        return row

    def learn(self, number: int, event: Mapping[str, Any]) -> None:
        """Makes the names in a valid event known, so that the parser reads, or passes over, what they name.

        Features that the baseline lacks, classes, and fields that the contract lacks, of which the parser passes over
        plain values only. A CloudEvent is another thing than an event with a further field.
        """
        self._learn(int(self.layouts.features[number]), event["features"], IGNORED)
        self._learn(int(self.layouts.classes[number]), event.get("probabilities") or {}, 0)
        self._learn(KEYS, event, UNKNOWN_FIELD)

    def _learn(self, space: int, names: Mapping[str, Any], kind: int, target: int = 0) -> None:
        known = self._known.setdefault(space, {"specversion"} if space == KEYS else set())
        for name in names.keys() - known:
            if self.symbols.get(space, name) >= 0:
                known.add(name)
            elif self._learned[space] < _LEARNED:
                self._learned[space] += 1
                known.add(name)
                self.symbols.add(space, name, kind=kind, target=target)

"""The join of a batch: predictions and labels in; outcomes, moved records, dead letters, marks and ledger out."""

from collections.abc import Callable, Iterator, Sequence

from runtime.chunks import chunks
from runtime.decode.verdict import Refusal
from runtime.log.protocol import Batch, OutRecord
from schemas.base import SourceRange
from schemas.dead_letter import DeadLetter
from schemas.outcome import Outcome
from services.performance.join import accounts
from services.performance.join.folding import folded, uncountable
from services.performance.join.halves import Half, halves, joint, marks
from services.performance.join.join import Planned
from services.performance.join.judging import read_labels
from services.performance.join.letters import of_record, written
from services.performance.join.moving import LOST, moved
from services.performance.join.plans import Plans
from services.performance.join.records import LabelRecord, Part, PredictionRecord, unpacked_origin
from services.performance.join.stores import Stores

_NO_CELL = Refusal("VALUE", "label: a regression is judged by numbers, and this label, or its prediction, is a text")


class JoinHandler:
    """Joins batches. What it keeps is in the stores, which take a batch once it is committed."""

    def __init__(
        self, plans: Plans, stores: Stores, outcome_partitions: int, note: Callable[[Planned], None] = lambda _: None
    ) -> None:
        """`note` is told what each partition of a batch brings, should the batch be committed."""
        self._plans = plans
        self._stores = stores
        self._outcome_partitions = outcome_partitions
        self._note = note

    def join(self, batch: Batch, wall_ms: int) -> list[OutRecord]:
        """Everything to write for one batch of both topics. Then `settle` says whether it was committed."""
        self._plans.refresh()
        self._stores.begin()
        out: list[OutRecord] = []
        for predictions, labels in halves(batch):
            out += self._joined(predictions, labels, wall_ms)
            out += marks(predictions, labels, wall_ms, self._outcome_partitions)
        return out

    def settle(self, outcome: str) -> None:
        """Tells the stores how a turn of the loop ended; `outcome` is hot_loop.Step's."""
        if outcome == "committed":
            self._stores.committed()
        elif outcome == "reassigned":
            self._stores.close()

    def _joined(self, predictions: Half, labels: Half, wall_ms: int) -> Iterator[OutRecord]:
        read = self._stores.reader.read(predictions.messages, wall_ms)
        told = read_labels(labels.messages, labels.source, wall_ms)
        made_part, told_part = Part(predictions.source, read.records), Part(labels.source, told.records)
        planned = self._stores.plan(made_part, told_part, wall_ms, labels_at_end=labels.at_end)
        self._note(planned)
        change = self._stores.change((predictions.source, labels.source), wall_ms)
        moved_predictions = moved(planned.misplaced_predictions, predictions.messages, predictions.source)
        moved_labels = moved(planned.misplaced_labels, labels.messages, labels.source)
        no_cell = uncountable(planned.pairs, self._plans)
        dead = [
            *told.dead,
            *planned.dead,
            *(_lost(one, predictions.source, unpacked_origin(one.origin).model) for one in moved_predictions.lost),
            *(_lost(one, labels.source, None) for one in moved_labels.lost),
            *_without_cell(planned, no_cell, labels.source),
        ]
        if change is not None:
            yield change
        yield from moved_predictions.out
        yield from moved_labels.out
        yield from map(written, dead)
        yield from self._outcomes(planned, joint(predictions, labels), wall_ms)
        if predictions.moved:
            yield accounts.of_predictions(predictions, wall_ms, read, planned, dead=dead, moved=moved_predictions.moved)
        if labels.moved or planned.counters["waiting"]:  # labels that waited are judged by what predictions bring
            yield accounts.of_labels(
                labels,
                wall_ms,
                planned,
                uncountable=no_cell,
                dead=dead,
                moved=moved_labels.moved,
                high_ms=max((record.time_ms for record in told.records), default=None),
            )

    def _outcomes(self, planned: Planned, source: SourceRange, wall_ms: int) -> Iterator[OutRecord]:
        for (model, by), part in sorted(folded(planned.made, planned.pairs, self._plans).items()):
            for chunk, portion in enumerate(chunks(part.slices)):
                outcome = Outcome(
                    model=model,
                    by=by,
                    source=source,
                    chunk=chunk,
                    wall_ms=wall_ms,
                    high_ms=part.high_ms,
                    pane_ms=self._plans.rules(model).pane,
                    slices=tuple(portion),
                )
                yield OutRecord("outcomes", model.encode(), outcome.to_json())


def _lost(record: PredictionRecord | LabelRecord, source: SourceRange, model: str | None) -> DeadLetter:
    return of_record(LOST, source, record, model)


def _without_cell(planned: Planned, places: Sequence[int], source: SourceRange) -> Iterator[DeadLetter]:
    """Letters of the labels that were told, but that nothing counts."""
    pairs = planned.pairs
    for place in places:
        if pairs.sign[place] > 0:
            yield of_record(_NO_CELL, source, planned.told[place], pairs.origins[pairs.origin[place]].model)

"""Which layout rows were counted by, and what they are compared with."""

from collections.abc import Iterable
from dataclasses import dataclass

from runtime.cells import Cells
from runtime.clock import Clock
from runtime.watched import WAIT_S, Watched
from runtime.windows.book import Book
from runtime.windows.keys import WindowKey
from services.performance.layouts import Bases, Basis
from services.performance.windows.references import Reference, reference
from stats.performance.layout import OutcomeLayout


@dataclass(frozen=True, slots=True, eq=False)
class Folded:
    """What a window is the sum of."""

    digest: str
    """Of the rows that count: those of the basis in force, else the most labelled."""
    labelled: int
    layout: OutcomeLayout | None
    """None where the baseline of the digest is not known any more."""
    cells: Cells
    """Sum of the rows of that digest."""
    last_ms: int | None


class Known:
    """Layouts and references of everything applied since this process began."""

    def __init__(self, watched: Watched, clock: Clock) -> None:
        self._watched = watched
        self._clock = clock
        self._bases = Bases(watched)
        self._layouts: dict[str, OutcomeLayout] = {}
        self._references: dict[tuple[str, str], tuple[Basis, Reference | None]] = {}
        self._unknown: set[str] = set()

    def basis(self, model: str, version: str) -> Basis:
        """What a version is judged by now."""
        self._bases.refresh()
        basis = self._bases.basis(model, version)
        if basis.layout is not None:
            self._layouts.setdefault(basis.layout.digest, basis.layout)
        return basis

    def reference(self, model: str, version: str, digest: str) -> Reference | None:
        """The labelled rows of a version's baseline; None without any, or where `digest` counts otherwise."""
        basis = self.basis(model, version)
        known, found = self._references.get((model, version), (None, None))
        if known is not basis:
            cells = basis.reference
            found = reference(basis.layout, cells) if basis.layout is not None and cells is not None else None
            self._references[model, version] = (basis, found)
        return found if found is not None and found.layout.digest == digest else None

    def folded(self, book: Book, window: WindowKey) -> Folded:
        """A window's rows as they are now. Every window has at least one."""
        rows = [(key.digest, row) for key in book.steps(window) if (row := book.sum(key)) is not None]
        digest = self._digest(book.model, window.version, [(digest, row.n) for digest, row in rows])
        mine = [row for of, row in rows if of == digest]
        return Folded(
            digest,
            sum(row.n for row in mine),
            self._layout(book.model, window.version, digest),
            sum((row.cells for row in mine[1:]), mine[0].cells),
            max((row.last_ms for row in mine if row.last_ms is not None), default=None),
        )

    def _digest(self, model: str, version: str, counted: Iterable[tuple[str, int]]) -> str:
        labelled: dict[str, int] = {}
        for digest, n in counted:
            labelled[digest] = labelled.get(digest, 0) + n
        layout = self.basis(model, version).layout
        if layout is not None and layout.digest in labelled:
            return layout.digest
        return max(labelled, key=lambda digest: (labelled[digest], digest))

    def _layout(self, model: str, version: str, digest: str) -> OutcomeLayout | None:
        """Waits a while for a baseline that the join may have read first."""
        deadline_s = self._clock.monotonic() + WAIT_S
        while digest not in self._layouts and digest not in self._unknown:
            self.basis(model, version)
            if digest in self._layouts:
                break
            if self._clock.monotonic() >= deadline_s:
                self._unknown.add(digest)
            self._clock.sleep(0.05)
        return self._layouts.get(digest)

"""Where one column's cells lie in the flat vector."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NumericSection:
    """bins | missing | non-finite | a sum a bin | sum of squares."""

    start: int
    width: int
    """How many bins there are."""

    @property
    def bins(self) -> slice:
        """Counts of finite values."""
        return slice(self.start, self.start + self.width)

    @property
    def missing(self) -> int:
        """Count of missing values."""
        return self.start + self.width

    @property
    def nonfinite(self) -> int:
        """Count of infinite values."""
        return self.start + self.width + 1

    @property
    def counts(self) -> slice:
        """All counts: bins, missing, non-finite. They add up to the number of events."""
        return slice(self.start, self.start + self.width + 2)

    @property
    def sums(self) -> slice:
        """Sum of z a bin, in units of 2^-20."""
        return slice(self.start + self.width + 2, self.start + 2 * self.width + 2)

    @property
    def squares(self) -> int:
        """Sum of z² over all finite values, in units of 2^-16."""
        return self.start + 2 * self.width + 2

    @property
    def stop(self) -> int:
        """One past the last cell."""
        return self.start + 2 * self.width + 3


@dataclass(frozen=True, slots=True)
class CodedSection:
    """categories | rest | unseen | missing; the cell of a code is start + code. Booleans leave two at 0."""

    start: int
    width: int
    """How many categories have a cell of their own."""

    @property
    def categories(self) -> slice:
        """Counts of the categories."""
        return slice(self.start, self.start + self.width)

    @property
    def rest(self) -> int:
        """Count of known values without a cell of their own."""
        return self.start + self.width

    @property
    def unseen(self) -> int:
        """Count of values the reference does not know."""
        return self.start + self.width + 1

    @property
    def missing(self) -> int:
        """Count of missing values."""
        return self.start + self.width + 2

    @property
    def counts(self) -> slice:
        """All counts. They add up to the number of events."""
        return slice(self.start, self.stop)

    @property
    def stop(self) -> int:
        """One past the last cell."""
        return self.start + self.width + 3


Section = NumericSection | CodedSection

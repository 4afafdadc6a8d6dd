"""Numbers as a person reads them: as many digits as a change needs, thousands apart, units named."""

_PLAIN = 1e-4, 1e15
"""Sizes that are written out; others as a power of ten."""


def pair(before: float, after: float) -> tuple[str, str]:
    """Both with the decimals that two digits of their difference need: 1,050 and 1,120; 9.8 and 12.2."""
    apart, size = abs(after - before), max(abs(before), abs(after)) or 1.0
    decimals = 1 - _power(apart) if apart else 2 - _power(size)
    if not _PLAIN[0] <= size < _PLAIN[1]:
        digits = min(max(_power(size) + decimals, 2), 16)
        return f"{before:.{digits}e}", f"{after:.{digits}e}"
    decimals = min(max(decimals, 0), 16)
    return _number(before, decimals), _number(after, decimals)


def _power(value: float) -> int:
    """The power of ten of its leading digit."""
    return int(f"{value:.1e}".partition("e")[2])


def _number(value: float, decimals: int) -> str:
    """With one digit at least, so that what is not 0 never reads as 0."""
    if value and round(value, decimals) == 0:
        return f"{value:.1g}"
    return f"{value:,.{decimals}f}"


def percent(share: float) -> str:
    """A share of 1 as per cent with about two digits: 0.1 %, 4 %, 31 %, 99.7 %."""
    value = 100 * share
    if 0 < value < 0.01:
        return "<0.01 %"
    if 99 < value < 100:
        return f"{min(value, 99.9):.1f} %"
    return f"{value:.0f} %" if value >= 9.95 else f"{value:.2g} %"


def percents(before: float, after: float) -> tuple[str, str]:
    """Both as per cent; they read alike only within a tenth of a per cent."""
    texts = percent(before), percent(after)
    return (f"{100 * before:.1f} %", f"{100 * after:.1f} %") if texts[0] == texts[1] and before != after else texts


def sigmas(value: float) -> str:
    """A distance in standard deviations, signed."""
    return f"{value:+.{1 if abs(value) >= 0.1 else 2}f} σ"

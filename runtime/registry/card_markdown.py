"""A model card as Markdown."""

from collections.abc import Iterator, Mapping
from typing import Any

from runtime.registry.card import Card, Section


def markdown(card: Card) -> str:
    """The card, a heading a section; ends in a line feed."""
    lines = [f"# Model card: {card.model} {card.version}"]
    for title, section in card.sections.items():
        lines += ["", f"## {title}", "", *_section(section)]
    return "\n".join(lines) + "\n"


def _section(section: Section) -> Iterator[str]:
    for name, fact in section.known.items():
        if name == "results":
            yield from _results(fact)
        else:
            yield f"- {name.capitalize()}: {_words(fact)}"
    if section.not_known:
        yield f"- Not known: {', '.join(section.not_known)}"


def _results(results: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Iterator[str]:
    yield from ("| rows | figure | value | 95 % interval | n | on |", "| --- | --- | --- | --- | --- | --- |")
    for rows, figures in results.items():
        for name, figure in figures.items():
            value = f"{figure['value']:.4g}" if "value" in figure else f"none: {figure['why_not']}"
            interval = (
                f"{figure['low']:.4g} to {figure['high']:.4g}" if {"low", "high"} <= figure.keys() else "not known"
            )
            cells = (rows, name, value, interval, f"{figure['n']:,}", figure["on"])
            yield f"| {' | '.join(_cell(cell) for cell in cells)} |"
    yield ""


def _words(fact: Any) -> str:
    if isinstance(fact, Mapping):
        return "; ".join(f"{name} {_words(part)}" for name, part in fact.items())
    if isinstance(fact, list | tuple):
        return ", ".join(_words(part) for part in fact)
    return " ".join(str(fact).split())


def _cell(text: str) -> str:
    return _words(text).replace("|", "\\|")

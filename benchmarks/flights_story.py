"""Draws docs/flights.svg, the incidents of the demo's year: `python benchmarks/flights_story.py DATA_DIR/kafka`.

DATA_DIR is that of a finished `driftline demo flights` (`.driftline/demo`).
"""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from driftline import reading
from runtime.broker import EmbeddedKafka
from schemas.alert import Alert

OUT = Path(__file__).parents[1] / "docs" / "flights.svg"
LEFT, TOP, ROW, WIDTH = 130, 34, 17, 800
COLOURS = {"message": "#d9a441", "page": "#c4513f"}
STYLE = """text{font:12px system-ui,sans-serif;fill:#444}line{stroke:#ddd}
@media(prefers-color-scheme:dark){text{fill:#ccc}line{stroke:#444}}"""


def name_of(alert: Alert) -> str:
    """The row an incident is drawn in."""
    if alert.finding is not None:
        return alert.finding.column.partition("/")[2]
    if alert.concept is not None:
        return f"concept: {alert.concept.what.replace('_', ' ')}"
    return f"{alert.feature or ''} {alert.rule}".strip()


def instant(year: int, month: int) -> float:
    """The first of a month in milliseconds."""
    return datetime(year, month, 1, tzinfo=UTC).timestamp() * 1_000


START_MS, END_MS = instant(2013, 1), instant(2014, 1)


def place(time_ms: float) -> float:
    """Where a time lies from left to right."""
    share = (min(max(time_ms, START_MS), END_MS) - START_MS) / (END_MS - START_MS)
    return round(LEFT + share * WIDTH, 1)


def picture(alerts: Sequence[Alert]) -> str:
    """One row a column, one bar an incident from its onset to its end."""
    first: dict[str, int] = {}
    for alert in alerts:
        first[name_of(alert)] = min(alert.first_seen_ms, first.get(name_of(alert), alert.first_seen_ms))
    rows = {name: i for i, name in enumerate(sorted(first, key=lambda name: first[name]))}
    height = TOP + ROW * len(rows) + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 20} {height}" role="img">',
        "<title>Incidents of the flights of 2013, by column and time</title>",
        f"<style>{STYLE}</style>",
    ]
    for month in range(1, 13):
        x = place(instant(2013, month))
        label = datetime(2013, month, 1, tzinfo=UTC).strftime("%b")
        parts += [
            f'<line x1="{x}" y1="{TOP - 8}" x2="{x}" y2="{height - 6}"/>',
            f'<text x="{x + 4}" y="{TOP - 12}">{label}</text>',
        ]
    parts += [
        f'<text x="{LEFT - 8}" y="{TOP + ROW * row + 12}" text-anchor="end">{escape(name)}</text>'
        for name, row in rows.items()
    ]
    for alert in sorted(alerts, key=lambda alert: alert.first_seen_ms):
        begin, end = place(alert.first_seen_ms), place(alert.resolved_ms or END_MS)
        parts.append(
            f'<rect x="{begin}" y="{TOP + ROW * rows[name_of(alert)] + 3}" width="{max(3.0, round(end - begin, 1))}" '
            f'height="{ROW - 6}" rx="3" fill="{COLOURS[alert.severity]}" fill-opacity="0.85">'
            f"<title>{escape(alert.summary)}</title></rect>"
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def main() -> None:
    """Reads the alerts of the run, writes the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kafka", type=Path, help="the run's Kafka data: .driftline/demo/kafka")
    with EmbeddedKafka(parser.parse_args().kafka) as broker:
        settings = broker.settings()
        opened: dict[str, Alert] = {}
        for entry in reading.read(settings, "alerts", Alert):
            if entry.record.state == "firing":
                opened[entry.record.alert_id] = entry.record
        newest = reading.greatest(settings, "alerts", Alert)
    ends = {alert.alert_id: alert.resolved_ms for alert in newest}
    alerts = [alert.model_copy(update={"resolved_ms": ends[alert.alert_id]}) for alert in opened.values()]
    OUT.write_text(picture([alert for alert in alerts if alert.first_seen_ms < END_MS]), encoding="utf-8")
    print(f"{OUT}: {len(alerts)} incidents")


if __name__ == "__main__":
    main()

"""`driftline topics`."""
# ruff: noqa: PLC0415  a command imports its work when it runs, so that --help is quick

from driftline.commands.options import DATA_DIR, DataDir, Json

NAME = "topics"


def command(*, json: Json = False, data_dir: DataDir = DATA_DIR) -> None:
    """The topic catalogue, and what Kafka holds of it.

    Offsets are shown where a Kafka runs; without one the catalogue alone.

    Example: driftline topics
    """
    from driftline import catalogue, output

    topics = catalogue.topics(data_dir)
    if json:
        output.print_json(topics)
    else:
        output.console().print(catalogue.topics_table(topics))

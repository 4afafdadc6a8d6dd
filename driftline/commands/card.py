"""`driftline card`."""
# ruff: noqa: PLC0415  a command imports its work when it runs, so that --help is quick

from typing import Annotated

import typer

from driftline.commands.options import DATA_DIR, DataDir, Json

NAME = "card"


def command(
    version: Annotated[str, typer.Argument(help="The version.")],
    model: Annotated[str | None, typer.Option(help="Its model, where several have a version of that name.")] = None,
    *,
    json: Json = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """The model card of a version, in Markdown, filled from the registry's facts.

    What is not known is said as such.

    Example: driftline card 2013-03-04-rc1 --model flights-delay > card.md
    """
    from driftline import output, provenance
    from runtime.registry import markdown

    card = provenance.read_card(data_dir, version, model)
    if json:
        output.print_json(card.model_dump(mode="json"))
    else:
        typer.echo(markdown(card), nl=False)

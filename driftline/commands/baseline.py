"""`driftline baseline build`."""
# ruff: noqa: PLC0415  a command imports its work when it runs, so that --help is quick

from pathlib import Path
from typing import Annotated

import typer

from driftline.errors import EPILOG, CommandError

NAME = "baseline"
app = typer.Typer(no_args_is_help=True, epilog=EPILOG)


@app.callback()
def group() -> None:
    """What a model was trained on, as counts.

    Example: driftline baseline build train.parquet --model churn --version 3 -o baseline.json
    """


@app.command(epilog=EPILOG)
def build(  # noqa: PLR0917  typer reads options from the signature
    data: Annotated[Path, typer.Argument(help="The rows it was trained on: Parquet, CSV, Arrow or Feather.")],
    model: Annotated[str, typer.Option(help="The model.")],
    version: Annotated[str, typer.Option(help="Its version.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to write the baseline.")],
    prediction: Annotated[str | None, typer.Option(help="Column of the model's answers on these rows.")] = None,
    score: Annotated[str | None, typer.Option(help="Column of the positive class's probability.")] = None,
    label: Annotated[
        str | None, typer.Option(help="Column of the truth; with answers or scores it gives metrics.")
    ] = None,
    time: Annotated[str | None, typer.Option(help="Column of event times.")] = None,
    features: Annotated[str | None, typer.Option(help="Feature columns, with commas; otherwise all others.")] = None,
    exclude: Annotated[str | None, typer.Option(help="Columns that are no features, such as ids, with commas.")] = None,
    categorical: Annotated[
        str | None, typer.Option(help="Columns to take as categories though they hold numbers, with commas.")
    ] = None,
    importance: Annotated[
        Path | None, typer.Option(help='Feature importances as JSON: {"feature": 0.4, …}; ranks what drifts.')
    ] = None,
) -> None:
    """Builds a model version's baseline. It holds counts, never rows.

    Example: driftline baseline build train.parquet --model churn --version 3 --label churned --score p -o baseline.json
    """
    from driftline import baselines, datasets

    built = baselines.build(
        datasets.read(data),
        model,
        version,
        baselines.Parts(
            prediction=prediction,
            score=score,
            label=label,
            time=time,
            features=_names(features),
            exclude=frozenset(_names(exclude) or ()),
            categorical=frozenset(_names(categorical) or ()),
        ),
        baselines.read_importance(importance) if importance else None,
    )
    try:
        out.write_bytes(built.to_json())
    except OSError as error:
        raise CommandError(f"{out} cannot be written: {error.strerror}.", "name another file with --out") from error
    figures = ", ".join(f"{name} {value:.3f}" for name, value in built.metrics.items())
    typer.echo(
        f"{out}: {built.model} {built.version}, {len(built.columns)} columns of {built.rows:,} rows, "
        f"digest {built.digest}" + (f"; {figures}" if figures else "")
    )
    if built.season is None:
        typer.echo(
            "No season: production will teach the drift detector for its first week. "
            "Rows of two weeks and more teach it here: name their times with --time."
        )


def _names(text: str | None) -> tuple[str, ...] | None:
    return tuple(name.strip() for name in text.split(",") if name.strip()) if text else None

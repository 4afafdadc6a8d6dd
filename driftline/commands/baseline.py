"""`driftline baseline build`."""
# ruff: noqa: PLC0415  a command imports its work when it runs, so that --help is quick

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftline.errors import EPILOG, CommandError

if TYPE_CHECKING:
    from schemas.baseline import Baseline

NAME = "baseline"
_SHOWN = {
    "binary": ("accuracy", "precision", "recall", "f1", "auc", "log_loss", "brier"),
    "multiclass": ("accuracy", "f1_macro", "auc", "log_loss", "brier"),
    "regression": ("mae", "rmse", "r2"),
}
"""Of the metrics of each task, those worth a line."""
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
        str | None, typer.Option(help="Column of the truth; with answers it says how good the model was.")
    ] = None,
    holdout: Annotated[
        Path | None, typer.Option(help="Rows it was not trained on, same columns: labels are taken from them.")
    ] = None,
    probabilities: Annotated[
        str | None, typer.Option(help="Columns of probabilities by class, with commas: red=p_red,blue=p_blue.")
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

    Example: driftline baseline build train.parquet --model churn --version 3 --prediction answer --score p
    --label churned --holdout unseen.parquet -o baseline.json
    """
    from driftline import baselines, datasets
    from driftline.parts import Parts

    built = baselines.build(
        datasets.read(data),
        model,
        version,
        Parts(
            prediction=prediction,
            score=score,
            label=label,
            time=time,
            features=_names(features),
            exclude=frozenset(_names(exclude) or ()),
            categorical=frozenset(_names(categorical) or ()),
            probabilities=_columns_by_class(probabilities or ""),
        ),
        baselines.read_importance(importance) if importance else None,
        unseen=datasets.read(holdout) if holdout else None,
    )
    try:
        out.write_bytes(built.to_json())
    except OSError as error:
        raise CommandError(f"{out} cannot be written: {error.strerror}.", "name another file with --out") from error
    typer.echo(
        f"{out}: {built.model} {built.version}, {len(built.columns)} columns of {built.rows:,} rows, "
        f"digest {built.digest}"
    )
    if label:
        for line in _about_labels(built, is_unseen=holdout is not None):
            typer.echo(line)
    if built.season is None:
        typer.echo(
            "No season: production will teach the drift detector for its first week. "
            "Rows of two weeks and more teach it here: name their times with --time."
        )


def _names(text: str | None) -> tuple[str, ...] | None:
    return tuple(name.strip() for name in text.split(",") if name.strip()) if text else None


def _columns_by_class(text: str) -> dict[str, str]:
    pairs = [name.rpartition("=") for name in _names(text) or ()]
    if not all(name and column for name, _, column in pairs):
        raise CommandError(f"--probabilities {text!r} names no columns.", "write it as class=column,class=column")
    return {name.strip(): column.strip() for name, _, column in pairs}


def _about_labels(built: "Baseline", *, is_unseen: bool) -> Iterator[str]:
    """What the labelled rows say, or why they say nothing."""
    from driftline.holdout import layout_of
    from runtime.cells import unpack

    shown = _SHOWN[built.outcomes.task if built.outcomes else "binary"]
    figures = ", ".join(f"{name} {built.metrics[name]:.4g}" for name in shown if name in built.metrics)
    if built.outcomes is None:
        yield f"Labels: {figures or 'nothing to measure'}."
        yield (
            "No labelled reference: live figures will have nothing to be compared with. It takes rows with a label "
            "(--label) and an answer (--prediction), of two classes or more."
        )
        return
    layout = layout_of(built.outcomes)
    task = f"binary, positive is {layout.scored[0]}" if layout.task == "binary" else layout.task
    rows = int(layout.part(unpack(built.outcomes.cells), "n"))
    yield f"Labels of {rows:,} rows ({task}): {figures or 'too few for figures'}."
    if not is_unseen:
        yield "They are rows of the training data, which flatter a model: give rows it has not seen with --holdout."

"""The command line: `driftline …`. Each command lives in driftline/commands and imports its work when it runs."""

import sys
from typing import Any

import structlog
import typer
from typer.core import TyperGroup

from driftline.commands import (
    alerts,
    apply,
    approvals,
    approve,
    audit,
    baseline,
    card,
    demo,
    doctor,
    explain,
    lineage,
    performance,
    reject,
    runs,
    score,
    status,
    topics,
    triggers,
    up,
    windows,
)
from driftline.errors import EPILOG, CommandError, ExitCode
from runtime.errors import OperatorError


class Commands(TyperGroup):
    """Turns an OperatorError into words on stderr and its exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command; nothing but its own output goes to stdout, errors included."""
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # stdout is the answer's
        try:
            return super().invoke(ctx)
        except OperatorError as error:
            typer.secho(f"Error: {error.what}", fg="red", err=True)
            typer.echo(f"Next step: {error.next_step}.", err=True)
            raise typer.Exit(_exit_code(error)) from error
        except KeyboardInterrupt as error:
            raise typer.Exit(ExitCode.INTERRUPTED) from error


def _exit_code(error: OperatorError) -> ExitCode:
    if isinstance(error, CommandError):
        return error.exit_code
    from confluent_kafka import KafkaException  # noqa: PLC0415  so that --help is quick

    return ExitCode.KAFKA if isinstance(error.__cause__, KafkaException) else ExitCode.SERVICE


app = typer.Typer(
    cls=Commands,
    name="driftline",
    help="Watches machine-learning models in production. Begin with: driftline demo flights",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

SINGLE = (
    up, apply, status, windows, performance, alerts, explain, runs, approvals, approve, reject, lineage, card, audit,
    score, topics, doctor,
)  # fmt: skip
for module in SINGLE:
    app.command(module.NAME, epilog=EPILOG)(module.command)
for group in (demo, baseline, triggers):
    app.add_typer(group.app, name=group.NAME)


def main() -> None:
    """Runs the command line."""
    app(prog_name="driftline")


if __name__ == "__main__":
    main()

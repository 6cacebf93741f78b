"""The application: its commands, and how a call of it ends."""

import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

from prodsumnet.cli import (
    approximate,
    bench,
    calibrate,
    count,
    data,
    evaluate,
    families,
    fit,
    frontier,
    pack,
    reach,
    refit,
    report,
    reproduce,
    search,
    summarize,
    train,
)
from prodsumnet.cli.errors import explain, is_usage_error
from prodsumnet.cli.invocation import Invocation
from prodsumnet.training import process_count

_TOGETHER = ("train", "reproduce")
"""Commands that several processes of ``torchrun`` do together."""

app = typer.Typer(
    name="prodsumnet",
    help="Neural networks as products of sums of simple linear operators.",
    add_completion=False,
)
app.command()(reproduce.reproduce)
app.command()(train.train)
app.command()(evaluate.evaluate)
app.command()(count.count)
app.command()(pack.pack)
app.command()(frontier.frontier)
app.command()(search.search)
app.command()(summarize.summarize)
app.command()(report.report)
app.command()(families.families)
app.command()(approximate.approximate)
app.command()(calibrate.calibrate)
app.command()(bench.bench)
app.command()(refit.refit)
app.command()(reach.reach)
app.command()(fit.fit)
app.add_typer(data.app, name="data")


@app.callback()
def _options(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
) -> None:
    context.obj.debug = debug
    if process_count() > 1 and context.invoked_subcommand not in _TOGETHER:
        raise ValueError(
            f"torchrun starts several processes for {' and '.join(_TOGETHER)} only; "
            f"call prodsumnet {context.invoked_subcommand} without it"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave; no arguments ask for help.

    Errors are one line on stderr. The exit code is 2 for a user's mistake, 1 for a run that failed,
    130 for an interruption.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the program's name; by default those of the process.
    """
    invocation = Invocation(list(sys.argv[1:] if arguments is None else arguments))
    try:
        command = typer.main.get_command(app)
        words = [*invocation.arguments] or ["--help"]
        with command.make_context("prodsumnet", words, obj=invocation) as context:
            command.invoke(context)
    except typer.Exit as end:
        sys.exit(end.exit_code)
    except (Exception, KeyboardInterrupt) as error:
        if invocation.debug and not is_usage_error(error):
            traceback.print_exception(error)
        message, code = explain(error)
        print(f"prodsumnet: {message}", file=sys.stderr)
        sys.exit(code)
    sys.exit(0)

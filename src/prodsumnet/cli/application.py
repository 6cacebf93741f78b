"""The application: its commands, and how errors reach the user."""

import sys
from typing import Annotated

import click
import typer

from prodsumnet.cli import count, data, evaluate, reproduce, summarize, train
from prodsumnet.training import NonFiniteLossError

app = typer.Typer(
    name="prodsumnet",
    help="Neural networks as products of sums of simple linear operators.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(reproduce.reproduce)
app.command()(train.train)
app.command()(evaluate.evaluate)
app.command()(count.count)
app.command()(summarize.summarize)
app.add_typer(data.app, name="data")

_debug = False


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option(help="Show tracebacks of errors.")] = False,
) -> None:
    global _debug
    _debug = debug


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; errors are one line on stderr, and the exit code says whose they are.

    The exit code is 2 for a user's mistake, 1 for a run that failed, 130 for an interruption.
    """
    try:
        code = app(arguments, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        _leave(error.format_message(), 2)
    except click.ClickException as error:
        _leave(f"prodsumnet: {error.format_message()}", 2)
    except (click.Abort, KeyboardInterrupt):
        _leave("prodsumnet: interrupted; the same command with --resume goes on", 130)
    except NonFiniteLossError as error:
        _leave(f"prodsumnet: {error}", 1)
    except (ValueError, TypeError, OSError) as error:
        if _debug:
            raise
        _leave(f"prodsumnet: {' '.join(str(error).split())}", 2)
    else:
        sys.exit(code if isinstance(code, int) else 0)


def _leave(message: str, code: int) -> None:
    print(message, file=sys.stderr)
    sys.exit(code)

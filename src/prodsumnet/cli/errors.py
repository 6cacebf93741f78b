"""How errors reach the user: one line, and an exit code that says whose they are."""

from typing import Any

from prodsumnet.training import NonFiniteLossError

MISTAKE, FAILURE, INTERRUPTED = 2, 1, 130
"""Exit codes: of what the user has to change, of a run that failed, and of Ctrl-C."""

_MISTAKES = (
    ValueError,
    TypeError,
    ModuleNotFoundError,
    FileNotFoundError,
    FileExistsError,
    IsADirectoryError,
    NotADirectoryError,
    PermissionError,
)


def explain(error: BaseException) -> tuple[str, int]:
    """Return one line for the user, and the exit code."""
    message, code = _explain(error)
    return " ".join(message.split()), code


def _explain(error: BaseException) -> tuple[str, int]:
    if is_usage_error(error):
        return _usage(error), MISTAKE
    if isinstance(error, KeyboardInterrupt):
        return "; ".join(["interrupted", *map(str, error.args)]), INTERRUPTED
    if isinstance(error, OSError) and error.strerror:
        where = "" if error.filename is None else f"{error.filename}: "
        message = f"{where}{error.strerror}"
    elif isinstance(error, (*_MISTAKES, OSError, NonFiniteLossError)):
        message = str(error)
    else:
        name = type(error).__name__
        message = f"internal error, {name}: {error} (prodsumnet --debug ... shows where)"
    return message, MISTAKE if isinstance(error, _MISTAKES) else FAILURE


def _usage(error: Any) -> str:
    where = getattr(getattr(error, "ctx", None), "command_path", "prodsumnet")
    return f"{error.format_message()} See {where} --help"


def is_usage_error(error: BaseException) -> bool:
    """Whether the command line itself is wrong.

    Typer brings a copy of click in some versions and takes the installed one in others, so the
    class cannot be named; what these errors share is how they say what they mean.
    """
    return hasattr(error, "format_message")

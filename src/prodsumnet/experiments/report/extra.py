"""The optional packages of the report."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def extra() -> Iterator[None]:
    """Say, where a package is missing, with which extra it comes.

    Raises
    ------
    ModuleNotFoundError
        If a package that is imported inside is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"the report needs {error.name}; install it by pip install 'prodsumnet[report]'",
            name=error.name,
        ) from error

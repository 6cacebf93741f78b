"""What one example of a kind of operator says about itself."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from prodsumnet.operators import LinearOperator

Numbers = dict[str, np.ndarray]
"""The trainable numbers of an operator by the name of their parameter."""

Misuse = tuple[Callable[[], object], type[Exception], str]
"""A call that must fail, the exception it must raise, and what its message must match."""

DTYPES = (torch.float64, torch.complex128)


@dataclass(frozen=True)
class Case:
    """One example of a kind.

    Parameters
    ----------
    id : str
        Unique within its file.
    build : callable
        Gives a new operator, in float64 or complex128 if it holds numbers.
    oracle : callable
        The dense matrix from the operator's numbers, computed without any of the library's code.
    trainable : int
        How many real numbers are trainable.
    errors : tuple of Misuse
        Wrong uses of the kind, each with its exception and a pattern of its message.
    linear : bool
        Whether the matrix is (affinely) linear in all its numbers taken together.
    reaches_gain : bool
        Whether `reset_parameters` can meet any gain: False where fixed terms alone may exceed it.
    free : bool
        Whether its evaluation costs nothing.
    stored : frozenset of str
        Names of the tensors of the state that are not parameters.
    """

    id: str
    build: Callable[[], LinearOperator]
    oracle: Callable[[Numbers], np.ndarray]
    trainable: int
    errors: tuple[Misuse, ...] = ()
    linear: bool = True
    reaches_gain: bool = True
    free: bool = False
    stored: frozenset[str] = frozenset()


def numbers(operator: LinearOperator) -> Numbers:
    """Copies of an operator's trainable numbers, shared ones once."""
    return {name: p.detach().numpy().copy() for name, p in operator.named_parameters()}


def keywords(operator: LinearOperator) -> set[str]:
    """Names of the constructor's keywords of an operator's class."""
    return set(inspect.signature(type(operator).__init__).parameters) - {"self"}


def reals(dtype: torch.dtype) -> int:
    """How many real numbers a number of a dtype is."""
    return 2 if dtype.is_complex else 1

"""What the benchmark knows of another package."""

import importlib
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import nn

from prodsumnet.operators import LinearOperator


@dataclass(frozen=True)
class Peer:
    """Another package.

    Parameters
    ----------
    name : str
        As it is installed.
    builders : mapping of str to callable
        For each case that it implements, how its operator is made from ours, with the same numbers.
    trains : bool
        Whether it gives gradients.
    """

    name: str
    builders: Mapping[str, Callable[[LinearOperator], nn.Module]]
    trains: bool = True


class Function(nn.Module):
    """A function of a batch of rows, and the numbers that it trains.

    Parameters
    ----------
    function : callable
        ``function(x, *numbers)``.
    numbers : iterable of Tensor
        Copied into parameters.
    """

    def __init__(
        self, function: Callable[..., torch.Tensor], numbers: Iterable[torch.Tensor] = ()
    ) -> None:
        super().__init__()
        self.function = function
        self.numbers = nn.ParameterList(nn.Parameter(own(t)) for t in numbers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(batch, in) -> (batch, out)``."""
        return self.function(x, *self.numbers)


def own(numbers: torch.Tensor) -> torch.Tensor:
    """Return a contiguous copy that is no part of any graph."""
    return numbers.detach().clone(memory_format=torch.contiguous_format)


def load(module: str, package: str) -> ModuleType | Any:
    """Import a module of a peer.

    Parameters
    ----------
    module : str
        The module.
    package : str
        As it is installed, for the message.

    Raises
    ------
    ModuleNotFoundError
        If it is not installed, or lacks something itself; the message says which.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # What they say to us on import concerns no one here.
            return importlib.import_module(module)
    except (ImportError, OSError) as error:  # The latter for a library of theirs.
        raise ModuleNotFoundError(
            f"{package} is missing ({error}); pip install 'prodsumnet[peers]'"
        ) from error


def kronecker_terms(operator: LinearOperator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the stacks ``(terms, rows, columns)`` of a sum of two-factor Kronecker products.

    Parameters
    ----------
    operator : LinearOperator
        As from `prodsumnet.operators.stacked_kronecker_sum` of dense matrices of one size.
    """
    left, right = operator.parameters()
    side = len(left)
    terms = left.shape[1] // side
    return own(left.view(side, terms, side).transpose(0, 1)), own(right.view(terms, side, side))

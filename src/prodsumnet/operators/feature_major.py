"""Operators whose kernels take features outermost."""

import math
from collections.abc import Callable

import torch

from prodsumnet.operators.base import LinearOperator


class FeatureMajor(LinearOperator):
    """An operator that gathers or moves whole rows of features, each as long as the batch.

    A subclass defines `_matmat` and `_rmatmat`, through which it is applied to rows as well.
    """

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return _by_columns(self._matmat, x)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return _by_columns(self._rmatmat, y)


def _by_columns(apply: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    lead = x.shape[:-1]
    columns = x.reshape(math.prod(lead), x.shape[-1]).mT.contiguous()
    images = apply(columns).mT
    return images.reshape(*lead, images.shape[-1])

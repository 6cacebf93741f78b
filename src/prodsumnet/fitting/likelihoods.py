"""What the outputs of a model say about its targets: the distributions that Fishers are of."""

from typing import Protocol

import torch
from torch.nn import functional


class Likelihood(Protocol):
    """A distribution of targets, given a model's outputs ``(N, ...)``."""

    def sample(self, outputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Draw targets."""
        ...

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return the negative logarithm of the likelihood, summed over samples, up to a constant."""
        ...


class Categorical:
    """One of the classes, whose logits are the second axis of the outputs ``(N, classes, ...)``."""

    def sample(self, outputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Draw classes, ``(N, ...)``."""
        chances = outputs.double().softmax(dim=1).movedim(1, -1).cpu()
        drawn = chances.flatten(0, -2).multinomial(1, generator=generator)
        return drawn.view(chances.shape[:-1]).to(outputs.device)

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return the cross-entropy."""
        return functional.cross_entropy(outputs, targets, reduction="sum")


class Normal:
    """Normal with the outputs for means and unit variance."""

    def sample(self, outputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Draw values, of the outputs' shape."""
        noise = torch.randn(outputs.shape, generator=generator, dtype=torch.float64)
        return outputs + noise.to(outputs)

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return half the sum of squares."""
        return functional.mse_loss(outputs, targets, reduction="sum") / 2


LIKELIHOODS: dict[str, Likelihood] = {"categorical": Categorical(), "normal": Normal()}
"""By name."""

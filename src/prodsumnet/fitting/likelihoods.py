"""What the outputs of a model say about its targets: the distributions that Fishers are of."""

from collections.abc import Iterator
from typing import Protocol

import torch
from torch.nn import functional


class Likelihood(Protocol):
    """A distribution of targets, given a model's outputs ``(N, ...)``."""

    def sample(self, outputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Draw targets."""
        ...

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return the negative log-likelihood, summed over samples, up to a constant."""
        ...

    def expected(self, outputs: torch.Tensor) -> Iterator[torch.Tensor]:
        """Yield losses, for outputs ``(N, n)``, whose gradients' outer products add up to a mean.

        To that over all targets of the outer products of the loss's gradients, for every sample.
        """
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

    def expected(self, outputs: torch.Tensor) -> Iterator[torch.Tensor]:
        """Yield the cross-entropy for every class, times the root of its probability."""
        logarithms = outputs.log_softmax(dim=1)
        for logarithm in logarithms.unbind(dim=1):
            yield -((logarithm.detach() / 2).exp() * logarithm).sum()


class Normal:
    """Normal with the outputs for means and unit variance."""

    def sample(self, outputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Draw values, of the outputs' shape."""
        noise = torch.randn(outputs.shape, generator=generator, dtype=torch.float64)
        return outputs + noise.to(outputs)

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return half the sum of squares."""
        return functional.mse_loss(outputs, targets, reduction="sum") / 2

    def expected(self, outputs: torch.Tensor) -> Iterator[torch.Tensor]:
        """Yield every output: the gradient at the outputs is white noise."""
        for output in outputs.unbind(dim=1):
            yield output.sum()


LIKELIHOODS: dict[str, Likelihood] = {"categorical": Categorical(), "normal": Normal()}
"""By name."""

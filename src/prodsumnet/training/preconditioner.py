r"""The Kronecker-factored Fisher as a preconditioner of structured layers.

A layer's weight is a matrix :math:`W(\theta)` of few numbers. In the entries of the matrix, its
Fisher information is approximated by :math:`L \otimes R` (Martens & Grosse 2015; for convolutions
KFC, Grosse & Martens 2016): the gradients :math:`g` at the outputs and the input vectors :math:`a`
are taken for independent. In its numbers it is therefore, with the Jacobian :math:`J` of
:math:`W`,

.. math:: F = J^T (L \otimes R) J = T\, E_{a, g}\, j j^T, \quad
          j = \nabla_\theta\, g^T (W(\theta)\, a + b(\theta)),

the mean over independent :math:`a` and :math:`g`, times the number :math:`T` of positions in a
sample. So it can be estimated from pairs of vectors drawn from a batch, without any matrix of the
size of :math:`W`, and with few numbers it is inverted as it is.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.func import functional_call, grad, vmap

from prodsumnet.fitting.layers import input_vectors, output_vectors, weighted_layers
from prodsumnet.fitting.likelihoods import Categorical
from prodsumnet.fitting.observing import observed
from prodsumnet.nn import Structured
from prodsumnet.nn.bias import bias_vector
from prodsumnet.numerics import checks

MAX_NUMBERS = 8192
"""Most numbers of one layer: its Fisher is a matrix of this size."""

_CHUNK = 256


class _Affine(nn.Module):
    """What a layer does to one of its input vectors."""

    def __init__(self, layer: Structured) -> None:
        super().__init__()
        self.operator, self.bias = layer.operator, layer.bias

    def forward(self, vector: torch.Tensor) -> torch.Tensor:
        bias = bias_vector(self.bias)
        return self.operator(vector) if bias is None else self.operator(vector) + bias


class _Block:
    """The Fisher of one layer's numbers."""

    def __init__(self, layer: Structured) -> None:
        self.layer, self.affine = layer, _Affine(layer)
        named = dict(self.affine.named_parameters())
        self.parameters = {name: p for name, p in named.items() if p.requires_grad}
        self.sizes = [p.numel() for p in self.parameters.values()]
        self.factor: torch.Tensor | None = None

    def gradients(self, inputs: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
        """Return the derivatives of ``g^T (W a + b)``, ``(pairs, numbers)``."""

        def value(
            numbers: dict[str, torch.Tensor], a: torch.Tensor, g: torch.Tensor
        ) -> torch.Tensor:
            return (functional_call(self.affine, numbers, (a,)) * g).sum()

        numbers = {name: p.detach() for name, p in self.parameters.items()}
        found = vmap(grad(value), in_dims=(None, 0, 0), chunk_size=_CHUNK)(numbers, inputs, outputs)
        return torch.cat([part.flatten(1) for part in found.values()], dim=1)

    def estimate(self, derivatives: torch.Tensor, positions: float, damping: float) -> None:
        """Factorise the damped Fisher, ``T E[j j^T]`` plus a share of its mean diagonal.

        The mean is over each parameter, since factors of a product differ in size.
        """
        fisher = derivatives.mT @ derivatives * (positions / len(derivatives))
        means = [part.mean().expand(len(part)) for part in fisher.diagonal().split(self.sizes)]
        smallest = torch.finfo(fisher.dtype).tiny
        fisher.diagonal().add_(damping * torch.cat(means) + smallest)
        self.factor = torch.linalg.cholesky(fisher)

    def precondition(self) -> None:
        """Replace the gradients by the natural gradient, the damped inverse Fisher times them."""
        if self.factor is None or any(p.grad is None for p in self.parameters.values()):
            return
        found = [p.grad for p in self.parameters.values() if p.grad is not None]
        flat = torch.cat([g.flatten() for g in found]).to(self.factor.dtype)
        natural = torch.cholesky_solve(flat[:, None], self.factor)[:, 0]
        for g, part in zip(found, natural.split(self.sizes), strict=True):
            g.copy_(part.view(g.shape))


class KroneckerFisher:
    """Turns the gradients of structured layers into natural gradients, before an optimizer's step.

    Every layer of `prodsumnet.nn` with an operator is a block by itself; other numbers keep their
    gradients.

    Parameters
    ----------
    model : Module
        Real, of one input, with logits of classes ``(N, classes)`` for its output.
    damping : float
        What is added to the diagonal of a layer's Fisher, relative to its mean.
    pairs : int or None
        How many pairs of an input vector and a gradient are drawn for an estimate; None takes all
        that there are, for which it is exactly the Kronecker-factored Fisher of the samples.

    Raises
    ------
    TypeError, ValueError
        If an argument is not valid, layers share numbers, or a layer has too many.
    """

    def __init__(self, model: nn.Module, damping: float, pairs: int | None) -> None:
        if not damping > 0:
            raise ValueError(f"damping must be positive, got {checks.show(damping)}")
        self.model, self.damping = model, damping
        self.pairs = pairs if pairs is None else checks.positive_int("pairs", pairs)
        self._blocks: dict[str, _Block] = {}
        seen: set[torch.Tensor] = set()
        for name, layer in weighted_layers(model).items():
            if not isinstance(layer, Structured):
                continue
            block = _Block(layer)
            _check(name, block, seen)
            if block.sizes:
                self._blocks[name] = block
        if not self._blocks:
            raise ValueError("the model has no structured layer with numbers to precondition")

    def refresh(self, inputs: torch.Tensor, seed: int) -> None:
        """Estimate the Fishers anew, at the numbers that the model has now.

        Parameters
        ----------
        inputs : Tensor
            ``(N, ...)``, a batch.
        seed : int
            Of the labels, which are drawn from what the model says, and of the pairs.
        """
        generator = torch.Generator().manual_seed(seed)
        seen = self._observe(inputs, generator)
        for name, block in self._blocks.items():
            a, g = seen[name]
            left, right = self._pairs(len(a), generator)
            derivatives = block.gradients(a[left.to(a.device)], g[right.to(g.device)])
            block.estimate(derivatives, len(a) / len(inputs), self.damping)

    def precondition(self) -> None:
        """Turn the gradients that the model holds into natural gradients, in place."""
        for block in self._blocks.values():
            block.precondition()

    def factors(self) -> dict[str, torch.Tensor]:
        """Return the Cholesky factors of the damped Fishers, by layers' names."""
        found = {name: block.factor for name, block in self._blocks.items()}
        return {name: factor for name, factor in found.items() if factor is not None}

    def _pairs(self, count: int, generator: torch.Generator) -> Sequence[torch.Tensor]:
        if self.pairs is None:
            places = torch.arange(count)
            return places.repeat_interleave(count), places.repeat(count)
        return torch.randint(count, (2, self.pairs), generator=generator).unbind()

    def _observe(
        self, inputs: torch.Tensor, generator: torch.Generator
    ) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
        """Return the input vectors of every layer and the gradients at its outputs."""
        vectors: dict[str, torch.Tensor] = {}
        probes: dict[str, torch.Tensor] = {}

        def see(name: str, layer: nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            vectors[name] = torch.cat([part[0] for part in input_vectors(layer, x.detach())])
            probes[name] = torch.zeros_like(y, requires_grad=True)
            return y + probes[name]

        layers: dict[str, Any] = {name: block.layer for name, block in self._blocks.items()}
        with torch.enable_grad(), observed(self.model, layers, see):
            outputs = self.model(inputs)
            labels = Categorical().sample(outputs.detach(), generator)
            loss = Categorical().loss(outputs, labels)
            gradients = torch.autograd.grad(loss, list(probes.values()), materialize_grads=True)
        return {
            name: (vectors[name], output_vectors(layers[name], gradient))
            for name, gradient in zip(probes, gradients, strict=True)
        }


def _check(name: str, block: _Block, seen: set[torch.Tensor]) -> None:
    """Refuse a layer whose Fisher would not be a real matrix of bearable size by itself."""
    parameters = set(block.parameters.values())
    if any(p.is_complex() for p in parameters):
        raise ValueError(f"layer {name!r} has complex numbers, the preconditioner takes real ones")
    if getattr(block.layer, "groups", 1) > 1:
        raise ValueError(f"layer {name!r} has groups, the preconditioner takes none")
    if sum(block.sizes) > MAX_NUMBERS:
        raise ValueError(
            f"layer {name!r} has {sum(block.sizes)} numbers, the preconditioner takes at most "
            f"{MAX_NUMBERS} a layer"
        )
    if seen & parameters:
        raise ValueError(f"layer {name!r} shares numbers with another, which is not supported")
    seen |= parameters

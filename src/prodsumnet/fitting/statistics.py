"""Metrics for the layers of a trained model, estimated from data.

A change :math:`D` of a layer's weight moves its output for an input :math:`a` by :math:`D a`, and
the loss, to first order, by the real part of :math:`g^H D a`, with the gradient :math:`g` at the
output. Means of the squares of both are quadratic forms in :math:`D`, which `activation_metrics`
and `fisher_metrics` estimate.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, get_args

import torch
from torch import nn

from prodsumnet.fitting.layers import groups_of, input_vectors, output_vectors, weighted_layers
from prodsumnet.fitting.likelihoods import LIKELIHOODS, Likelihood
from prodsumnet.fitting.metric import Metric
from prodsumnet.fitting.observing import observed
from prodsumnet.numerics import checks

Source = Literal["sampled", "expected", "given"]
"""Where the labels of a Fisher come from."""


class _Sum:
    """A sum of outer products in double precision, and how many there were."""

    def __init__(self) -> None:
        self.total: torch.Tensor = torch.zeros(())
        self.count = 0

    def add(self, vectors: torch.Tensor) -> None:
        """Add ``(groups, vectors, n)``, a mean over the groups."""
        vectors = vectors.to(torch.complex128 if vectors.is_complex() else torch.float64)
        total = (vectors.mT @ vectors.conj()).mean(dim=0)
        self.total = total + self.total.to(total.device)
        self.count += vectors.shape[1]

    def over(self, count: int, what: str, name: str) -> torch.Tensor:
        """Return a mean."""
        if not self.total.isfinite().all():
            raise ValueError(f"the {what} of layer {name!r} are not all finite")
        return (self.total + self.total.mH) / (2 * count)


@torch.no_grad()
def activation_metrics(
    model: nn.Module,
    batches: Iterable[torch.Tensor | Sequence[torch.Tensor]],
    layers: Sequence[str] | None = None,
) -> dict[str, Metric]:
    r"""Estimate in what metric changes of the weights change the outputs of every layer.

    The right factor of a layer's metric is :math:`E \sum_t a_t a_t^H` over the vectors
    :math:`a_t` that its matrix multiplies in one sample, which are a convolution's patches
    (im2col); the left one is the identity. Then :math:`\operatorname{tr}(D R D^H)` is the mean
    squared change of the layer's output. Of a grouped convolution it is the mean over the groups.

    Parameters
    ----------
    model : Module
        Any model of one input; it runs in evaluation mode, and is left as it was.
    batches : iterable
        Inputs ``(N, ...)``, or pairs of inputs and labels, which are not looked at.
    layers : sequence of str, optional
        Names of layers, as in ``model.named_modules()``; by default all linear and convolution
        layers of torch's and of `prodsumnet.nn` that the model uses.

    Returns
    -------
    dict
        From the names of layers to metrics in double precision.

    Raises
    ------
    TypeError
        If an argument is not valid.
    ValueError
        If there is no layer of a name, no sample, or what a layer sees is not finite.
    """
    chosen = weighted_layers(model, layers)
    inputs: dict[str, _Sum] = {}

    def see(name: str, layer: nn.Module, x: torch.Tensor, _: torch.Tensor) -> None:
        _add_inputs(inputs, name, layer, x)

    samples = 0
    with observed(model, chosen, see):
        for batch in batches:
            x = _pair(batch)[0]
            model(x)
            samples += len(x)
    _check_seen(layers, inputs, samples)
    return {name: Metric(right=_right(inputs, name, samples)) for name in chosen if name in inputs}


def fisher_metrics(
    model: nn.Module,
    batches: Iterable[torch.Tensor | Sequence[torch.Tensor]],
    layers: Sequence[str] | None = None,
    labels: Source = "sampled",
    likelihood: Literal["categorical", "normal"] = "categorical",
    seed: int = 0,
) -> dict[str, Metric]:
    r"""Estimate in what metric changes of the weights change what a model says.

    A layer's block of the Fisher information matrix, Kronecker-factored: :math:`L \otimes R` with
    :math:`L = E \frac{1}{T} \sum_t g_t g_t^H` of the gradients of one sample's loss at the layer's
    :math:`T` outputs, and :math:`R = E \sum_t a_t a_t^H` of the vectors that its matrix multiplies,
    which are a convolution's patches (Martens & Grosse 2015; for convolutions KFC, Grosse & Martens
    2016). Of a grouped convolution, :math:`R` is the mean over the groups, and :math:`L` keeps the
    blocks within them, as if every group were a layer.

    Parameters
    ----------
    model, layers
        As in `activation_metrics`.
    batches : iterable
        Inputs ``(N, ...)``, or pairs of inputs and labels.
    labels : {'sampled', 'expected', 'given'}, optional
        Whether one label each is drawn from what the model itself says, for an estimate of the
        Fisher; or all are taken, weighted by what it says, which has no noise and takes one
        backward pass for every class; or the labels are those of the batches, for the empirical
        Fisher.
    likelihood : {'categorical', 'normal'}, optional
        Whether the model's outputs are logits of classes, ``(N, classes, ...)``, or means of
        normal distributions with unit variance.
    seed : int, optional
        Of the labels that are drawn.

    Returns
    -------
    dict
        From the names of layers to metrics in double precision.

    Raises
    ------
    TypeError
        If an argument is not valid, or the model's output is not one real tensor.
    ValueError
        If there is no layer of a name, no sample, labels are missing, or what a layer sees or its
        gradients are not finite.
    """
    chosen = weighted_layers(model, layers)
    if labels not in get_args(Source):
        raise ValueError(
            f"labels must be 'sampled', 'expected' or 'given', got {checks.show(labels)}"
        )
    if likelihood not in LIKELIHOODS:
        names = " or ".join(map(repr, LIKELIHOODS))
        raise ValueError(f"likelihood must be {names}, got {checks.show(likelihood)}")
    generator = torch.Generator().manual_seed(checks.seed_int(seed))
    inputs: dict[str, _Sum] = {}
    gradients: dict[str, _Sum] = {}
    probes: list[tuple[str, nn.Module, torch.Tensor]] = []

    def see(name: str, layer: nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        _add_inputs(inputs, name, layer, x.detach())
        # A zero added to the output has its gradient, whether or not anything before it has one,
        # and whatever is done to the output in place afterwards.
        probes.append((name, layer, torch.zeros_like(y, requires_grad=True)))
        return y + probes[-1][2]

    samples = 0
    with torch.enable_grad(), observed(model, chosen, see):
        for batch in batches:
            x, given = _pair(batch)
            if labels == "given" and given is None:
                raise ValueError("labels 'given' needs batches of pairs (inputs, labels)")
            probes.clear()
            outputs = _checked(model(x))
            wanted = given if labels == "given" and given is not None else labels
            losses = _losses(LIKELIHOODS[likelihood], outputs, wanted, generator)
            for loss in losses if probes else ():
                found = torch.autograd.grad(
                    loss, [p for *_, p in probes], retain_graph=True, materialize_grads=True
                )
                for (name, layer, _), gradient in zip(probes, found, strict=True):
                    vectors = output_vectors(layer, gradient)
                    gradients.setdefault(name, _Sum()).add(vectors[None])
            samples += len(x)
    _check_seen(layers, inputs, samples)
    return {
        name: Metric(
            _left(gradients[name].over(inputs[name].count, "gradients", name), layer),
            _right(inputs, name, samples),
        )
        for name, layer in chosen.items()
        if name in inputs
    }


def _losses(
    likelihood: Likelihood,
    outputs: torch.Tensor,
    labels: torch.Tensor | Source,
    generator: torch.Generator,
) -> Iterator[torch.Tensor]:
    """Yield the losses whose gradients' outer products are to be added up."""
    if isinstance(labels, torch.Tensor):
        yield likelihood.loss(outputs, labels)
    elif labels == "sampled":
        yield likelihood.loss(outputs, likelihood.sample(outputs.detach(), generator))
    elif outputs.dim() == 2:
        yield from likelihood.expected(outputs)
    else:
        raise ValueError(
            f"labels 'expected' needs a model with outputs (N, n), got {tuple(outputs.shape)}"
        )


def _add_inputs(inputs: dict[str, _Sum], name: str, layer: nn.Module, x: torch.Tensor) -> None:
    for vectors in input_vectors(layer, x):
        inputs.setdefault(name, _Sum()).add(vectors)


def _right(inputs: dict[str, _Sum], name: str, samples: int) -> torch.Tensor:
    return inputs[name].over(samples, "inputs", name)


def _left(left: torch.Tensor, layer: nn.Module) -> torch.Tensor:
    """Return the left factor with zeros between the groups of a convolution."""
    groups = groups_of(layer)
    size = len(left) // groups
    return left * torch.block_diag(*[left.new_ones(size, size)] * groups)


def _pair(batch: object) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return the inputs and, if there are any, the labels of a batch."""
    items = [batch] if isinstance(batch, torch.Tensor) else batch
    if (
        not isinstance(items, list | tuple)
        or len(items) not in (1, 2)
        or not all(isinstance(item, torch.Tensor) and item.dim() for item in items)
    ):
        raise TypeError(
            f"a batch must be a tensor or a pair (inputs, labels), got {checks.show(batch)}"
        )
    return items[0], items[1] if len(items) == 2 else None


def _checked(outputs: object) -> torch.Tensor:
    if not isinstance(outputs, torch.Tensor) or not outputs.is_floating_point():
        given = outputs.dtype if isinstance(outputs, torch.Tensor) else type(outputs).__name__
        raise TypeError(f"a Fisher needs a model whose output is one real tensor, got {given}")
    if not outputs.isfinite().all():
        raise ValueError("the outputs of the model are not all finite")
    return outputs


def _check_seen(names: Sequence[str] | None, inputs: dict[str, _Sum], samples: int) -> None:
    if samples == 0:
        raise ValueError("there is no sample in the batches")
    for name in names or ():
        if name not in inputs:
            raise ValueError(f"the model does not use its layer {name!r}")
    if not inputs:
        raise ValueError("the model uses no linear or convolution layer")

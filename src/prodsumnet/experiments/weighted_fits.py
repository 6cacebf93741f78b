"""A trained network's layers replaced by fits in several metrics, without any training."""

import copy
from collections.abc import Mapping

import torch

from prodsumnet import data, families, nn, storage
from prodsumnet.experiments.record import Written, surroundings
from prodsumnet.fitting import Metric, activation_metrics, fisher_metrics, fit
from prodsumnet.numerics import checks
from prodsumnet.training import Settings, accuracy, check_fits, to_inputs

_BATCH = 250


class FittedLayer(Settings):
    """One fit: the relative errors in the metric and in the Frobenius norm."""

    layer: str
    operator: str
    trainable: int
    error: float
    frobenius_error: float
    method: str


class MetricRow(Settings):
    """The network with all fits in one metric."""

    metric: str
    trainable: int
    validation_accuracy: float
    test_accuracy: float
    layers: list[FittedLayer]


class WeightedFits(Written):
    """Fits of one trained network, and what it gets right with them."""

    command: str
    dataset: str
    data_digest: str
    recipe: str
    samples: int
    seed: int
    trainable: int
    validation_accuracy: float
    test_accuracy: float
    rows: list[MetricRow]
    threads: int
    finished: str
    versions: dict[str, str]


def weighted_fits(
    network: str, structures: Mapping[str, tuple[str, int]], samples: int, seed: int, command: str
) -> WeightedFits:
    """Fit the layers of a trained network in the Frobenius norm and in metrics from data.

    The structures are the same in all metrics, and no step of training is made: biases and the
    layers that are not named stay. The metrics are estimated from the first training images.

    Parameters
    ----------
    network : str
        A file, or the name of a shipped network.
    structures : mapping
        From the names of layers to a family each and the most numbers of its operator.
    samples : int
        How many training images the metrics see.
    seed : int
        Of the families' operators, and of the numbers that the fits start from.
    command : str
        The command to be recorded.

    Raises
    ------
    TypeError, ValueError
        If an argument is not valid, there is no layer of a name, or the network does not fit its
        data set.
    OSError
        If the network cannot be read or the data cannot be had.
    """
    trained, about = storage.load(network), storage.about(network)
    dataset = data.load(str(about.get("dataset", "mnist")))
    check_fits(trained, dataset, network)
    split = dataset.split()
    samples = checks.positive_int("samples", samples, len(split.train_images))
    images, names = to_inputs(split.train_images[:samples]), list(structures)
    known = [key for key, layer in trained.named_children() if isinstance(layer, nn.Structured)]
    for name in names:
        if name not in known:
            raise ValueError(f"{network} has no structured layer {name!r}, only {known}")

    def right(candidate: nn.Network) -> dict[str, float]:
        return {
            "validation_accuracy": accuracy(
                candidate, split.validation_images, split.validation_labels
            ),
            "test_accuracy": accuracy(candidate, dataset.test_images, dataset.test_labels),
        }

    batches = images.split(_BATCH)
    metrics = {
        "frobenius": dict.fromkeys(names, Metric()),
        "activations": activation_metrics(trained, batches, names),
        "fisher": fisher_metrics(trained, batches, names, labels="expected"),
    }
    rows = []
    for metric, weights in metrics.items():
        candidate = copy.deepcopy(trained)
        layers = [
            _refit(name, candidate.get_submodule(name), *structures[name], weights[name], seed)
            for name in names
        ]
        size = nn.count(candidate).trainable
        rows.append(MetricRow(metric=metric, trainable=size, layers=layers, **right(candidate)))
    return WeightedFits(
        command=command,
        dataset=dataset.name,
        data_digest=dataset.digest,
        recipe=str(about.get("recipe", "")),
        samples=samples,
        seed=seed,
        trainable=nn.count(trained).trainable,
        rows=rows,
        **right(trained),
        **surroundings(),
    )


def _refit(
    name: str, layer: torch.nn.Module, family: str, budget: int, metric: Metric, seed: int
) -> FittedLayer:
    """Replace the operator of a layer by the nearest one of a family."""
    assert isinstance(layer, nn.Structured)
    with torch.no_grad():
        target = layer.operator.to_dense()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        operator = families.build(family, *layer.operator.shape, budget, seed)
        operator.reset_parameters()
    found = fit(operator, target, metric, seed=seed)
    layer.operator = operator
    with torch.no_grad():
        difference = (operator.to_dense() - target).norm() / target.norm()
    return FittedLayer(
        layer=name,
        operator=repr(operator),
        trainable=operator.num_trainable,
        error=found.error,
        frobenius_error=difference.item(),
        method=found.method,
    )

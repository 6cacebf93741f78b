"""Architectures by name."""

import pytest
import torch
from tests.models.support import images

from prodsumnet import count, models
from prodsumnet.nn import Network


def test_names_are_the_names_that_can_be_built() -> None:
    assert list(models.names()) == sorted(models.names())
    for name in models.names():
        network = models.build(name)
        assert isinstance(network, Network)
        table = name == "table-network"
        inputs = torch.rand(2, 13) if table else images(2)
        assert network(inputs).shape == (2, 3 if table else 10)


def test_a_build_is_what_the_function_builds() -> None:
    def numbers(network: Network) -> torch.Tensor:
        return torch.cat([p.flatten() for p in network.parameters()])

    for build, expected in (
        (lambda: models.build("decomposed-cnn", 77, seed=3), lambda: models.decomposed_cnn(77, 3)),
        (lambda: models.build("decomposed-cnn"), lambda: models.decomposed_cnn(3554)),
        (lambda: models.build("reference-cnn", seed=3), models.reference_cnn),
    ):
        found = []
        for make in (build, expected):
            torch.manual_seed(1)
            found.append(make())
        assert found[0].spec() == found[1].spec()
        assert torch.equal(*map(numbers, found))


def test_sizes() -> None:
    assert count(models.build("decomposed-cnn")).trainable == 3554
    assert count(models.build("decomposed-cnn", 900)).trainable == 900
    assert count(models.build("reference-cnn")).trainable == 3_274_634


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("lenet",), "unknown network 'lenet', expected one of cellular-network, "),
        (("",), "unknown network ''"),
        ((None,), "unknown network None"),
        (("reference-cnn", None, 0, "monarch"), "no choice of its structure, got family 'monarch'"),
        (("deep-fried-cnn", 9), "deep-fried-cnn has no choice of its size, got budget 9"),
        (("hidden-layer", 10_000, 0, "none"), "unknown family 'none'"),
        (("hidden-layer", 4000, 0, "monarch"), "the operator's budget must lie between 1 and"),
        (("hidden-layer", 4400, 0, "monarch"), "needs a budget of at least"),
        (("hidden-layer", 700), "number of hidden features must lie between 1"),
        (("reference-cnn", 3554), "reference-cnn has no choice of its size, got budget 3554"),
        (("decomposed-cnn", 0), "budget must lie between 1 and 100000, got 0"),
        (("decomposed-cnn", 9, -1), "seed must lie between 0 and"),
    ],
)
def test_arguments_are_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        models.build(*arguments)

"""Layouts of convolutions: every budget is met, and every number is seen."""

import itertools

import pytest
import torch

from prodsumnet import families
from prodsumnet.families.convolutional import image
from prodsumnet.operators.convolution import Convolution

NAMES = ("convolution", "dilated-convolution", "cellular")


@pytest.mark.parametrize(
    ("features", "sizes"),
    [
        (784, (28, 28)),
        (3136, (56, 56)),
        (392, (14, 28)),
        (300, (15, 20)),
        (9, (3, 3)),
        (8, (8,)),
        (10, (10,)),
        (97, (97,)),
        (1, (1,)),
    ],
)
def test_features_are_seen_as_a_picture_or_as_a_line(features: int, sizes: tuple) -> None:
    assert image(features, None, None) == (1, sizes)
    assert image(5 * features, None, 5) == (5, sizes)
    assert image(5 * features, sizes, None) == (5, sizes)


@pytest.mark.parametrize("name", NAMES)
def test_every_number_changes_the_matrix(name: str) -> None:
    for out, in_ in itertools.product((1, 2, 7, 16, 19), repeat=2):
        least = families.get(name).least(out, in_)
        for budget in {least, least + 1, least + out * in_ // 2, 2 * least + 3}:
            operator = families.build(name, out, in_, budget, dtype=torch.float64)
            assert operator.shape == (out, in_)
            assert operator.num_trainable <= budget
            with torch.no_grad():
                for number in operator.parameters():
                    number.normal_()
            energy = operator.to_dense().square().sum()
            for gradient in torch.autograd.grad(energy, list(operator.parameters())):
                assert gradient.all(), operator


@pytest.mark.parametrize("options", [{"groups": 2}, {"padding_mode": "circular"}, {"stride": 2}])
@pytest.mark.parametrize("input_size", [8, (4, 2), (2, 2, 2)])
@pytest.mark.parametrize("name", NAMES[:2])
def test_every_number_changes_the_matrix_whatever_the_options(
    name: str, input_size: object, options: dict
) -> None:
    options = {"input_size": input_size, "in_channels": 2, **options}
    for out in (4, 6, 16, 30):
        try:
            least = families.get(name).least(out, 16, **options)
        except ValueError:
            assert "groups" in options
            continue
        for budget in (least, 2 * least + 1, 5 * least):
            operator = families.build(name, out, 16, budget, **options)
            energy = operator.to_dense().square().sum()
            for gradient in torch.autograd.grad(energy, list(operator.parameters())):
                assert gradient.all(), operator


def test_windows_of_a_picture_overlap_and_spend_the_budget() -> None:
    for budget in (300, 1000, 5000, 20_000):
        operator = families.build("convolution", 392, 784, budget, device="meta")
        assert 0.9 * budget <= operator.num_trainable <= budget
        for part in operator.modules():
            if isinstance(part, Convolution):
                assert part.input_size == (28, 28)
                for length, step in zip(part.kernel_size, part.stride, strict=True):
                    assert length >= min(1.4 * step, 28)


def test_strides_and_dilation_leave_no_gaps() -> None:
    for budget in (1000, 3000, 5000):
        operator = families.build("dilated-convolution", 392, 784, budget)
        seen = (operator.to_dense() != 0).any(dim=0).view(28, 28)
        assert seen[5:-5, 5:-5].all()
        assert seen.double().mean() > 0.9

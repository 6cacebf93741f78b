"""count: what any model trains, stores and computes."""

import pytest
import torch
from torch import nn

from prodsumnet import count
from prodsumnet import nn as psn
from prodsumnet import operators as ops
from prodsumnet.nn import Count, stored_tensors


def sizes(model: nn.Module) -> tuple[int, int, int]:
    found = count(model)
    return found.trainable, found.stored, found.bytes


def macs(model: nn.Module, *shape: int) -> int:
    return count(model, shape).macs


def test_a_plain_model() -> None:
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))
    total = 4 * 9 + 4 + 1440 + 10
    assert count(model) == Count(total, total, 4 * total, None)
    assert count(model, (1, 8, 8)) == Count(total, total, 4 * total, 36 * 36 + 1440)


def test_running_statistics_are_stored_and_counters_are_not() -> None:
    assert sizes(nn.BatchNorm2d(7)) == (14, 28, 4 * 28)
    assert sizes(nn.BatchNorm2d(7, affine=False)) == (0, 14, 4 * 14)
    assert sizes(nn.BatchNorm2d(7, track_running_stats=False)) == (14, 14, 4 * 14)


def test_shared_numbers_count_once() -> None:
    first, second = nn.Linear(5, 5), nn.Linear(5, 5)
    second.weight = first.weight
    assert sizes(nn.Sequential(first, second)) == (35, 35, 140)
    norm = nn.BatchNorm1d(5)
    assert sizes(nn.Sequential(norm, norm)) == (10, 20, 80)
    operator = ops.Dense(4, 4)
    layers = psn.Linear(4, 4, operator), psn.Linear(4, 4, operator.T)
    assert sizes(nn.Sequential(*layers)) == (16 + 8, 16 + 8, 96)


def test_frozen_numbers_are_stored_and_not_trained() -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2))
    model[0].weight.requires_grad_(False)
    assert sizes(model) == (8, 14, 56)


def test_complex_numbers_count_as_two() -> None:
    layer = psn.Linear(3, 2, ops.Dense(2, 3, dtype=torch.complex64), bias=False)
    assert sizes(layer) == (12, 12, 48)
    module = nn.Module()
    module.register_buffer("spectrum", torch.zeros(5, dtype=torch.complex128))
    assert sizes(module) == (0, 10, 80)


def test_bytes_are_of_the_type() -> None:
    assert sizes(nn.Linear(3, 2, dtype=torch.float64)) == (8, 8, 64)
    assert sizes(nn.Linear(3, 2, dtype=torch.bfloat16)) == (8, 8, 16)


def test_buffers_count_if_they_are_learnt() -> None:
    module = nn.Module()
    module.register_buffer("integers", torch.zeros(5, dtype=torch.int64))
    module.register_buffer("flags", torch.zeros(5, dtype=torch.bool))
    module.register_buffer("passing", torch.zeros(5), persistent=False)
    module.register_buffer("nothing", None)
    assert sizes(module) == (0, 0, 0)
    module.register_buffer("kept", torch.zeros(5))
    assert sizes(module) == (0, 5, 20)
    assert stored_tensors(module) == [module.kept]


def test_seeded_structure_is_free_and_given_matrices_are_not() -> None:
    seeded = ops.Dense(4, 8) @ ops.RandomSigns(8, 8) @ ops.Permutation(8, 1)
    assert sizes(psn.Linear(8, 4, seeded, bias=False)) == (32, 32, 128)
    given = ops.Dense(4, 8) @ ops.Constant(8, 8)
    assert sizes(psn.Linear(8, 4, given, bias=False)) == (32, 32 + 64, 4 * 96)


def test_stored_tensors_are_parameters_then_buffers() -> None:
    model = nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 2))
    norm, linear = model
    expected = [norm.weight, norm.bias, linear.weight, linear.bias]
    expected += [norm.running_mean, norm.running_var]
    assert list(map(id, stored_tensors(model))) == list(map(id, expected))


def test_macs_of_torch_layers() -> None:
    assert macs(nn.Linear(5, 7), 5) == 35
    assert macs(nn.Linear(5, 7), 3, 2, 5) == 6 * 35
    assert macs(nn.Conv1d(4, 6, 3, groups=2), 4, 10) == 8 * 6 * 2 * 3
    assert macs(nn.Conv2d(4, 6, (3, 2), stride=2, padding=1), 4, 7, 8) == 4 * 5 * 6 * 4 * 6
    assert macs(nn.Conv3d(1, 2, 2), 1, 3, 3, 3) == 8 * 2 * 8
    assert macs(nn.ConvTranspose1d(4, 6, 3, stride=2), 4, 10) == 10 * 4 * 6 * 3
    assert macs(nn.ConvTranspose2d(4, 6, 3, groups=2), 4, 5, 5) == 25 * 4 * 3 * 9
    assert macs(nn.Sequential(nn.ReLU(), nn.BatchNorm1d(4)), 4) == 0


def test_macs_of_our_layers() -> None:
    assert macs(psn.Linear(20, 30, ops.LowRank(30, 20, 3)), 20) == 3 * 50
    assert macs(psn.Linear(20, 30, ops.LowRank(30, 20, 3)), 2, 4, 20) == 8 * 150
    assert macs(psn.Linear(20, 30, ops.LowRank(30, 20, 20)), 20) == 600
    assert macs(psn.Conv2d(2, 3, 3, ops.Dense(3, 18)), 2, 8, 7) == 6 * 5 * 54
    depthwise = ops.Dense(30, 10) @ ops.kron(ops.Identity(10), ops.Dense(1, 9))
    assert macs(psn.Conv2d(10, 30, 3, depthwise, padding=1), 10, 4, 4) == 16 * (90 + 300)


def test_macs_of_a_layer_used_twice_and_within_others() -> None:
    layer = nn.Linear(5, 5)
    assert macs(nn.Sequential(layer, nn.Sequential(layer, nn.ReLU())), 5) == 50


def test_macs_of_a_layer_whose_batch_is_not_the_model_s() -> None:
    class Patches(nn.Module):
        """Every column of an image is an image of its own."""

        def __init__(self, layer: nn.Module) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(x.squeeze(0).movedim(-1, 0).unsqueeze(-1))

    for layer in (nn.Conv2d(2, 3, (4, 1)), psn.Conv2d(2, 3, (4, 1), ops.Dense(3, 8))):
        assert macs(Patches(layer), 2, 4, 5) == 5 * 24

    class Single(nn.Module):
        """The layer sees an image without a batch."""

        def __init__(self, layer: nn.Module) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(x.squeeze(0))

    for layer in (nn.Conv2d(2, 3, 2), psn.Conv2d(2, 3, 2, ops.Dense(3, 8))):
        assert macs(Single(layer), 2, 3, 4) == 6 * 24


def test_a_network_knows_its_input() -> None:
    network = psn.Network(psn.Linear(20, 30, ops.Dense(30, 20)), input_shape=(20,))
    assert count(network).macs == 600
    assert count(network, (2, 20)).macs == 1200


def test_counting_leaves_a_model_as_it_was() -> None:
    model = nn.Sequential(nn.Linear(5, 5), nn.BatchNorm1d(5), nn.Sequential(nn.Dropout()))
    model.train()
    model[1].eval()
    modes = [module.training for module in model.modules()]
    state = {name: value.clone() for name, value in model.state_dict().items()}
    generator = torch.get_rng_state()
    count(model, (5,))
    assert (
        [module.training for module in model.modules()] == modes == [True, True, False, True, True]
    )
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), generator)
    assert not any(module._forward_hooks for module in model.modules())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_counting_cleans_up_after_an_input_that_does_not_fit() -> None:
    model = nn.Sequential(nn.Linear(5, 5), nn.Dropout())
    with pytest.raises(RuntimeError):
        count(model, (6,))
    assert all(module.training for module in model.modules())
    assert not any(module._forward_hooks for module in model.modules())


def test_counting_in_another_precision() -> None:
    model = nn.Sequential(psn.Linear(5, 4, ops.Dense(4, 5)), nn.BatchNorm1d(4)).double()
    assert count(model, (5,)) == Count(24 + 8, 24 + 16, 8 * 40, 20)

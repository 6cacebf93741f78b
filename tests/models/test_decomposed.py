"""The decomposed network: exact budgets, products of sums, and numbers that all matter."""

import itertools
import json

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.models.support import images, seeded_numbers, slopes, structured
from torch import nn

from prodsumnet import count
from prodsumnet.models import decomposed_cnn
from prodsumnet.models.decomposed import (
    MAX_BUDGET,
    Terms,
    structure,
    terms_for,
)
from prodsumnet.models.sharing import count_entries
from prodsumnet.models.spectra import low_frequencies
from prodsumnet.nn import Bias, Conv2d, Linear, Network
from prodsumnet.operators import CountSketch, Dense, Product, RandomSigns, Scaled

FREE, SHARED = (3458, 3554, 5000, 20_000), (1, 2, 10, 900, 3457)
EDGES = (1, 2, 3, 9, 10, 11, 3456, 3457, 3458, 3553, 3554, 3555, 3564, 3565, 7000, 99_999, 100_000)


def assert_exact(budget: int, seed: int) -> None:
    network = decomposed_cnn(budget, seed)
    found = count(network)
    assert found.trainable == found.stored == budget
    assert found.bytes == 4 * budget
    # By identity, without the library.
    assert sum(p.numel() for p in {id(p): p for p in network.parameters()}.values()) == budget
    assert all(p.requires_grad for p in network.parameters())


@pytest.mark.parametrize("budget", EDGES)
def test_budgets_are_exact_at_the_edges(budget: int) -> None:
    assert_exact(budget, 0)


@given(budget=st.integers(1, MAX_BUDGET), seed=st.integers(0, 2**31 - 1))
@settings(max_examples=40, deadline=None)
def test_budgets_are_exact(budget: int, seed: int) -> None:
    assert_exact(budget, seed)


# No structure within a factor of two of the usual proportions fits these any closer.
CRAMPED = {*range(3609, 3619), *range(3705, 3709)}


@given(budget=st.integers(1, MAX_BUDGET))
@example(budget=3609)
@example(budget=3705)
@settings(max_examples=60, deadline=None)
def test_the_structure_has_little_room_to_spare(budget: int) -> None:
    terms, usual = terms_for(budget), Terms(10, 4, 13)
    entries = count_entries(structure(terms))
    assert entries >= budget
    assert terms == usual or entries - budget < (18 if budget in CRAMPED else 8)
    assert terms.mixing <= 32
    if terms != usual:
        # The sums grow together.
        growth = budget / 3564
        assert min(growth * 10, 32) / 2 <= terms.mixing <= 2 * growth * 10
        assert growth * 4 / 2 <= terms.hidden <= 2 * growth * 4
        assert growth * 13 / 2 <= terms.rank <= 2 * growth * 13


def test_the_structure_of_some_budgets() -> None:
    # Trained networks depend on these: numbers that were stored must keep their meaning.
    assert terms_for(1) == terms_for(900) == terms_for(3457) == Terms(10, 4, 13)
    assert terms_for(3458) == Terms(8, 3, 16)
    assert terms_for(3554) == Terms(9, 3, 16)
    assert terms_for(3564) == Terms(10, 4, 13)
    assert terms_for(5000) == Terms(8, 6, 27)
    assert terms_for(100_000) == Terms(32, 185, 691)


def test_entries_are_counted_by_hand() -> None:
    for terms in (Terms(1, 1, 1), Terms(10, 4, 13), Terms(9, 3, 16)):
        convolutions = 32 * 10 + 32 + 8 * 8 * terms.mixing + 8 * 4 * terms.mixing + 32 * 6 + 64
        linear = 2 * 64 * terms.hidden + 2 * 28 * terms.hidden + 64 + 16
        last = 10 * terms.rank + 64 * terms.rank + 16 * terms.rank + 10
        assert count_entries(structure(terms)) == convolutions + linear + last


@pytest.mark.parametrize("budget", (*FREE, *SHARED))
def test_every_operator_is_a_product_of_sums(budget: int) -> None:
    layers = structured(decomposed_cnn(budget))
    assert [layer.operator.shape for layer in layers] == [
        (32, 25),
        (64, 800),
        (1024, 3136),
        (10, 1024),
    ]
    for layer in layers:
        operator = layer.operator
        product = operator.operator if isinstance(operator, Scaled) else operator
        assert isinstance(product, Product)
        assert len(list(product)) >= 2
        entries = operator.out_features * operator.in_features
        free = [part for part in operator.modules() if isinstance(part, Dense)]
        assert all(part.shape != operator.shape for part in free)
        if budget in FREE:
            assert len(free) >= 1
            assert all(part.weight.numel() < entries for part in free)
        else:
            # All factors are made of one pool.
            (pool,) = free
            assert pool.shape == (budget, 1)


@pytest.mark.parametrize("budget", (*FREE, *SHARED))
def test_it_maps_images_to_logits(budget: int) -> None:
    network = decomposed_cnn(budget)
    assert network.input_shape == (1, 28, 28)
    assert network(images(3)).shape == (3, 10)
    assert network(images(0)).shape == (0, 10)
    assert network(images(3)).isfinite().all()
    assert network(torch.zeros(2, 1, 28, 28)).isfinite().all()


@pytest.mark.parametrize("budget", (*FREE, *SHARED))
def test_it_computes_the_convolutions_and_products_of_its_weights(budget: int) -> None:
    network = decomposed_cnn(budget).double()
    x = images(3).double()
    expected = x
    for layer in network:
        if isinstance(layer, Conv2d):
            expected = layer.to_conv()(expected)
        elif isinstance(layer, Linear):
            expected = layer.to_linear()(expected)
        elif isinstance(layer, Bias):
            expected = expected + layer.bias.to_dense()[:, 0]
        else:
            expected = layer(expected)
    torch.testing.assert_close(network(x), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("budget", (*FREE, *SHARED))
@pytest.mark.parametrize("seed", [0, 2])
def test_every_number_matters(budget: int, seed: int) -> None:
    torch.manual_seed(seed)
    network = decomposed_cnn(budget, seed)
    gradient = slopes(network)
    assert gradient.shape == (budget,)
    assert gradient.isfinite().all()
    assert gradient.abs().min() > 0


@pytest.mark.parametrize("budget", SHARED)
def test_numbers_of_a_pool_are_spread_evenly(budget: int) -> None:
    network = decomposed_cnn(budget)
    (numbers,) = network.parameters()
    sketches = {id(m): m for m in network.modules() if isinstance(m, CountSketch)}
    assert len(sketches) == 1
    (sketch,) = sketches.values()
    uses = torch.bincount(sketch.buckets, minlength=budget)
    assert numbers.numel() == len(uses) == budget
    assert uses.sum() == count_entries(structure(terms_for(budget))) == sketch.out_features
    assert uses.max() - uses.min() <= 1
    # Small beside the fixed signs, but not zero, where products of biases have no gradient.
    assert 0 < numbers.abs().max() < 0.01


def test_every_entry_of_the_pool_is_used_once() -> None:
    network = decomposed_cnn(900)
    slices = {(m.start, m.stop) for m in network.modules() if type(m).__name__ == "Slice"}
    ordered = sorted(slices)
    assert ordered[0][0] == 0
    assert ordered[-1][1] == count_entries(structure(terms_for(900)))
    assert all(a[1] == b[0] for a, b in itertools.pairwise(ordered))


@pytest.mark.parametrize("budget", (*FREE, *SHARED))
def test_activations_start_near_unit_variance(budget: int) -> None:
    torch.manual_seed(budget)
    network = decomposed_cnn(budget).double()
    for layer, expected in zip(structured(network), (2, 1, 1, 1), strict=True):
        energy = layer.weight.square().sum().item() / layer.operator.out_features
        assert energy == pytest.approx(expected, rel=0.25)
    x = torch.randn(64, 1, 28, 28).double()
    for layer in network:
        x = layer(x)
        if layer in structured(network):
            # Through means that are not zero, and pooling, it can be no closer.
            assert 0.1 < x.square().mean() < 12
        if isinstance(layer, nn.RMSNorm):
            means = x.square().flatten(1).mean(1)
            torch.testing.assert_close(means, torch.ones_like(means), rtol=0.01, atol=0)


@pytest.mark.parametrize("budget", [10, 900])
def test_the_seed_decides_the_fixed_structure(budget: int) -> None:
    first, again, other = (
        decomposed_cnn(budget, 5),
        decomposed_cnn(budget, 5),
        decomposed_cnn(budget, 6),
    )
    assert seeded_numbers(first)
    for one, two in zip(seeded_numbers(first), seeded_numbers(again), strict=True):
        assert torch.equal(one, two)
    assert first.spec() == again.spec()
    assert first.spec() != other.spec()

    def signs(network: Network) -> list[torch.Tensor]:
        return [
            m.signs for m in network.modules() if isinstance(m, RandomSigns) and m.signs.numel() > 9
        ]

    assert len(signs(first)) == len(signs(other)) > 5
    for one, two in zip(signs(first), signs(other), strict=True):
        assert not torch.equal(one, two)
    one, two = (next(m for m in n.modules() if isinstance(m, CountSketch)) for n in (first, other))
    assert not torch.equal(one.buckets, two.buckets)


def test_the_seed_of_torch_decides_the_numbers() -> None:
    for budget in (10, 3554):
        networks = []
        for seed in (3, 3, 4):
            torch.manual_seed(seed)
            networks.append(torch.cat([p.flatten() for p in decomposed_cnn(budget).parameters()]))
        assert torch.equal(networks[0], networks[1])
        assert not torch.equal(networks[0], networks[2])


@pytest.mark.parametrize("budget", [10, 3554])
def test_its_spec_comes_back(budget: int) -> None:
    network = decomposed_cnn(budget, seed=4)
    other = Network.from_spec(json.loads(json.dumps(network.spec(), allow_nan=False)))
    assert count(other) == count(network)
    other.load_state_dict(network.state_dict())
    assert torch.equal(other(images(2)), network(images(2)))


def test_a_few_steps_of_training_lower_the_loss() -> None:
    torch.manual_seed(0)
    network, targets = decomposed_cnn(200), torch.arange(32) % 10
    optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
    losses = []
    for _ in range(12):
        loss = nn.functional.cross_entropy(network(images(32)), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0,), ValueError, "budget must lie between 1 and 100000, got 0"),
        ((100_001,), ValueError, "budget must lie between 1 and 100000, got 100001"),
        ((3.5,), TypeError, r"budget must be an integer, got 3\.5"),
        ((True,), TypeError, "budget must be an integer, got True"),
        ((10, -1), ValueError, "seed must lie between 0 and 2147483647, got -1"),
        ((10, "1"), TypeError, "seed must be an integer, got '1'"),
    ],
)
def test_arguments_are_refused(arguments: tuple, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        decomposed_cnn(*arguments)


@pytest.mark.parametrize(("size", "diagonals"), [(5, 4), (5, 3), (3, 1), (4, 7)])
def test_low_frequencies_are_orthonormal_cosines(size: int, diagonals: int) -> None:
    rows = low_frequencies(size, diagonals).to_dense(torch.float64)
    torch.testing.assert_close(rows @ rows.mT, torch.eye(len(rows)).double())
    grid = torch.arange(size).double()
    waves = [torch.cos(torch.pi * k * (2 * grid + 1) / (2 * size)) for k in range(size)]
    expected = [
        torch.outer(waves[i], waves[total - i]).flatten()
        for total in range(diagonals)
        for i in range(size)
        if 0 <= total - i < size
    ]
    assert len(rows) == len(expected)
    for row, wave in zip(rows, expected, strict=True):
        torch.testing.assert_close(row, wave / wave.norm())

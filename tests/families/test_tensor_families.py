"""What the cases of tensor decompositions and of block families cannot show."""

import itertools

import numpy as np
import pytest
import tensorly
import torch
from tensorly.tt_matrix import tt_matrix_to_tensor

from prodsumnet import families, nn
from prodsumnet.operators import DCT, Circulant, Diagonal, Identity, LinearOperator, Product
from prodsumnet.operators.inverse import Inverse

NAMES = (
    "blast",
    "block-tensor-train",
    "butterfly",
    "cp",
    "deformable-butterfly",
    "kronecker",
    "kronecker-sum",
    "m-product",
    "monarch",
    "t-product",
    "tensor-train",
    "tucker",
)
SHAPES = ((97, 61), (10, 784), (784, 10), (300, 100), (1, 7), (7, 1), (2, 3), (33, 65))


def budgets(name: str, out: int, in_: int, **options: object) -> list[int]:
    least = families.get(name).least(out, in_, **options)
    spread = [int(least * (out * in_ / least) ** share) for share in (0, 0.3, 0.8)]
    return sorted({least, least + 1, *(b for b in spread if b > least), max(out * in_, least)})


def assert_every_number_is_seen(operator: LinearOperator) -> None:
    dense = operator.to_dense()
    loss = (dense * torch.randn_like(dense)).sum()
    for gradient in torch.autograd.grad(loss, list(operator.parameters())):
        assert gradient.abs().min() > 1e-12 * gradient.abs().max()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_number_is_seen(name: str, shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    for budget in budgets(name, *shape):
        operator = families.build(name, *shape, budget, dtype=torch.float64)
        assert operator.num_trainable <= budget
        assert_every_number_is_seen(operator)


@pytest.mark.parametrize("transform", ["hadamard", "random", "identity"])
@pytest.mark.parametrize("shape", [(97, 61), (10, 78), (3, 5), (1, 7)], ids=str)
def test_every_number_is_seen_through_a_transform(transform: str, shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    for budget in budgets("m-product", *shape, transform=transform):
        options = {"dtype": torch.float64, "transform": transform}
        operator = families.build("m-product", *shape, budget, **options)
        assert operator.num_trainable <= budget
        assert_every_number_is_seen(operator)


@pytest.mark.parametrize("name", NAMES)
def test_large_budgets_are_spent(name: str) -> None:
    """At the size of a layer, little of what a structure can use is left over."""
    for budget in (20_000, 100_000):
        operator = families.build(name, 392, 784, budget, device="meta")
        assert 0.7 * budget <= operator.num_trainable <= budget


def test_monarch_is_the_block_tensor_train_of_rank_one() -> None:
    """Where the left blocks are as wide as the right ones are high, see both docstrings."""
    torch.manual_seed(0)
    monarch = families.build("monarch", 16, 16, 128)
    train = families.build("block-tensor-train", 16, 16, 128)
    assert isinstance(monarch, Product)
    assert isinstance(train, Product)
    shuffle, *others = monarch
    train.load_state_dict(
        {f"factors.{i}.weight": others[i].weight for i in (0, 2)},  # pyright: ignore[reportArgumentType]
    )
    torch.testing.assert_close((shuffle @ train).to_dense(), monarch.to_dense())


def test_butterfly_contains_the_hadamard_transform() -> None:
    """All blocks [[1, 1], [1, -1]], whatever the order of the features."""
    operator = families.build("butterfly", 32, 32, 320)
    with torch.no_grad():
        for p in operator.parameters():
            p.copy_(torch.tensor([[1.0, 1.0], [1.0, -1.0]]) / 2**0.5)
    dense = operator.to_dense()
    torch.testing.assert_close(dense @ dense.mT, torch.eye(32))
    torch.testing.assert_close(dense.abs(), torch.full((32, 32), 32**-0.5))


def test_low_rank_is_a_blast_matrix() -> None:
    operator = families.build("blast", 24, 18, 200, dtype=torch.float64)
    left, _, coupling, _, right = operator.factors
    with torch.no_grad():
        coupling.weight.fill_(1)
    rank = coupling.weight.shape[0]
    assert torch.linalg.matrix_rank(operator.to_dense()) == rank
    assert left.in_features == right.out_features == rank * coupling.weight.shape[1]


def test_m_product_with_a_transform_of_ones_own() -> None:
    transform = Circulant(3) @ Diagonal(3)
    operator = families.build(
        "m-product", 12, 6, 30, transform=transform.double(), dtype=torch.float64
    )
    assert operator.num_trainable == 4 * 2 * 3 + 6
    assert any(part is transform for part in operator.modules())
    m = transform.to_dense().detach().contiguous()
    faces = torch.block_diag(*operator.factors[1].weight)
    back, forth = (
        torch.kron(a, torch.eye(s).double()) for a, s in ((m.inverse().contiguous(), 4), (m, 2))
    )
    torch.testing.assert_close(operator.to_dense(), back @ faces @ forth)
    assert_every_number_is_seen(operator)
    with pytest.raises(ValueError, match="needs a budget of at least 30, got 29"):
        families.build("m-product", 12, 6, 29, transform=transform)


def test_m_product_knows_the_inverse_of_an_orthonormal_transform() -> None:
    operator = families.build("m-product", 12, 6, 24, transform=DCT(3))
    assert not any(isinstance(part, Inverse) for part in operator.modules())
    named = families.build("m-product", 12, 6, 24, tubes=3)
    named.load_state_dict(operator.state_dict())
    torch.testing.assert_close(named.to_dense(), operator.to_dense())


def test_m_product_with_the_identity_is_block_diagonal() -> None:
    named = families.build("m-product", 12, 6, 24, tubes=3, transform="identity")
    given = families.build("m-product", 12, 6, 24, transform=Identity(3))
    torch.testing.assert_close(named.to_dense(), torch.block_diag(*named.weight))
    given.load_state_dict({"factors.1.weight": named.weight})
    torch.testing.assert_close(given.to_dense(), named.to_dense())


def test_random_transforms_differ_by_seed() -> None:
    seen = set()
    for seed in (0, 1, 2**63 - 1):
        operator = families.build("m-product", 12, 12, 24, seed, tubes=6, transform="random")
        with torch.no_grad():
            for p in operator.parameters():
                p.copy_(torch.arange(p.numel()).view(p.shape))
        seen.add(tuple(operator.to_dense().flatten().tolist()))
    assert len(seen) == 3


def test_t_product_is_the_m_product_with_the_fourier_transform() -> None:
    operator = families.build("t-product", 12, 8, 24, tubes=4, dtype=torch.float64)
    spectrum = np.fft.fft(operator.factors[1].weight.detach().numpy(), axis=2)
    fourier = np.fft.fft(np.eye(4))
    faces = np.zeros((12, 8), dtype=complex)
    for k in range(4):
        faces[3 * k : 3 * k + 3, 2 * k : 2 * k + 2] = spectrum[:, :, k]
    expected = np.kron(np.linalg.inv(fourier), np.eye(3)) @ faces @ np.kron(fourier, np.eye(2))
    np.testing.assert_allclose(operator.to_dense().detach(), expected, atol=1e-12)


def _cp(weights: list[np.ndarray]) -> np.ndarray:
    vectors = [w.T for w in weights]
    return tensorly.cp_to_tensor((np.ones(vectors[0].shape[1]), vectors))


def _tucker(weights: list[np.ndarray]) -> np.ndarray:
    out, core, channels = weights
    shape = out.shape[0], channels.shape[0], 3, 3
    return tensorly.tucker_to_tensor(
        (core.reshape(shape), [out.T, channels.T, np.eye(3), np.eye(3)])
    )


def _train(weights: list[np.ndarray]) -> np.ndarray:
    cores, left = [], 1
    for weight, (m, n) in zip(reversed(weights), ((12, 8), (1, 3), (1, 3)), strict=True):
        cores.append(weight.reshape(m, -1, left, n).transpose(2, 0, 3, 1))
        left = cores[-1].shape[3]
    return np.asarray(tt_matrix_to_tensor(cores))


@pytest.mark.parametrize(
    ("name", "oracle"), [("cp", _cp), ("tucker", _tucker), ("tensor-train", _train)]
)
def test_kernels_of_a_convolution(name: str, oracle) -> None:
    sizes = {"out_sizes": (12,), "in_sizes": (8, 3, 3)}
    operator = families.build(name, 12, 72, 300, **sizes)
    layer = nn.Conv2d(8, 12, 3, operator, padding=1)
    weights = [p.detach().numpy() for p in operator.parameters()]
    kernels = torch.from_numpy(oracle(weights)).reshape(12, 8, 3, 3).float()
    torch.testing.assert_close(layer.weight, kernels, rtol=1e-5, atol=1e-5)
    x = torch.randn(2, 8, 6, 5)
    expected = torch.nn.functional.conv2d(x, kernels, padding=1)
    torch.testing.assert_close(layer(x), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_more_budget_never_means_much_fewer_numbers(name: str) -> None:
    counts = [
        families.build(name, 60, 90, budget, device="meta").num_trainable
        for budget in range(600, 5400, 300)
    ]
    for smaller, larger in itertools.pairwise(counts):
        assert larger >= 0.9 * smaller

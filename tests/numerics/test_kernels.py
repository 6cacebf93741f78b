"""Kernels with gradients of their own: in chunks, of higher order, and where torch transforms."""

import pytest
import torch

from prodsumnet.numerics import eager, transforms
from prodsumnet.numerics.block_convolution import block_convolve
from prodsumnet.numerics.convolution import circular_convolve
from prodsumnet.numerics.elementwise import scale
from prodsumnet.operators import Permutation

# Torch's own forward mode says this of itself.
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")

N = 8


def drawn(*shape: int) -> torch.Tensor:
    numbers = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    return numbers.requires_grad_()


FUNCTIONS = {
    "dct": (transforms.dct, [(5, N)]),
    "idct": (transforms.idct, [(5, N)]),
    "hadamard": (transforms.hadamard, [(5, N)]),
    "hadamard-columns": (transforms.hadamard_columns, [(N, 5)]),
    "hartley": (transforms.hartley, [(5, N)]),
    "haar": (transforms.haar, [(5, N)]),
    "inverse-haar": (transforms.inverse_haar, [(5, N)]),
    "convolve": (circular_convolve, [(5, N), (N,)]),
    "convolve-more": (lambda x, c: circular_convolve(x, c, 3), [(5, 4), (7,)]),
    "correlate": (lambda x, c: circular_convolve(x, c, 3, mirrored=True), [(5, 4), (7,)]),
    "blocks": (block_convolve, [(5, 12), (2, 3, 4)]),
    "blocks-adjoint": (lambda x, c: block_convolve(x, c, adjoint=True), [(5, 8), (2, 3, 4)]),
    "scale": (scale, [(5, N), (N,)]),
    "permute": (lambda x: Permutation(N)(x), [(5, N)]),
    "permute-columns": (lambda x: Permutation(N)._matmat(x), [(N, 5)]),
}


@pytest.fixture(params=FUNCTIONS, autouse=True)
def example(request: pytest.FixtureRequest):
    function, shapes = FUNCTIONS[request.param]
    return function, [drawn(*shape) for shape in shapes]


def dense(function, leaves: list[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """Result and gradients where nothing is eager, as under `torch.compile`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.compiler, "is_compiling", lambda: True)
        return both(function, leaves)


def both(function, leaves: list[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    y = function(*leaves)
    weights = torch.linspace(-1, 2, y.numel(), dtype=y.dtype).view(y.shape)
    return y, *torch.autograd.grad(y, leaves, weights)


@pytest.mark.parametrize("chunk", [1, 2 * N, 1 << 18])
def test_chunks_agree_with_the_plain_path(
    example, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eager, "_CHUNK", chunk)
    for given, expected in zip(both(*example), dense(*example), strict=True):
        torch.testing.assert_close(given, expected)


def test_the_kernel_is_in_use(example) -> None:
    function, leaves = example
    assert type(function(*leaves).grad_fn).__module__ == "torch.autograd.function"


def test_derivatives_of_higher_order(example) -> None:
    function, leaves = example
    assert torch.autograd.gradcheck(function, leaves)
    assert torch.autograd.gradgradcheck(function, leaves)


def test_gradients_of_each_argument_alone(example) -> None:
    function, leaves = example
    expected = both(function, leaves)[1:]
    for i, leaf in enumerate(leaves):
        others = [other if j == i else other.detach() for j, other in enumerate(leaves)]
        y = function(*others)
        weights = torch.linspace(-1, 2, y.numel(), dtype=y.dtype).view(y.shape)
        torch.testing.assert_close(torch.autograd.grad(y, leaf, weights)[0], expected[i])


def test_function_transforms(example) -> None:
    function, leaves = example
    first, *others = (leaf.detach() for leaf in leaves)

    def apply(x: torch.Tensor) -> torch.Tensor:
        return function(x, *others)

    expected = torch.autograd.functional.jacobian(apply, first)
    for transform in (torch.func.jacrev, torch.func.jacfwd):
        torch.testing.assert_close(transform(apply)(first), expected)
    batched = torch.stack((first, 2 * first))
    torch.testing.assert_close(torch.func.vmap(apply)(batched)[1], 2 * function(first, *others))
    vectorised = torch.autograd.functional.jacobian(apply, first, vectorize=True)
    torch.testing.assert_close(vectorised, expected)
    with torch.inference_mode():
        torch.testing.assert_close(apply(first), function(first, *others))


def test_forward_mode(example) -> None:
    function, leaves = example
    first, *others = (leaf.detach() for leaf in leaves)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(first, 3 * first)
        tangent = torch.autograd.forward_ad.unpack_dual(function(dual, *others)).tangent
    torch.testing.assert_close(tangent, 3 * function(first, *others))

"""Families nested at random: sums, products, Kronecker products and blocks of them."""

import random

import pytest
import torch

from prodsumnet import families
from prodsumnet.operators import LinearOperator, block_diag, hstack, kron, vstack

SAMPLES = 4000


def nested(generator: random.Random, out: int, in_: int, depth: int) -> LinearOperator:
    """A random expression over families, of a shape that can be halved ``depth`` times."""
    if depth == 0:
        name = generator.choice(families.names())
        least = families.get(name).least(out, in_)
        budget = generator.randint(least, max(least, out * in_))
        exact = generator.random() < 0.5
        return families.build(name, out, in_, budget, budget, exact, dtype=torch.float64)
    half = out // 2, in_ // 2

    def part(out: int, in_: int) -> LinearOperator:
        return nested(generator, out, in_, depth - 1)

    kind = generator.randrange(7)
    if kind == 0:
        return part(out, in_) + part(out, in_) + part(out, in_)
    if kind == 1:
        inner = generator.choice((4, 8, 12, 16))
        return part(out, inner) @ part(inner, in_)
    if kind == 2:
        return kron(part(2, 2), part(*half))
    if kind == 3:
        return block_diag(part(*half), part(*half))
    if kind == 4:
        return hstack(part(out, half[1]), part(out, half[1]))
    if kind == 5:
        return vstack(part(half[0], in_), part(half[0], in_))
    return part(in_, out).H


@pytest.mark.parametrize("seed", range(200))
def test_variance_of_nested_families(seed: int) -> None:
    generator = random.Random(seed)
    torch.manual_seed(seed)
    out, in_ = (4 * generator.randint(2, 6) for _ in range(2))
    operator = nested(generator, out, in_, generator.randint(1, 2))
    gain = generator.choice((0.5, 1.0, 2.0))
    operator.reset_parameters(gain)
    assert operator.shape == (out, in_)
    dense = operator.to_dense()
    moment = dense.abs().square().sum().item() / out
    assert moment == pytest.approx(gain**2, rel=0.03)
    x = torch.randn(SAMPLES, in_, dtype=torch.float64).to(dense.dtype)
    found = operator(x).abs().square().mean().item()
    # For Gaussian input the variance of |A x|**2 is at most 2 |A^H A|_F**2.
    spread = (2 / SAMPLES) ** 0.5 * (dense.mH @ dense).abs().square().sum().sqrt().item() / out
    assert abs(found - moment) <= 6 * spread
    if out == in_:
        assert operator.H.second_moment() == pytest.approx(gain**2, rel=0.03)

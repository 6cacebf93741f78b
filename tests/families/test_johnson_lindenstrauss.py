"""The fixed parts of the projecting families keep lengths, as the lemma promises."""

import math

import pytest
import torch
from tests.oracles.families.johnson_lindenstrauss import transform

from prodsumnet import families
from prodsumnet.operators import Dense, LinearOperator, Product

FEATURES, KEPT, VECTORS = 700, 512, 200
PROJECTED = {"johnson-lindenstrauss": 1024, "random-projection": FEATURES}
"""From how many features each family projects: the first pads to a power of two."""


def bound(kept: int, vectors: int) -> float:
    """The smallest distortion of squared lengths that Achlioptas (2003) promises.

    With ``k (e**2 / 2 - e**3 / 3) >= 6 log N`` all of N vectors stay within ``1 - e`` and
    ``1 + e`` with probability at least ``1 - 1 / N``.
    """
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        enough = kept * (middle**2 / 2 - middle**3 / 3) >= 6 * math.log(vectors)
        low, high = (low, middle) if enough else (middle, high)
    return high


def fixed_part(name: str, seed: int) -> LinearOperator:
    """What a built operator has besides its dense factor, as a projection ``(k, n)``."""
    operator = families.build(name, 400, FEATURES, 400 * KEPT, seed, dtype=torch.float64)
    first, *others = operator
    assert isinstance(first, Dense)
    assert first.shape == (400, KEPT)
    return Product(*others)


def vectors(kind: str) -> torch.Tensor:
    torch.manual_seed(len(kind))
    if kind == "gaussian":
        return torch.randn(VECTORS, FEATURES, dtype=torch.float64)
    if kind == "unit":
        return torch.eye(FEATURES, dtype=torch.float64)[:: FEATURES // VECTORS][:VECTORS]
    differences = torch.rand(2, VECTORS, FEATURES, dtype=torch.float64)
    return differences[0] - differences[1]


@pytest.mark.parametrize("kind", ["gaussian", "unit", "differences"])
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", PROJECTED)
def test_keeps_lengths(name: str, seed: int, kind: str) -> None:
    projection, x = fixed_part(name, seed), vectors(kind)
    # The projection sets the variance of an output, and there are fewer of them.
    kept = projection(x).square().sum(-1) / x.square().sum(-1) * PROJECTED[name] / KEPT
    worst = (kept - 1).abs().max().item()
    assert worst <= bound(KEPT, VECTORS)
    assert kept.mean().item() == pytest.approx(1, abs=4 * (2 / KEPT) ** 0.5)


@pytest.mark.parametrize("name", PROJECTED)
def test_fixed_part_has_no_numbers(name: str) -> None:
    projection = fixed_part(name, 0)
    assert projection.num_trainable == 0
    assert not projection.state_dict()


def test_mirrored_projection_is_the_transpose() -> None:
    operator = families.build("johnson-lindenstrauss", 12, 5, 15, seed=3, dtype=torch.float64)
    *others, last = operator
    assert last.shape == (3, 5)
    dense = Product(*others).to_dense(torch.float64)
    torch.testing.assert_close(dense, torch.from_numpy(transform(3, 12, 3).T.copy()))


def test_spreads_what_a_sparse_projection_alone_would_lose() -> None:
    """A unit vector reaches every coordinate, not only the few of its column."""
    projection = fixed_part("johnson-lindenstrauss", 5)
    image = projection(torch.eye(FEATURES, dtype=torch.float64)[:20])
    assert (image != 0).double().mean() > 0.7
    sparse = next(part for part in projection if part.kind == "sparse-signs")
    column = sparse(torch.eye(sparse.in_features, dtype=torch.float64)[:20])
    assert ((column != 0).sum(-1) == 4).all()

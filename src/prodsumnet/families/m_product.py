"""Products of third-order tensors, facewise in a transform domain of their tubes.

Features are seen as ``tubes`` slices, the slice being the slow index. The tubes are transformed by
an invertible ``M``, each slice is multiplied by a matrix of its own, and the tubes are transformed
back. Option ``tubes`` is their length, by default the one that spends the budget best; option
``transform`` is "dct", "hadamard" (whose tubes are a power of two), "random" (orthogonal, seeded:
three cosine transforms with random signs between, as in Yu et al. 2016), "identity" (a
block-diagonal matrix), or any invertible operator, whose size is then the length of the tubes.
Sizes that the tubes do not divide are padded, which leaves no number unseen since the named
transforms spread every entry; an operator of the user's must divide both sizes.
"""

from prodsumnet.families.dials import Choice, best
from prodsumnet.families.family import Family
from prodsumnet.families.ragged import ragged, ragged_count
from prodsumnet.families.shapes import fitted
from prodsumnet.numerics import checks
from prodsumnet.operators import (
    DCT,
    BlockDense,
    Hadamard,
    Identity,
    Kronecker,
    LinearOperator,
    Product,
)
from prodsumnet.operators.inverse import Inverse
from prodsumnet.operators.orthonormal import OrthonormalRows
from prodsumnet.operators.sign_diagonal import SignDiagonal

_NAMED = ("dct", "hadamard", "random", "identity")


def least(
    out_features: int,
    in_features: int,
    tubes: int | None = None,
    transform: str | LinearOperator = "dct",
) -> int:
    """Return the fewest numbers that any length of the tubes takes."""
    return min(_choices(out_features, in_features, tubes, transform))[0]


def build(
    out_features: int,
    in_features: int,
    budget: int,
    seed: int,
    tubes: int | None = None,
    transform: str | LinearOperator = "dct",
) -> LinearOperator:
    """Return the product with nearly the most numbers, one for each entry at the most."""
    m, n = out_features, in_features
    length = best(c for c in _choices(m, n, tubes, transform) if c[0] <= budget)
    if transform == "identity":
        return ragged(length, m, n)
    rows, columns = -(-m // length), -(-n // length)
    forward, backward = _transforms(transform, length, seed)
    product = Product(
        Kronecker(backward, Identity(rows)),
        BlockDense(length, rows, columns),
        Kronecker(forward, Identity(columns)),
    )
    return fitted(product, m, n)


def _choices(m: int, n: int, tubes: int | None, transform: str | LinearOperator) -> list[Choice]:
    """Return what each possible length takes, how little it pads, and the length.

    Raises
    ------
    TypeError, ValueError
        If an option is not valid, or the length does not suit the transform.
    """
    if tubes is not None:
        tubes = checks.positive_int(
            "tubes", tubes, min(m, n) if transform == "identity" else max(m, n)
        )
    if isinstance(transform, LinearOperator):
        size = transform.in_features
        if transform.out_features != size:
            raise ValueError(f"transform must be square, got {transform!r}")
        if tubes not in (None, size) or m % size or n % size:
            raise ValueError(
                f"a transform of size {size} must have the size of the tubes and divide {m} and "
                f"{n}, got tubes={tubes}"
            )
        return [(m * n // size + transform.num_trainable, 0, size)]
    if transform not in _NAMED:
        raise ValueError(
            f"transform must be one of {', '.join(_NAMED)} or an operator, "
            f"got {checks.show(transform)}"
        )
    lengths = range(1, max(m, n) + 1) if tubes is None else [tubes]
    if transform == "identity":
        return [(ragged_count(t, m, n), 0, t) for t in lengths if t <= min(m, n)]
    if transform == "hadamard" and tubes is None:
        lengths = [t for t in lengths if t & (t - 1) == 0]
    found = []
    for t in lengths:
        rows, columns = -(-m // t), -(-n // t)
        found.append((rows * columns * t, -(rows + columns) * t, t))
    # Padding may bring more numbers than there are entries.
    return [c for c in found if c[0] <= m * n] or found


def _transforms(
    transform: str | LinearOperator, length: int, seed: int
) -> tuple[LinearOperator, LinearOperator]:
    """Return a transform and its inverse."""
    if isinstance(transform, LinearOperator):
        known = isinstance(transform, OrthonormalRows)
        return transform, transform.H if known else Inverse(transform)
    if transform == "hadamard":
        return Hadamard(length), Hadamard(length)
    operator: LinearOperator = DCT(length)
    if transform == "random":
        for offset in range(2):
            signs = SignDiagonal(length, (seed + offset) % 2**63)
            operator = DCT(length) @ signs @ operator
    return operator, operator.H


FAMILY = Family(
    name="m-product",
    build=build,
    least=least,
    formula="(M⁻¹ ⊗ I) diag(A₁, A₂, …) (M ⊗ I)",
    source="Kernfeld, Kilmer & Aeron 2015",
    good_for="layers whose features form slices, with a transform of one's own choice",
    accepts="any shape, padded to the tubes; least about max(m, n) (tubes as long as that)",
)

"""The t-product of third-order tensors: a block-circulant matrix.

Features are seen as ``tubes`` slices, the slice being the slow index, and every slice of the output
is a circular convolution of those of the input along the tubes, with matrices for its coefficients:
the `m-product` with the discrete Fourier transform, in real numbers. Option ``tubes`` is the length
of the tubes, by default the one that spends the budget best. Sizes that it does not divide are
padded, by so little that every number is seen.
"""

from prodsumnet.families.dials import Choice, best
from prodsumnet.families.family import Family
from prodsumnet.families.shapes import fitted
from prodsumnet.numerics import checks
from prodsumnet.operators import AxisPermutation, LinearOperator, Product
from prodsumnet.operators.block_circulant import BlockCirculant


def least(out_features: int, in_features: int, tubes: int | None = None) -> int:
    """Return the fewest numbers that any length of the tubes takes."""
    return min(_choices(out_features, in_features, tubes))[0]


def build(
    out_features: int, in_features: int, budget: int, seed: int, tubes: int | None = None
) -> LinearOperator:
    """Return the product with nearly the most numbers, one for each entry at the most."""
    m, n = out_features, in_features
    length = best(c for c in _choices(m, n, tubes) if c[0] <= budget)
    rows, columns = -(-m // length), -(-n // length)
    product = Product(
        AxisPermutation((rows, length), (1, 0)),
        BlockCirculant(rows, columns, length),
        AxisPermutation((length, columns), (1, 0)),
    )
    return fitted(product, m, n)


def _choices(m: int, n: int, tubes: int | None) -> list[Choice]:
    """Return what each possible length takes, how little it pads, and the length.

    Raises
    ------
    TypeError, ValueError
        If ``tubes`` is not a length at which every number is seen.
    """
    lengths = range(1, max(m, n) + 1)
    if tubes is not None:
        lengths = [checks.positive_int("tubes", tubes, max(m, n))]
    found = []
    for length in lengths:
        rows, columns = -(-m // length), -(-n // length)
        # The whole slices on both sides must differ by every distance along the tubes.
        if m // rows + n // columns > length:
            padded = (rows + columns) * length
            found.append((rows * columns * length, -padded, length))
    if not found:
        raise ValueError(f"tubes of length {tubes} leave numbers unseen at {m}×{n}")
    return [c for c in found if c[0] <= m * n] or found


FAMILY = Family(
    name="t-product",
    build=build,
    least=least,
    formula="(F⁻¹ ⊗ I) diag(Â₁, Â₂, …) (F ⊗ I)",
    source="Kilmer & Martin 2011",
    good_for="layers whose features form slices, with the same map at every shift of them",
    accepts="any shape, padded to the tubes; least about max(m, n) (tubes as long as that)",
)

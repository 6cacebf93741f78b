"""Toeplitz matrices, ``T_0 + Σ_k T_k D_k`` with random signs ``D_k``.

Below ``out + in - 1`` numbers it is the band of that many diagonals that holds most entries. Above,
terms with random signs before them are added, the last one a band again, up to as many numbers as
the matrix has entries.
"""

from collections.abc import Callable

from prodsumnet.families.circulant import signed_copies
from prodsumnet.families.family import Family
from prodsumnet.operators import (
    Identity,
    Kronecker,
    LinearOperator,
    Product,
    Sum,
    truncate,
    zero_pad,
)
from prodsumnet.operators.block_circulant import BlockCirculant
from prodsumnet.operators.sign_diagonal import SignDiagonal
from prodsumnet.operators.toeplitz import Toeplitz


def least(out_features: int, in_features: int) -> int:
    """Return the numbers of one diagonal."""
    return 1


def build(out_features: int, in_features: int, budget: int, seed: int) -> LinearOperator:
    """Return a band, or a sum of Toeplitz matrices with random signs."""
    return summed(band, signed_sum, out_features, in_features, budget, seed)


def summed(
    band: Callable[[int, int, int], LinearOperator],
    signed_sum: Callable[[int, int, int, int], LinearOperator],
    out_features: int,
    in_features: int,
    budget: int,
    seed: int,
) -> LinearOperator:
    """Return one matrix with all its diagonals, as many with random signs, and a signed band.

    Parameters
    ----------
    band : callable
        ``band(out_features, in_features, count)`` gives the matrix of so many diagonals.
    signed_sum : callable
        ``signed_sum(out_features, in_features, terms, seed)`` gives a sum of full ones.
    out_features, in_features, budget, seed : int
        As for any family.
    """
    numbers = out_features + in_features - 1
    full, rest = divmod(min(budget, out_features * in_features), numbers)
    terms = []
    if full > 0:
        terms.append(band(out_features, in_features, numbers))
    if full > 1:
        terms.append(signed_sum(out_features, in_features, full - 1, seed))
    if rest:
        narrow = band(out_features, in_features, rest)
        # Other signs than in the sum.
        signs = SignDiagonal(in_features, (seed + 1) % 2**63)
        terms.append(narrow @ signs if full else narrow)
    return Sum.of(*terms)


def band(out_features: int, in_features: int, count: int) -> Toeplitz:
    """Return the band of ``count`` diagonals in the middle, where the longest ones are."""
    first = (out_features - in_features - count + 1) // 2
    return Toeplitz(out_features, in_features, first + count - 1, -first)


def signed_sum(out_features: int, in_features: int, terms: int, seed: int) -> LinearOperator:
    """Return ``Σ_k T_k D_k``, every ``T_k`` a corner of a circulant matrix, all applied at once."""
    size = out_features + in_features - 1
    return Product.of(
        truncate(out_features, size),
        BlockCirculant(1, terms, size),
        Kronecker(Identity(terms), zero_pad(size, in_features)),
        signed_copies(in_features, terms, seed),
    )


FAMILY = Family(
    name="toeplitz",
    build=build,
    least=least,
    formula="Σ_d θ_d S_d, S_d shifts; T₀ + Σₖ Tₖ Dₖ, Dₖ random signs",
    source="Golub & Van Loan 2013; Sindhwani, Sainath & Kumar 2015",
    good_for="signals on a line: any number of diagonals, in O(n log n)",
    accepts="any shape; up to m + n - 1 numbers the middle diagonals, then a sum, up to m n; "
    "least 1",
)

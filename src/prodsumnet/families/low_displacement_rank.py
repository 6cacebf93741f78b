"""Matrices of low displacement rank: sums of products of structured matrices, full in rank.

``A M - M B`` or ``M - A M Bᵀ`` has low rank for two simple matrices ``A`` and ``B``, and ``M`` is
made of ``r`` pairs of vectors (Kailath, Kung & Morf 1979; Pan 2001). As layers see Sindhwani,
Sainath & Kumar (2015), Zhao et al. (2017) and Thomas et al. (2018). ``E`` is the rectangular
identity, ``J`` the reversal of the features:

================================ =========================================== ====================
structure                        formula                                     displacement rank
================================ =========================================== ====================
``"toeplitz-like"``              ``Σ C(g) E S(h)``, circulant and            r, of Z₁ and Z₋₁
                                 skew-circulant
``"hankel-like"``                ``Σ C(g) E S(h) J``                         r, of Z₁ and Z₋₁ᵀ
``"toeplitz-plus-hankel-like"``  both, half of the terms each                2 r + 3, of Y₀₀ and Y₁₁
``"vandermonde-like"``           ``Σ diag(g) V C(h)``                        r, of nodes and Z₁
``"cauchy-like"``                ``Σ diag(g) C diag(h)``                     r, of nodes and nodes
``"subdiagonal"`` (LDR-SD),      ``Σ K_A(g) K_B(h)ᵀ``, learned ``A``, ``B``  2 r, of A and B
``"tridiagonal"`` (LDR-TD)       that start near Z₁ and Z₋₁
================================ =========================================== ====================

Powers of real nodes are nearly dependent, so of all these only the Vandermonde-like ones have
singular values that fall fast.

Options
-------
structure : str, optional
    One of these.
"""

from prodsumnet.families.family import Family
from prodsumnet.numerics import checks
from prodsumnet.operators import (
    AxisPermutation,
    BlockDense,
    Dense,
    Identity,
    Kronecker,
    LinearOperator,
    Permutation,
    Product,
    VStack,
    truncate,
    zero_pad,
)
from prodsumnet.operators.block_circulant import BlockCirculant
from prodsumnet.operators.cauchy import Cauchy
from prodsumnet.operators.krylov import Krylov
from prodsumnet.operators.skew_circulant import SkewCirculant
from prodsumnet.operators.tridiagonal import Tridiagonal
from prodsumnet.operators.vandermonde import Vandermonde

_MOST_TERMS = 32
_BOTH = "toeplitz-plus-hankel-like"
_LEARNED = {"subdiagonal": True, "tridiagonal": False}
_STRUCTURES = (
    "toeplitz-like",
    "hankel-like",
    _BOTH,
    "vandermonde-like",
    "cauchy-like",
    *_LEARNED,
)


def least(out_features: int, in_features: int, structure: str = "toeplitz-like") -> int:
    """Return the numbers of one term, of two for both kinds, with those of learned operators."""
    if not isinstance(structure, str) or structure not in _STRUCTURES:
        raise ValueError(
            f"structure must be one of {', '.join(_STRUCTURES)}, got {checks.show(structure)}"
        )
    terms = 2 if structure == _BOTH else 1
    return terms * (out_features + in_features) + _learned(out_features, in_features, structure)


def build(
    out_features: int,
    in_features: int,
    budget: int,
    seed: int,
    structure: str = "toeplitz-like",
) -> LinearOperator:
    """Return the most terms within the budget, at most as many as features, or 32."""
    fixed = _learned(out_features, in_features, structure)
    kinds = 2 if structure == _BOTH else 1
    rank = (budget - fixed) // (out_features + in_features)
    rank = min(rank, _MOST_TERMS, kinds * min(out_features, in_features))
    if structure in _LEARNED:
        return _from_learned(out_features, in_features, rank, _LEARNED[structure])
    if structure == "cauchy-like":
        matrix = Cauchy(out_features, in_features)
        return Product.of(
            _weighted(out_features, rank).H, _each(rank, matrix), _weighted(in_features, rank)
        )
    if structure == "vandermonde-like":
        matrix = Vandermonde(out_features, in_features)
        return Product.of(
            _weighted(out_features, rank).H,
            _each(rank, matrix),
            BlockCirculant(rank, 1, in_features),
        )
    return _shifted(out_features, in_features, rank, structure)


def _shifted(out_features: int, in_features: int, rank: int, structure: str) -> LinearOperator:
    """Return ``Σ C(g) E S(h)``, with reversed features in some terms, all or none."""
    reversal = Permutation(in_features, order=range(in_features - 1, -1, -1))
    mirrored = {"toeplitz-like": 0, "hankel-like": rank, _BOTH: rank // 2}[structure]
    skew = [SkewCirculant(in_features) for _ in range(rank)]
    stacks: list[LinearOperator] = []
    if mirrored < rank:
        stacks.append(VStack(*skew[mirrored:]))
    if mirrored:
        stacks.append(VStack(*skew[:mirrored]) @ reversal)
    fit = Identity(in_features)
    if out_features < in_features:
        fit = truncate(out_features, in_features)
    elif out_features > in_features:
        fit = zero_pad(out_features, in_features)
    right = VStack(*stacks) if len(stacks) > 1 else stacks[0]
    factors = [BlockCirculant(1, rank, out_features), right]
    if not fit.is_identity:
        factors.insert(1, _each(rank, fit))
    return Product(*factors)


def _from_learned(
    out_features: int, in_features: int, rank: int, subdiagonal_only: bool
) -> LinearOperator:
    # No more powers than the rank can need, and enough that every number of A and B takes part.
    powers = max(2, min(out_features, in_features))
    # Of different corners, as shifts with the same one commute; single features would cancel.
    corners = (1, -1 if in_features > 1 else 1)
    left, right = (
        Krylov(
            Tridiagonal(size, subdiagonal_only=subdiagonal_only, near_shift=corner),
            Dense(size, rank),
            powers,
        )
        for size, corner in zip((out_features, in_features), corners, strict=True)
    )
    return left @ right.T


def _learned(out_features: int, in_features: int, structure: str) -> int:
    """Return how many numbers the two learned operators have."""
    if structure not in _LEARNED:
        return 0
    return sum(
        size if _LEARNED[structure] or size == 1 else 4 if size == 2 else 3 * size
        for size in (out_features, in_features)
    )


def _each(terms: int, operator: LinearOperator) -> LinearOperator:
    return Kronecker(Identity(terms), operator) if terms > 1 else operator


def _weighted(size: int, terms: int) -> LinearOperator:
    """Return ``terms`` diagonal matrices on top of each other, in one tensor."""
    return AxisPermutation((size, terms), (1, 0)) @ BlockDense(size, terms, 1)


FAMILY = Family(
    name="low-displacement-rank",
    build=build,
    least=least,
    formula="Σᵢ K_A(gᵢ) K_B(hᵢ)ᵀ, such as Σᵢ C(gᵢ) E S(hᵢ), circulant and skew-circulant",
    source="Sindhwani, Sainath & Kumar 2015; Zhao et al. 2017; Thomas et al. 2018",
    good_for="full-rank layers in O(r n log n); products and inverses stay in the class",
    accepts="any shape, factors of both sizes; option structure: Toeplitz-, Hankel-, Vandermonde-, "
    "Cauchy-like or learned; at most 32 terms; least m + n",
)

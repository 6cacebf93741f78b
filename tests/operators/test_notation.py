"""Formulas as a mathematician writes them."""

import pytest

from prodsumnet.operators import (
    DCT,
    AxisPermutation,
    Basis,
    BlockDense,
    Circulant,
    Convolution2d,
    Dense,
    Diagonal,
    Hadamard,
    Hashed,
    Identity,
    KhatriRao,
    LinearOperator,
    LowRank,
    Permutation,
    RandomSigns,
    Selection,
    Slice,
    Sparse,
    Zero,
    block_diag,
    hstack,
    kron,
    notation,
    vstack,
)

D = Dense(2, 2)

FORMULAS = [
    (Dense(10, 16) @ (Diagonal(16) + Circulant(16)), "Dense(10×16)·(Diagonal(16) + Circulant(16))"),
    (D @ D.H, "Dense(2×2)·Dense(2×2)ᴴ"),
    ((D @ D).H, "(Dense(2×2)·Dense(2×2))ᴴ"),
    ((D + D.T).T, "(Dense(2×2) + Dense(2×2)ᵀ)ᵀ"),
    (D.H.T, "(Dense(2×2)ᴴ)ᵀ"),
    (D - Zero(2, 2).H, "Dense(2×2) - 0(2×2)ᴴ"),
    (-(D + D.H), "-(Dense(2×2) + Dense(2×2)ᴴ)"),
    (0.5 * D, "0.5·Dense(2×2)"),
    ((1 - 2j) * D, "(1-2j)·Dense(2×2)"),
    (2j * D, "0+2j·Dense(2×2)"),
    (2 * D @ D, "(2·Dense(2×2))·Dense(2×2)"),
    (kron(D, D + D.H), "Dense(2×2)⊗(Dense(2×2) + Dense(2×2)ᴴ)"),
    (kron(D @ D, Identity(3)), "(Dense(2×2)·Dense(2×2))⊗I(3)"),
    (kron(D, DCT(2)) @ Hadamard(4), "Dense(2×2)⊗DCT(2)·H(4)"),
    (D + D + D + D, "Σ₄ Dense(2×2)"),
    (D @ D @ D, "Π₃ Dense(2×2)"),
    (D + D, "Dense(2×2) + Dense(2×2)"),
    (KhatriRao(D, Dense(2, 3)), "Dense(2×2)•Dense(2×3)"),
    (Basis(DCT(3), Identity(3)), "θ·DCT(3) + θ·I(3)"),
    (Basis(DCT(3)) @ DCT(3), "(θ·DCT(3))·DCT(3)"),
    (block_diag(D, Dense(1, 2)), "diag(Dense(2×2), Dense(1×2))"),
    (hstack(D, Dense(2, 1)), "hstack(Dense(2×2), Dense(2×1))"),
    (vstack(D + D, D), "vstack(Dense(2×2) + Dense(2×2), Dense(2×2))"),
    (Convolution2d(LowRank(2, 4, 1), (5, 5), 2), "Conv2×2[Dense(2×1)·Dense(1×4)]"),
    (Sparse(3, 4, 5), "Sparse(3×4, 5)"),
    (Hashed(3, 4, 5), "Hashed(3×4, 5)"),
    (Basis.seeded(3, 4, 5), "Basis(3×4, 5)"),
    (BlockDense(3, 1, 2), "Blocks(3×[1×2])"),
    (Permutation(4), "P(4)"),
    (AxisPermutation((2, 3), (1, 0)), "P(2×3→10)"),
    (Selection(4, (2, 0)), "Select(2×4)"),
    (Slice(4, 1, 3), "Slice(1:3 of 4)"),
    (RandomSigns(2, 3), "Signs(2×3)"),
]


@pytest.mark.parametrize(("operator", "formula"), FORMULAS, ids=[f for _, f in FORMULAS])
def test_formula(operator: LinearOperator, formula: str) -> None:
    assert operator._symbol() == notation.formula(operator) == formula
    out, in_ = operator.shape
    assert repr(operator) == f"{formula}  [{out}×{in_}, {operator.num_trainable} trainable]"


def test_many_operands_are_elided() -> None:
    terms = [Dense(2, 2), Diagonal(2)] * 20
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    text = total._symbol()
    assert text.startswith("Dense(2×2) + Diagonal(2) + ")
    assert text.endswith(" + Diagonal(2)")
    assert "… (40 in all)" in text
    assert text.count("+") == 5


def test_long_formulas_are_shortened() -> None:
    operator: LinearOperator = Dense(2, 2)
    for size in range(40):
        operator = (operator + Sparse(2, 2, 1, seed=size)) @ Hashed(2, 2, 1)
    assert len(operator._symbol()) > 1000
    text = notation.formula(operator)
    assert len(text) < 410
    assert " … " in text
    assert operator._symbol().startswith(text.split(" … ")[0])
    assert operator._symbol().endswith(text.split(" … ")[1])
    assert text in repr(operator)

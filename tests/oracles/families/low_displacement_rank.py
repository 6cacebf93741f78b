"""Cases of the low-displacement-rank family against sums of products by scipy and numpy."""

import numpy as np
import scipy.linalg
import torch
from tests.contract.case import Case, Numbers
from tests.oracles import cauchy, krylov, tridiagonal, vandermonde

from prodsumnet import families


def _build(*arguments: object, **options: object):
    return families.build("low-displacement-rank", *arguments, dtype=torch.float64, **options)


def skew(column: np.ndarray) -> np.ndarray:
    return scipy.linalg.toeplitz(column, np.append(column[0], -column[:0:-1]))


def shift_terms(numbers: Numbers, out: int, in_: int, mirrored: int) -> np.ndarray:
    """Products of a circulant and a skew-circulant matrix, the last ones mirrored."""
    (circulant, *columns) = numbers.values()
    assert circulant.shape == (1, len(columns), out)
    dense = np.zeros((out, in_))
    for k, (first, second) in enumerate(zip(circulant[0], columns, strict=True)):
        term = scipy.linalg.circulant(first) @ np.eye(out, in_) @ skew(second)
        dense += term if k < len(columns) - mirrored else term[:, ::-1]
    return dense


def node_terms(numbers: Numbers, fixed: np.ndarray, circulant: bool) -> np.ndarray:
    left, right = numbers.values()
    dense = np.zeros(fixed.shape)
    for k in range(left.shape[1]):
        term = np.diag(left[:, k, 0]) @ fixed
        if circulant:
            dense += term @ scipy.linalg.circulant(right[k, 0])
        else:
            dense += term @ np.diag(right[:, k, 0])
    return dense


def learned_terms(numbers: Numbers, out: int, in_: int, alone: bool) -> np.ndarray:
    a, g, b, h = numbers.values()
    powers = max(2, min(out, in_))
    left = krylov.matrix(tridiagonal.matrix(a, out, True, alone), g, powers)
    right = krylov.matrix(tridiagonal.matrix(b, in_, True, alone), h, powers)
    return left @ right.T


def matrix(numbers: Numbers, out: int, in_: int, structure: str, terms: int) -> np.ndarray:
    if structure == "cauchy-like":
        return node_terms(numbers, cauchy.matrix(out, in_), False)
    if structure == "vandermonde-like":
        return node_terms(numbers, vandermonde.matrix(out, in_), True)
    if structure in ("subdiagonal", "tridiagonal"):
        return learned_terms(numbers, out, in_, structure == "subdiagonal")
    mirrored = {"toeplitz-like": 0, "hankel-like": terms}.get(structure, terms // 2)
    return shift_terms(numbers, out, in_, mirrored)


ERRORS = (
    (
        lambda: _build(4, 6, 9),
        ValueError,
        "'low-displacement-rank' at 4×6 needs a budget of at least 10, got 9",
    ),
    (
        lambda: _build(4, 6, 39, structure="tridiagonal"),
        ValueError,
        "needs a budget of at least 40, got 39",
    ),
    (lambda: _build(4, 4, 99, structure="toeplitz"), ValueError, "structure must be one of toep"),
    (lambda: _build(4, 4, 99, structure=[]), ValueError, r"structure must be .*, got \[\]"),
    (lambda: _build(4, 4, 99, rank=2), TypeError, "takes the options structure, got 'rank'"),
)

CASES = [
    Case(
        id=f"{structure}-{out}x{in_}-{budget}",
        build=lambda a=(out, in_, budget), structure=structure: _build(*a, structure=structure),
        oracle=lambda numbers, a=(out, in_, structure, terms): matrix(numbers, *a),
        trainable=trainable,
        linear=False,
        errors=ERRORS,
    )
    for structure, out, in_, budget, terms, trainable in (
        ("toeplitz-like", 6, 6, 30, 2, 24),
        ("toeplitz-like", 4, 7, 1000, 4, 44),
        ("hankel-like", 7, 3, 29, 2, 20),
        ("toeplitz-plus-hankel-like", 5, 5, 30, 3, 30),
        ("toeplitz-plus-hankel-like", 1, 1, 9, 2, 4),
        ("vandermonde-like", 6, 6, 24, 2, 24),
        ("vandermonde-like", 3, 8, 12, 1, 11),
        ("cauchy-like", 5, 5, 29, 2, 20),
        ("cauchy-like", 7, 4, 1000, 4, 44),
        ("subdiagonal", 6, 6, 36, 2, 36),
        ("subdiagonal", 1, 4, 13, 1, 10),
        ("tridiagonal", 5, 5, 60, 3, 60),
        ("tridiagonal", 2, 9, 43, 1, 42),
        ("tridiagonal", 1, 1, 4, 1, 4),
    )
]

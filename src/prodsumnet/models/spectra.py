"""Rows of fixed transforms, in the order of their frequencies."""

from prodsumnet.operators import (
    DCT,
    Haar,
    Hadamard,
    Hartley,
    LinearOperator,
    Permutation,
    Selection,
    SignDiagonal,
    kron,
    zero_pad,
)

TRANSFORMS = ("dct", "hartley", "hadamard", "haar", "random")
"""Cosine, Fourier in real form, Walsh-Hadamard, wavelet, and a seeded orthogonal one."""


def low_pass(transform: str, size: int, kept: int, seed: int = 0) -> LinearOperator:
    """Return the first rows of a transform, from low to high frequency, ``(kept, size)``.

    Orthonormal transforms of any size; those that need a power of two are of the input padded with
    zeros. The random one has no frequencies: it is :math:`H D_2 P H D_1` with seeded signs and a
    permutation, of which any rows are as good as any others (Ailon & Chazelle 2009).

    Parameters
    ----------
    transform : str
        One of `TRANSFORMS`.
    size : int
        Number of features.
    kept : int
        Number of rows, at most the size.
    seed : int, optional
        Of the random transform.

    Raises
    ------
    ValueError
        If the transform is unknown.
    """
    padded = 1 << (size - 1).bit_length()
    if transform == "dct":
        return Selection(size, range(kept)) @ DCT(size)
    if transform == "hartley":
        frequencies = sorted(range(size), key=lambda row: min(row, size - row))
        return Selection(size, frequencies[:kept]) @ Hartley(size)
    if transform == "haar":
        return Selection(size, range(kept)) @ Haar(size)
    if transform == "hadamard":
        rows = sequency_order(padded)[:kept]
        return Selection(padded, rows) @ Hadamard(padded) @ zero_pad(padded, size)
    if transform == "random":
        scrambled = SignDiagonal(padded, seed + 1) @ Permutation(padded, seed) @ Hadamard(padded)
        mixed = Hadamard(padded) @ scrambled @ SignDiagonal(padded, seed)
        return Selection(padded, range(kept)) @ mixed @ zero_pad(padded, size)
    raise ValueError(f"transform must be one of {', '.join(TRANSFORMS)}, got {transform!r}")


def sequency_order(size: int) -> list[int]:
    """Return the rows of a Hadamard matrix in natural order, by their number of sign changes.

    The row with k changes is the bit reversal of the Gray code of k (Walsh 1923).
    """
    bits = size.bit_length() - 1
    return [int(f"{k ^ (k >> 1):0{bits}b}"[::-1], 2) if bits else 0 for k in range(size)]


def zigzag(size: int, kept: int) -> list[int]:
    """Return the first positions of a square, flattened, along its antidiagonals (Wallace 1992).

    Unlike in JPEG, every antidiagonal is walked in the same direction, from its top.
    """
    order = sorted((i + j, i * size + j) for i in range(size) for j in range(size))
    return [index for _, index in order[:kept]]


def low_frequencies(kernel_size: int, diagonals: int) -> LinearOperator:
    r"""Return the lowest rows of the 2-D cosine transform, those with :math:`i + j <` diagonals.

    Shape ``(rows, kernel_size**2)``: fixed orthonormal kernels to combine.
    """
    size = range(kernel_size)
    rows = zigzag(kernel_size, sum(i + j < diagonals for i in size for j in size))
    return Selection(kernel_size**2, rows) @ kron(DCT(kernel_size), DCT(kernel_size))

"""The 4-f correlator: ``F diag(H) F`` on an image, complex.

A lens transforms the image, a filter plane multiplies the spectrum, and a second lens transforms
again, forward once more, so that the output is mirrored; it is filtered all the same (Weaver &
Goodman 1966). A point of the filter plane is a complex number, two real ones. With fewer, only a
central window of the plane is open, low frequencies first. For more outputs than inputs there are
several filters side by side, for fewer there are evenly spaced detectors; with more numbers, more
filters are added, whose outputs pass phase masks of 0 or π. The output is complex.

Options
-------
sizes : sequence of int, optional
    Height and width of the image, or more or fewer axes. By default those of a near square, if the
    size is ``a b`` with ``1 < a <= b <= 2 a``, else a line.
"""

from collections.abc import Sequence

import torch

from prodsumnet.families.family import Family
from prodsumnet.families.fourier import grid, summed
from prodsumnet.operators import (
    Diagonal,
    Identity,
    Kronecker,
    LinearOperator,
    Ones,
    Product,
    Selection,
)
from prodsumnet.operators.dft import DFT


def least(out_features: int, in_features: int, sizes: Sequence[int] | None = None) -> int:
    """Return one complex number, the open centre of the plane, for each filter."""
    grid(in_features, sizes)
    return 2 * -(-out_features // in_features)


def build(
    out_features: int,
    in_features: int,
    budget: int,
    seed: int,
    sizes: Sequence[int] | None = None,
) -> LinearOperator:
    """Return correlators that share the first lens."""
    axes = grid(in_features, sizes)
    lens = Kronecker(*map(DFT, axes))
    dtype = torch.get_default_dtype().to_complex()

    def bank(filters: int, frequencies: int) -> LinearOperator:
        plane = Diagonal(filters * frequencies, dtype=dtype)
        window = Identity(in_features)
        if frequencies < in_features:
            window = Selection(in_features, _lowest(axes, frequencies))
        if filters == 1:
            return Product.of(lens, window.H, plane, window, lens)
        each = Identity(filters)
        copies = Kronecker(Ones(filters, 1), Product.of(window, lens))
        return Product(Kronecker(each, Product.of(lens, window.H)), plane, copies)

    return summed(bank, out_features, in_features, budget // 2, seed)


def _lowest(axes: tuple[int, ...], count: int) -> list[int]:
    """Return the lowest frequencies of the plane, in row-major order."""
    squares = [0]
    for size in axes:
        folded = [min(k, size - k) ** 2 for k in range(size)]
        squares = [square + other for square in squares for other in folded]
    return sorted(sorted(range(len(squares)), key=squares.__getitem__)[:count])


FAMILY = Family(
    name="optical-correlator",
    build=build,
    least=least,
    formula="F diag(H₀) F + Σₖ Sₖ F diag(Hₖ) F, H complex, Sₖ phase masks 0 or π",
    source="Weaver & Goodman 1966; Goodman 2005",
    good_for="complex layers as optics computes them in two lenses",
    accepts="any shape: several filters for more outputs than inputs, evenly spaced detectors for "
    "fewer; option sizes; complex; least 2 ⌈m / n⌉, the centre of the plane",
)

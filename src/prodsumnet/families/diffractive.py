"""Diffractive networks (D2NN): ``θ R P D_L P ... D_1 P S``, complex.

The input is the amplitude of a field of light in a window in the middle of a grid, ``S``. The field
propagates freely, ``P``, through ``L`` masks ``D`` that turn its phase at every point, and is read
in a window in the middle of the last plane, ``R``. Masks are trained, and one gain ``θ``, since
light that passes masks is not amplified (Lin et al. 2018). Every input reaches every output by way
of every point.

Masks are added, each of one phase per point, up to the budget; what is left to less than that is
spread evenly over all masks, by phases that runs of neighbouring points share. The lengths are by
default those of Lin et al. at 0.4 THz, with which light of one point covers their grid of 200 by
200 points in one step. The grid is as small as the features allow by default, and periodic.

Options
-------
sizes : int or pair of int, optional
    Rows and columns of the grid; by default a square that just holds the features.
layers : int, optional
    Number of masks; by default as few as hold the budget, at most 32.
wavelength, pitch, distance : float, optional
    Wavelength, distance of points and of planes, in metres.
"""

import math
from collections.abc import Sequence

from prodsumnet.families.family import Family
from prodsumnet.numerics import checks
from prodsumnet.operators import Basis, LinearOperator, Product, Selection
from prodsumnet.operators.phases import Phases
from prodsumnet.operators.propagation import Propagation

_MOST_LAYERS = 32
_FEWEST_PHASES = 2
WAVELENGTH, PITCH, DISTANCE = 0.75e-3, 0.4e-3, 30e-3


def least(
    out_features: int,
    in_features: int,
    sizes: int | Sequence[int] | None = None,
    layers: int | None = None,
    wavelength: float = WAVELENGTH,
    pitch: float = PITCH,
    distance: float = DISTANCE,
) -> int:
    """Return two phases for each mask, of which one alone would turn the whole field, and θ."""
    _grid(out_features, in_features, sizes)
    return 1 + _FEWEST_PHASES * (1 if layers is None else _given_layers(layers))


def build(
    out_features: int,
    in_features: int,
    budget: int,
    seed: int,
    sizes: int | Sequence[int] | None = None,
    layers: int | None = None,
    wavelength: float = WAVELENGTH,
    pitch: float = PITCH,
    distance: float = DISTANCE,
) -> LinearOperator:
    """Return masks with as many phases as the budget has, at most one for each point."""
    grid = _grid(out_features, in_features, sizes)
    points = math.prod(grid)
    if layers is None:
        count = min(-(-(budget - 1) // points), (budget - 1) // _FEWEST_PHASES, _MOST_LAYERS)
    else:
        count = _given_layers(layers)
    phases = min(budget - 1, count * points)
    # Every second factor is the same propagation.
    step = Propagation(grid, wavelength, pitch, distance)
    masks = [Phases(points, (phases + layer) // count) for layer in range(count)]
    planes = [factor for mask in masks for factor in (step, mask)]
    detectors = Selection(points, _window(grid, out_features))
    sources = Selection(points, _window(grid, in_features))
    return Basis(Product(detectors, *planes, step, sources.H))


def _given_layers(layers: object) -> int:
    return checks.positive_int("layers", layers, _MOST_LAYERS)


def _grid(
    out_features: int, in_features: int, sizes: int | Sequence[int] | None
) -> tuple[int, ...]:
    """Return rows and columns of a grid that holds the features, and at least two points."""
    largest = max(out_features, in_features, _FEWEST_PHASES)
    if sizes is None:
        return (math.isqrt(largest - 1) + 1,) * 2
    grid = checks.size_tuple("sizes", sizes, 2)
    if math.prod(grid) < largest:
        raise ValueError(
            f"sizes must give a grid of at least {largest} points, got {checks.show(grid)}"
        )
    return grid


def _window(grid: tuple[int, ...], features: int) -> list[int]:
    """Return the points of a near square in the middle, row by row, as many as features."""
    rows, columns = grid
    height = max(min(rows, math.isqrt(features - 1) + 1), -(-features // columns))
    width = -(-features // height)
    top, left = (rows - height) // 2, (columns - width) // 2
    return [(top + i // width) * columns + left + i % width for i in range(features)]


FAMILY = Family(
    name="diffractive",
    build=build,
    least=least,
    formula="θ R P D_L P ⋯ D₁ P S, P = F⁻¹ H F, D = diag(exp iφ)",
    source="Lin et al. 2018; Goodman 2005",
    good_for="complex layers as a stack of printed phase masks computes them",
    accepts="any shape, windows in the middle of a square grid; options sizes, layers, wavelength, "
    "pitch, distance; complex; up to 32 masks; least 3",
)

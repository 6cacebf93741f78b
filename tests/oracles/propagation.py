"""Cases of Propagation against the angular spectrum, plane wave by plane wave, by numpy."""

import cmath
import math

import numpy as np
from tests.contract.case import Case

from prodsumnet.operators.propagation import Propagation

THZ = (0.75e-3, 0.4e-3, 30e-3)
FINE = (0.75e-3, 0.2e-3, 0.3e-3)


def periodic(
    rows: int, columns: int, wavelength: float, pitch: float, distance: float
) -> np.ndarray:
    """The sum over the plane waves that a periodic grid holds, as projections."""
    dense = np.zeros((rows * columns, rows * columns), dtype=complex)
    for v in range(rows):
        for u in range(columns):
            fy = (v if v < (rows + 1) // 2 else v - rows) / (rows * pitch)
            fx = (u if u < (columns + 1) // 2 else u - columns) / (columns * pitch)
            # The principal root of a negative number lies on the positive imaginary axis.
            axial = cmath.sqrt(1 / wavelength**2 - fx**2 - fy**2)
            y, x = np.divmod(np.arange(rows * columns), columns)
            wave = np.exp(2j * math.pi * pitch * (fx * x + fy * y))
            transfer = cmath.exp(2j * math.pi * distance * axial)
            dense += transfer * np.outer(wave, wave.conj()) / (rows * columns)
    return dense


def matrix(rows: int, columns: int, lengths: tuple[float, ...], padding: int) -> np.ndarray:
    dense = periodic(padding * rows, padding * columns, *lengths)
    kept = [r * padding * columns + c for r in range(rows) for c in range(columns)]
    return dense[np.ix_(kept, kept)]


ERRORS = (
    (lambda: Propagation(3, "1", 1, 1), TypeError, "wavelength must be a number of metres"),
    (lambda: Propagation((3, 4, 5), *THZ), ValueError, "sizes must be an integer or 2 integers"),
    (lambda: Propagation(3, 1.0, 0.0, 1.0), ValueError, "pitch must be a positive finite number"),
    (lambda: Propagation(3, 1.0, 1.0, True), TypeError, "distance must be a number of metres"),
    (lambda: Propagation(3, 1.0, 1.0, 10**400), ValueError, "distance must be a positive finite"),
    (lambda: Propagation(3, 1e-9, 1.0, 1e9), ValueError, "distance / wavelength must be at most"),
    (lambda: Propagation(3, 1e9, 1e-9, 1e9), ValueError, "wavelength / pitch must be at most"),
    (lambda: Propagation(3, *THZ, padding=0), ValueError, "padding must lie between 1"),
    (lambda: Propagation(2**16, *THZ), ValueError, "would hold|must lie between"),
)

CASES = [
    Case(
        id=f"{rows}x{columns}-{padding}-{lengths[1]}",
        build=lambda a=((rows, columns), *lengths, padding): Propagation(*a),
        oracle=lambda numbers, a=(rows, columns, lengths, padding): matrix(*a),
        trainable=0,
        errors=ERRORS,
    )
    for rows, columns, lengths, padding in (
        (4, 3, THZ, 1),
        (3, 5, FINE, 1),
        (3, 4, FINE, 2),
        (2, 2, THZ, 3),
        (1, 1, THZ, 1),
        (1, 6, (1, 0.25, 2), 1),
    )
]

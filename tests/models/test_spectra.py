"""The rows of transforms that networks keep, against scipy and numpy."""

import numpy as np
import pytest
import scipy.fft
import scipy.linalg
import torch

from prodsumnet.models.spectra import TRANSFORMS, low_pass, sequency_order, zigzag


def dense(transform: str, size: int, kept: int, seed: int = 0) -> np.ndarray:
    return low_pass(transform, size, kept, seed).to_dense(torch.float64).numpy()


def changes(row: np.ndarray) -> int:
    return int((np.diff(np.sign(row)) != 0).sum())


def test_cosines_come_by_frequency():
    expected = scipy.fft.dct(np.eye(28), norm="ortho", axis=0)[:14]
    np.testing.assert_allclose(dense("dct", 28, 14), expected, atol=1e-12)


def test_hartley_rows_span_the_lowest_frequencies():
    rows = dense("hartley", 28, 13)
    spectrum = np.abs(scipy.fft.fft(rows, axis=1))
    frequencies = [min(k, 28 - k) for k in range(28)]
    for row, energy in enumerate(spectrum):
        found = {frequencies[k] for k in np.flatnonzero(energy > 1e-9)}
        assert found == {(row + 1) // 2}


def test_walsh_rows_come_by_sign_changes():
    matrix = scipy.linalg.hadamard(32)
    assert [changes(matrix[row]) for row in sequency_order(32)] == list(range(32))
    assert sequency_order(1) == [0]
    expected = np.array(sorted(matrix.tolist(), key=lambda row: changes(np.array(row))))
    np.testing.assert_allclose(
        dense("hadamard", 28, 14), expected[:14, :28] / np.sqrt(32), atol=1e-12
    )


def test_averages_come_before_details():
    rows = dense("haar", 28, 14)
    fours = np.kron(np.eye(7), np.full((1, 4), 0.5))
    details = np.kron(np.eye(7), [[0.5, 0.5, -0.5, -0.5]])
    np.testing.assert_allclose(rows, np.vstack((fours, details)), atol=1e-12)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_rows_are_orthonormal_where_nothing_is_padded(transform):
    rows = dense(transform, 32, 11)
    np.testing.assert_allclose(rows @ rows.T, np.eye(11), atol=1e-12)


def test_the_seed_decides_the_random_transform():
    assert np.array_equal(dense("random", 28, 14, 3), dense("random", 28, 14, 3))
    assert not np.allclose(dense("random", 28, 14, 3), dense("random", 28, 14, 4))


def test_zigzag_goes_along_antidiagonals():
    positions = zigzag(4, 16)
    sums = [index // 4 + index % 4 for index in positions]
    assert sums == sorted(sums)
    assert sorted(positions) == list(range(16))
    assert zigzag(4, 3) == positions[:3] == [0, 1, 4]


def test_unknown_transforms_are_refused():
    with pytest.raises(ValueError, match=r"one of dct, hartley, .*, got 'fft'"):
        low_pass("fft", 28, 14)

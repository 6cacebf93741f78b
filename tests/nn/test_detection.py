"""Intensity and DetectorRegions: what is seen of a field of light."""

import itertools
import math

import numpy as np
import pytest
import torch

from prodsumnet.nn.detection import DetectorRegions, Intensity


def test_intensity_is_the_square_of_the_modulus() -> None:
    x = torch.randn(3, 2, 4, dtype=torch.complex128)
    y = Intensity()(x)
    assert y.dtype == torch.float64
    torch.testing.assert_close(y, x.abs().square())
    real = torch.randn(3, dtype=torch.float64)
    torch.testing.assert_close(Intensity()(real), real.square())


def test_intensity_has_gradients_where_there_is_no_light() -> None:
    x = torch.zeros(3, dtype=torch.complex64, requires_grad=True)
    (gradient,) = torch.autograd.grad(Intensity()(x).sum(), x)
    assert torch.equal(gradient, torch.zeros_like(x))


@pytest.mark.parametrize(
    ("classes", "lines"),
    [
        (10, [3, 4, 3]),
        (9, [3, 3, 3]),
        (1, [1]),
        (3, [3]),
        (5, [3, 2]),
        (11, [4, 4, 3]),
        (26, [5, 5, 6, 5, 5]),
    ],
)
def test_detectors_stand_in_lines(classes: int, lines: list[int]) -> None:
    corners = DetectorRegions(56, 60, classes).corners()
    tops = [top for top, _ in corners]
    assert tops == sorted(tops)
    assert [tops.count(top) for top in sorted(set(tops))] == lines
    assert len(set(corners)) == classes


@pytest.mark.parametrize("plane", [(3, 4), (28, 28), (37, 41), (56, 56)])
@pytest.mark.parametrize("largest", [True, False])
def test_detectors_do_not_overlap(plane: tuple[int, int], largest: bool) -> None:
    fits = min(plane[0] // 3, plane[1] // 4)
    layer = DetectorRegions(*plane, 10, fits if largest else None)
    side = fits if largest else max(1, fits // 3)
    seen = np.zeros(plane, dtype=int)
    for top, left in layer.corners():
        assert 0 <= top <= plane[0] - side
        assert 0 <= left <= plane[1] - side
        seen[top : top + side, left : left + side] += 1
    assert seen.max() == 1
    assert seen.sum() == 10 * side**2


def test_gives_shares_of_the_detected_light() -> None:
    layer = DetectorRegions(17, 23, 10, size=4, scale=3.0)
    x = torch.rand(2, 5, 17 * 23, dtype=torch.float64)
    images = x.reshape(2, 5, 17, 23).numpy()
    sums = np.stack(
        [images[..., i : i + 4, j : j + 4].sum((-2, -1)) for i, j in layer.corners()], axis=-1
    )
    expected = 3 * sums / sums.sum(-1, keepdims=True)
    torch.testing.assert_close(layer(x), torch.from_numpy(expected))
    torch.testing.assert_close(layer(7 * x), layer(x))
    assert layer(x[:0]).shape == (0, 5, 10)


def test_logits_tell_detectors_apart() -> None:
    layer = DetectorRegions(12, 12)
    for k, (top, left) in enumerate(layer.corners()):
        plane = torch.zeros(12, 12)
        for other_top, other_left in layer.corners():
            plane[other_top, other_left] = 0.09
        plane[top, left] = 0.19
        probabilities = layer(1e-3 * plane.flatten()).softmax(-1)
        assert probabilities.argmax() == k
        assert probabilities.max() / probabilities.min() == pytest.approx(math.exp(3), rel=1e-3)
    assert torch.equal(layer(torch.zeros(144)), torch.zeros(10))


def test_gradients() -> None:
    layer = DetectorRegions(6, 8, 4)
    x = torch.rand(3, 48, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(layer, x)


@pytest.mark.parametrize("layer", [Intensity(), DetectorRegions(12, 12)])
def test_nothing_is_trained_or_stored(layer: torch.nn.Module) -> None:
    assert not list(layer.parameters())
    assert not layer.state_dict()
    assert not list(layer.buffers())


def test_repr() -> None:
    assert repr(DetectorRegions(56, 56)) == "DetectorRegions(56x56, 10 of 4x4)"


def test_refuses_other_planes() -> None:
    layer = DetectorRegions(3, 4, 10)
    for shape in ((11,), (12, 13), ()):
        with pytest.raises(ValueError, match=r"expected intensities of shape \(\.\.\., 12\), got"):
            layer(torch.zeros(shape))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0, 4), ValueError, "rows must lie between 1"),
        ((4, "4"), TypeError, "columns must be an integer"),
        ((2, 5, 11), ValueError, "classes must lie between 1 and 10, got 11"),
        ((2, 8), ValueError, "10 detectors need a plane of at least 3x4 points, got 2x8"),
        ((12, 12, 10, 4), ValueError, "size must lie between 1 and 3, got 4"),
        ((12, 12, 10, 3, True), TypeError, "scale must be a real number, got True"),
        ((12, 12, 10, 3, 0), ValueError, "scale must be positive and finite, got 0"),
        ((2**20, 2**20), ValueError, "a plane of detectors would hold"),
    ],
)
def test_refuses_what_does_not_fit(arguments: tuple, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        DetectorRegions(*arguments)


def test_regions_cover_every_line_and_column_evenly() -> None:
    """Gaps on both sides of the plane differ by at most a point."""
    for rows, columns in itertools.product((9, 16, 31), (12, 19, 40)):
        layer = DetectorRegions(rows, columns)
        side = max(1, min(rows // 3, columns // 4) // 3)
        tops, lefts = zip(*layer.corners(), strict=True)
        assert abs(min(tops) - (rows - max(tops) - side)) <= 1
        assert abs(min(lefts) - (columns - max(lefts) - side)) <= 1

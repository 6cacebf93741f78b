"""Borders against torch.nn.functional.pad, and their adjoint."""

import pytest
import torch
from torch.nn import functional

from prodsumnet.numerics import borders

WIDTHS = [((0, 0), (0, 0)), ((1, 1), (2, 2)), ((0, 2), (1, 0)), ((3, 1), (0, 0)), ((2, 3), (3, 3))]
NAMES = {"zeros": "constant", "circular": "circular", "reflect": "reflect",
         "replicate": "replicate"}  # fmt: skip


def images(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("mode", borders.MODES)
@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_pad(mode: str, widths: borders.Widths) -> None:
    x = images(2, 3, 4, 5)
    borders.check_mode(mode, widths, (4, 5))
    sides = [side for border in reversed(widths) for side in border]
    expected = functional.pad(x, sides, mode=NAMES[mode])
    assert torch.equal(borders.pad(x, widths, mode), expected)


@pytest.mark.parametrize("mode", borders.MODES)
@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_fold_is_the_adjoint(mode: str, widths: borders.Widths) -> None:
    x = images(2, 3, 4, 5)
    padded = borders.pad(x, widths, mode)
    y = torch.randn_like(padded)
    folded = borders.fold(y, widths, mode)
    assert folded.shape == x.shape
    torch.testing.assert_close((padded * y).sum(), (x * folded).sum())
    # An identity of sums over all images could hide a mix-up between them.
    torch.testing.assert_close((padded * y).sum((2, 3)), (x * folded).sum((2, 3)))


@pytest.mark.parametrize("mode", borders.MODES)
def test_one_and_three_axes(mode: str) -> None:
    line, volume = images(2, 3, 6), images(1, 2, 4, 5, 3)
    sides = ((1, 2),)
    expected = functional.pad(line, [1, 2], mode=NAMES[mode])
    assert torch.equal(borders.pad(line, sides, mode), expected)
    cube = ((1, 2), (0, 1), (2, 1))
    expected = functional.pad(volume, [2, 1, 0, 1, 1, 2], mode=NAMES[mode])
    assert torch.equal(borders.pad(volume, cube, mode), expected)
    y = torch.randn_like(expected)
    left = (borders.pad(volume, cube, mode) * y).sum()
    torch.testing.assert_close(left, (volume * borders.fold(y, cube, mode)).sum())


def test_empty_batch() -> None:
    for mode in borders.MODES:
        padded = borders.pad(images(0, 1, 4, 5), WIDTHS[1], mode)
        assert padded.shape == (0, 1, 6, 9)
        assert borders.fold(padded, WIDTHS[1], mode).shape == (0, 1, 4, 5)


@pytest.mark.parametrize(
    ("padding", "kernel", "dilation", "expected"),
    [
        (0, (3, 3), (1, 1), ((0, 0), (0, 0))),
        (2, (3, 3), (1, 1), ((2, 2), (2, 2))),
        ((1, 2), (3, 3), (1, 1), ((1, 1), (2, 2))),
        ([1, 0], (3, 3), (1, 1), ((1, 1), (0, 0))),
        ("valid", (3, 3), (1, 1), ((0, 0), (0, 0))),
        ("same", (3, 2), (1, 1), ((1, 1), (0, 1))),
        ("same", (3, 2), (2, 3), ((2, 2), (1, 2))),
    ],
)
def test_widths(padding, kernel, dilation, expected) -> None:
    assert borders.widths(padding, kernel, (1, 1), dilation) == expected


@pytest.mark.parametrize(
    ("padding", "stride", "error", "message"),
    [
        ("same", (1, 2), ValueError, r"'same' needs stride 1, got stride \(1, 2\)"),
        ("full", (1, 1), ValueError, "must be integers, 'same' or 'valid', got 'full'"),
        (-1, (1, 1), ValueError, "padding must lie between 0"),
        ((1, 2, 3), (1, 1), ValueError, "padding must be an integer or 2 integers"),
        ((1, 2.5), (1, 1), TypeError, r"padding must be an integer, got 2\.5"),
        (None, (1, 1), ValueError, "padding must be an integer or 2 integers, got None"),
    ],
)
def test_widths_refuse(padding, stride, error, message) -> None:
    with pytest.raises(error, match=message):
        borders.widths(padding, (3, 3), stride, (1, 1))


def test_modes_refuse_what_they_cannot_fill() -> None:
    with pytest.raises(ValueError, match=r"padding_mode must be one of .*got 'wrap'"):
        borders.check_mode("wrap", ((0, 0),), (4,))
    for mode, most in (("circular", 4), ("reflect", 3)):
        borders.check_mode(mode, ((most, 0),), (4,))
        with pytest.raises(ValueError, match=f"{mode} padding of {most + 1} needs more than"):
            borders.check_mode(mode, ((0, most + 1),), (4,))
    for mode in ("zeros", "replicate"):
        borders.check_mode(mode, ((99, 99),), (1,))

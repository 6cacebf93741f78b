"""Batched augmentation against scipy's affine transformation in pixel coordinates."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from prodsumnet.training import Augmentation
from prodsumnet.training.augmentation import augment, draw_amounts

STILL = Augmentation(rotation=0, scale=0, shear=0, shift=0)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def pictures(count, height, width, channels=1, dtype=torch.float64):
    return torch.rand(count, channels, height, width, generator=generator(99), dtype=dtype)


def augmented(images, options, source):
    return augment(images, options, draw_amounts(len(images), options, source))


def amounts(count, seed):
    """The documented draws: six numbers in [-1, 1] for every image, then the coin of the mirror."""
    source = generator(seed)
    uniform = (2 * torch.rand(6, count, generator=source) - 1).double().numpy()
    return uniform, (torch.rand(count, generator=source) < 0.5).numpy()


def oracle(image, options, uniform, mirrored):
    """One channel of one image; rows and columns are pixels, y down, the centre is fixed."""
    angle, shear, scale_x, scale_y, shift_x, shift_y = uniform
    a = math.radians(options.rotation) * angle
    rotation = np.array([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]])
    shearing = np.array([[1, options.shear * shear], [0, 1]])
    sign = -1 if options.flip and mirrored else 1
    scaling = np.diag([sign * (1 + options.scale * scale_x), 1 + options.scale * scale_y])
    xy = rotation @ shearing @ scaling
    shift = options.shift * np.array([shift_y, shift_x])
    matrix = xy[::-1, ::-1]
    centre = (np.array(image.shape) - 1) / 2
    offset = centre + shift - matrix @ centre
    return ndimage.affine_transform(image, matrix, offset, order=1, mode="grid-constant", cval=0)


options = st.builds(
    Augmentation,
    rotation=st.floats(0, 180),
    scale=st.floats(0, 0.5),
    shear=st.floats(0, 1),
    shift=st.floats(0, 5),
    flip=st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(options, st.integers(3, 13), st.integers(3, 13), st.integers(0, 2**31))
def test_every_change_agrees_with_scipy(options, height, width, seed):
    images = pictures(3, height, width, channels=2)
    changed = augmented(images, options, generator(seed)).numpy()
    uniform, mirrored = amounts(3, seed)
    for index in range(3):
        for channel in range(2):
            expected = oracle(
                images[index, channel].numpy(), options, uniform[:, index], mirrored[index]
            )
            # The maps are made in single precision.
            np.testing.assert_allclose(changed[index, channel], expected, atol=2e-4)


@pytest.mark.parametrize("name", ["rotation", "scale", "shear", "shift"])
def test_each_amount_changes_something_by_itself(name):
    images = pictures(4, 9, 9)
    only = STILL.model_copy(update={name: 0.9})
    assert (augmented(images, only, generator()) - images).abs().max() > 1e-3


def test_zero_amounts_change_nothing():
    images = pictures(5, 28, 28)
    torch.testing.assert_close(augmented(images, STILL, generator()), images, atol=1e-4, rtol=0)


def test_flip_mirrors_about_half_of_the_images():
    images = pictures(400, 4, 5)
    changed = augmented(images, STILL.model_copy(update={"flip": True}), generator())
    kept = (changed - images).abs().amax((1, 2, 3)) < 1e-4
    mirrored = (changed - images.flip(3)).abs().amax((1, 2, 3)) < 1e-4
    assert torch.equal(kept, ~mirrored)
    assert 150 < mirrored.sum() < 250


def test_shifts_fill_their_range_and_leave_it_never():
    images = torch.zeros(3000, 1, 21, 21, dtype=torch.float64)
    images[:, :, 10, 10] = 1
    changed = augmented(images, STILL.model_copy(update={"shift": 3.0}), generator())[:, 0]
    places = torch.arange(21, dtype=torch.float64) - 10
    for moved in ((changed.sum(1) * places).sum(1), (changed.sum(2) * places).sum(1)):
        assert moved.abs().max() <= 3 + 1e-4
        assert moved.max() > 2.95
        assert moved.min() < -2.95
        assert moved.mean().abs() < 0.2


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_type_and_shape_stay(dtype):
    images = pictures(3, 6, 7, channels=2, dtype=dtype)
    before = images.clone()
    changed = augmented(images, Augmentation(), generator())
    assert (changed.dtype, changed.shape) == (dtype, images.shape)
    assert torch.equal(images, before)


def test_only_the_generator_decides():
    images = pictures(8, 9, 9)
    state = torch.get_rng_state()
    first = augmented(images, Augmentation(), generator(1))
    assert torch.equal(augmented(images, Augmentation(), generator(1)), first)
    assert not torch.equal(augmented(images, Augmentation(), generator(2)), first)
    assert torch.equal(torch.get_rng_state(), state)


def test_images_beyond_a_thousand_get_their_own_amounts():
    options, count = Augmentation(rotation=90), 1003
    images = pictures(count, 5, 5)
    changed = augmented(images, options, generator(3)).numpy()
    uniform, mirrored = amounts(count, 3)
    for index in (0, 999, 1000, 1002):
        expected = oracle(images[index, 0].numpy(), options, uniform[:, index], mirrored[index])
        np.testing.assert_allclose(changed[index, 0], expected, atol=2e-4)

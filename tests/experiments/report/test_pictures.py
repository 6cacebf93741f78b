"""Pictures of trained numbers: every number once, nothing too thin to be seen."""

import base64
import io

import numpy as np
import pytest
import torch
from tests.training.synthetic import network

from prodsumnet import storage
from prodsumnet.experiments.report.pictures import MAX_FACTORS, album
from prodsumnet.nn import Conv2d, Linear, Network
from prodsumnet.operators import Dense, Diagonal

image = pytest.importorskip("matplotlib.image", reason="pictures need the extra 'report'")


def saved(path, *layers, shape):
    storage.save(Network(*layers, input_shape=shape), path / "model")
    return album(str(path / "model"))


def pixels(picture):
    content = base64.b64decode(picture.address.removeprefix("data:image/png;base64,"))
    return np.round(255 * image.imread(io.BytesIO(content))).astype(int)


def test_every_tensor_of_an_operator_is_drawn_once(tmp_path):
    storage.save(network(), tmp_path / "model")
    found = album(str(tmp_path / "model"))
    assert found.kernels is None
    titles = [picture.title for picture in found.factors]
    assert titles == ["Dense(12×4)", "Dense(4×64)", "Dense(4×12)"]
    assert found.left_out == 0
    assert found.size == sum(len(picture.address) for picture in found.factors) > 0


def test_least_is_black_and_most_is_white(tmp_path):
    weight = Dense(2, 20)
    with torch.no_grad():
        weight.weight.copy_(torch.linspace(-1, 1, 40).reshape(2, 20))
    picture = saved(tmp_path, Linear(20, 2, weight, bias=False), shape=(20,)).factors[0]
    drawn = pixels(picture)
    assert drawn.shape[1] == 20
    assert (drawn[0, 0, 0], drawn[-1, -1, 0]) == (0, 255)
    assert np.all(np.diff(drawn[0, :, 0]) > 0)
    assert np.all(drawn[..., 3] == 255)
    assert "−1 to 1" in picture.caption


@pytest.mark.parametrize("shape", [(1, 300), (300, 1), (3, 100), (100, 3), (1, 1)])
def test_nothing_is_too_thin_to_be_seen(shape, tmp_path):
    layer = Linear(shape[1], shape[0], Dense(*shape), bias=False)
    picture = saved(tmp_path, layer, shape=(shape[1],)).factors[0]
    assert min(picture.width, picture.height) >= 14
    assert max(picture.width, picture.height) <= 400
    height, width = pixels(picture).shape[:2]
    assert picture.width / picture.height == width / height


def test_kernels_are_side_by_side(tmp_path):
    layer = Conv2d(1, 6, 3, operator=Dense(6, 9))
    kernels = saved(tmp_path, layer, shape=(1, 5, 5)).kernels
    assert kernels.caption.startswith("6 kernels of 3×3")
    gaps = pixels(kernels)[..., 3] == 0
    assert gaps.any() and not gaps.all()


def test_what_is_too_large_or_too_much_is_said(tmp_path):
    many = [Linear(2, 2, Diagonal(2), bias=False) for _ in range(MAX_FACTORS + 3)]
    found = saved(tmp_path, *many, shape=(2,))
    assert (len(found.factors), found.left_out) == (MAX_FACTORS, 3)
    found = saved(tmp_path, Linear(200, 100, Dense(100, 200), bias=False), shape=(200,))
    assert found.factors[0].address == ""
    assert "too many to draw" in found.factors[0].caption

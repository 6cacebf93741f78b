"""Networks in a transform domain: no convolution, exact budgets, numbers that all matter."""

import numpy as np
import pytest
import scipy.fft
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models.support import convolutions, images, operations, slopes

from prodsumnet import count, models
from prodsumnet.models.sharing import count_entries
from prodsumnet.models.spectra import TRANSFORMS
from prodsumnet.models.transform import (
    MAX_BUDGET,
    SELECTIONS,
    sizes_for,
    structure,
    transform_network,
)
from prodsumnet.nn import Network
from prodsumnet.operators import CountSketch


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("selection", SELECTIONS)
def test_there_is_no_convolution(transform, selection):
    network = transform_network(3554, transform, selection)
    called = operations(network, images(2))
    assert any("mm" in name for name in called)
    assert not convolutions(called)
    assert convolutions(operations(models.decomposed_cnn(3554), images(2)))


@given(budget=st.integers(1, MAX_BUDGET), selection=st.sampled_from(SELECTIONS))
@settings(max_examples=25, deadline=None)
def test_budgets_are_exact(budget, selection):
    size = count(transform_network(budget, "dct", selection))
    assert size.trainable == size.stored == budget


@given(budget=st.integers(1, MAX_BUDGET))
@settings(max_examples=50, deadline=None)
def test_the_structure_has_little_room_to_spare(budget):
    sizes = sizes_for(budget)
    entries = count_entries(structure(sizes, "dct", "square", 0))
    assert entries >= budget
    # One more in the rank of the last layer costs 10 and two sides.
    assert sizes.rank == 16 or entries - budget < 10 + 2 * sizes.side


@pytest.mark.parametrize(
    ("selection", "rows"),
    [("square", 14), ("zig-zag", 28), ("mask", 28)],
)
def test_the_first_layer_is_a_cosine_transform(selection, rows):
    torch.manual_seed(0)
    network = transform_network(3554, "dct", selection).double()
    picture = images(1).double()
    plane = scipy.fft.dctn(picture[0, 0].numpy(), norm="ortho")[:rows, :rows]
    found = network[2](picture.flatten(1)).detach().numpy().reshape(-1)
    if selection == "square":
        expected = plane.reshape(-1)
    elif selection == "zig-zag":
        order = sorted((i + j, i, j) for i in range(28) for j in range(28))[:196]
        expected = np.array([plane[i, j] for _, i, j in order])
    else:
        # The mask starts near one.
        expected = plane.reshape(-1)
        np.testing.assert_allclose(found, expected, rtol=0.02, atol=1e-9)
        assert not np.array_equal(found, expected)
        return
    np.testing.assert_allclose(found, expected, atol=1e-10)


def test_a_mask_of_free_numbers_starts_near_one_too():
    budget = count_entries(structure(sizes_for(1, "mask"), "dct", "mask", 0))
    spectrum = transform_network(budget, "dct", "mask")[2].operator
    assert not any(isinstance(module, CountSketch) for module in spectrum.modules())
    cosines = scipy.fft.dct(np.eye(28), norm="ortho", axis=0)
    mask = spectrum.to_dense().detach().numpy() @ np.kron(cosines, cosines).T
    np.testing.assert_allclose(mask, np.eye(784), atol=0.02)


@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize("budget", [700, 3554, 12_000])
def test_every_number_is_trained(selection, budget):
    torch.manual_seed(1)
    slope = slopes(transform_network(budget, "dct", selection))
    assert slope.shape == (budget,)
    assert (slope != 0).all()


@pytest.mark.parametrize("options", [{}, {"transform": "random"}])
def test_specs_give_the_network_back(options):
    torch.manual_seed(0)
    network = models.build("transform-network", 900, seed=3, options=options).eval()
    again = Network.from_spec(network.spec()).eval()
    again.load_state_dict(network.state_dict())
    assert torch.equal(again(images(2)), network(images(2)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"budget": 0}, "budget must lie between 1 and 100000, got 0"),
        ({"budget": MAX_BUDGET + 1}, "budget"),
        ({"transform": "fft"}, "transform must be one of dct, .*, got 'fft'"),
        ({"selection": "all"}, "selection must be one of square, zig-zag, mask, got 'all'"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        transform_network(**arguments)


def test_unknown_options_are_refused():
    with pytest.raises(ValueError, match="has no option 'tranform', its options are selection, tr"):
        models.build("transform-network", options={"tranform": "dct"})
    with pytest.raises(ValueError, match="decomposed-cnn has no option 'x', it has none"):
        models.build("decomposed-cnn", options={"x": 1})

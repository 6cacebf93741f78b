"""The moving average of the weights, against numpy."""

import numpy as np
import pytest
import torch
from torch import nn

from prodsumnet.training.averaging import Average


@pytest.mark.parametrize("horizon", [1.0, 2.5, 4.0, 100.0])
def test_mean_first_then_exponential(horizon):
    values = np.random.default_rng(0).normal(size=(12, 6)).astype(np.float32)
    model = nn.Linear(6, 1, bias=False)
    average = Average(model, horizon)
    expected = np.zeros(6)
    for step, row in enumerate(values, 1):
        with torch.no_grad():
            model.weight.copy_(torch.from_numpy(row))
        average.update()
        expected += (row - expected) / min(step, horizon)
        if step <= horizon:
            np.testing.assert_allclose(expected, values[:step].mean(0), atol=1e-6)
        np.testing.assert_allclose(
            average.module.weight.detach().numpy()[0], expected, rtol=1e-4, atol=1e-6
        )


def test_running_statistics_are_copied():
    model = nn.BatchNorm1d(2)
    average = Average(model, 5.0)
    for mean in (1.0, 7.0):
        model.running_mean.fill_(mean)
        average.update()
    assert average.module.running_mean.tolist() == [7.0, 7.0]


def test_shared_and_complex_numbers_are_averaged():
    class Shared(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = self.second = nn.Parameter(torch.zeros(2, dtype=torch.complex64))

    model = Shared()
    average = Average(model, 10.0)
    for value in (1 + 1j, 3 - 1j):
        with torch.no_grad():
            model.first.fill_(value)
        average.update()
    assert average.module.first is average.module.second
    assert average.module.first.tolist() == [2, 2]

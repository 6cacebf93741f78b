"""Metrics estimated from data, against sums written out and against curvlinops."""

import warnings

import pytest
import torch
from torch import nn
from torch.nn import functional

from prodsumnet import nn as layers
from prodsumnet.fitting import activation_metrics, fisher_metrics
from prodsumnet.operators import Dense, kron

DOUBLE = torch.float64


def randn(*shape, seed=0, dtype=DOUBLE):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def matrix(layer):
    """The dense matrix of a layer: its weight with everything but the outputs flattened."""
    return layer.weight.detach().flatten(1)


def convolutions():
    """Layers with every option of torch's, and an input for each."""
    one = nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2, dtype=DOUBLE)
    two = nn.Conv2d(2, 3, (3, 2), (1, 2), (2, 1), padding_mode="circular", dtype=DOUBLE)
    same = nn.Conv2d(2, 4, (4, 3), padding="same", padding_mode="replicate", dtype=DOUBLE)
    three = nn.Conv3d(2, 2, 2, padding=1, padding_mode="reflect", groups=2, dtype=DOUBLE)
    plain = nn.Conv2d(1, 2, 3, dtype=DOUBLE)
    return [
        (one, randn(5, 4, 11)),
        (two, randn(3, 2, 6, 7)),
        (same, randn(3, 2, 5, 6)),
        (three, randn(2, 2, 4, 3, 4)),
        (plain, randn(4, 1, 5, 5)),
    ]


@pytest.mark.parametrize("index", range(5))
def test_activation_metric_is_the_mean_squared_change_of_a_convolutions_output(index):
    # Of a grouped one, with the same change in every group: the metric is a mean over the groups.
    layer, x = convolutions()[index]
    right = activation_metrics(layer, [x[:2], x[2:]])[""].right
    assert right is not None and right.dtype == DOUBLE
    size = layer.out_channels // layer.groups
    change = randn(size, right.shape[0], seed=1)
    before = layer(x).detach()
    with torch.no_grad():
        layer.weight += change.repeat(layer.groups, 1).view(layer.weight.shape)
    expected = (layer(x) - before).square().sum() / len(x) / layer.groups
    torch.testing.assert_close((change @ right @ change.mT).trace(), expected)


def test_activation_metric_of_a_linear_layer_sums_over_positions():
    x = randn(3, 4, 5, 6)
    right = activation_metrics(nn.Linear(6, 2, dtype=DOUBLE), [x])[""].right
    expected = sum(torch.outer(v, v) for v in x.reshape(-1, 6)) / 3
    torch.testing.assert_close(right, expected)


def test_activation_metric_of_complex_inputs_is_hermitian():
    x = torch.complex(randn(7, 3), randn(7, 3, seed=1))
    right = activation_metrics(Dense(2, 3, dtype=torch.complex128), [x])[""].right
    expected = sum(torch.outer(v, v.conj()) for v in x) / 7
    torch.testing.assert_close(right, expected)


def structured_and_plain():
    """A network of our layers, and the same of torch's."""
    torch.manual_seed(0)
    ours = nn.Sequential(
        layers.Conv2d(2, 4, 3, Dense(4, 9, dtype=DOUBLE), padding=1, stride=2, groups=2),
        nn.Tanh(),
        nn.Flatten(),
        layers.Linear(36, 4, kron(Dense(2, 6, dtype=DOUBLE), Dense(2, 6, dtype=DOUBLE))),
    )
    for layer in (ours[0], ours[3]):
        layer.reset_parameters()
    return ours, nn.Sequential(ours[0].to_conv(), nn.Tanh(), nn.Flatten(), ours[3].to_linear())


@pytest.mark.parametrize("estimate", [activation_metrics, fisher_metrics])
def test_our_layers_give_what_torchs_give(estimate):
    ours, plain = structured_and_plain()
    x = randn(6, 2, 6, 6)
    found, expected = estimate(ours, [x]), estimate(plain, [x])
    assert list(found) == list(expected) == ["0", "3"]
    for name, metric in expected.items():
        torch.testing.assert_close(found[name].right, metric.right)
        torch.testing.assert_close(found[name].left, metric.left)


def test_empirical_fisher_is_the_sum_over_samples_and_positions():
    torch.manual_seed(0)
    first, last = nn.Conv1d(2, 3, 2, dtype=DOUBLE), nn.Linear(12, 3, dtype=DOUBLE)
    model = nn.Sequential(first, nn.Tanh(), nn.Flatten(), last)
    x, y = randn(5, 2, 5), torch.tensor([0, 1, 2, 2, 1])
    found = fisher_metrics(model, [(x[:3], y[:3]), (x[3:], y[3:])], labels="given")
    left, left_last = torch.zeros(3, 3, dtype=DOUBLE), torch.zeros(3, 3, dtype=DOUBLE)
    right, right_last = torch.zeros(4, 4, dtype=DOUBLE), torch.zeros(12, 12, dtype=DOUBLE)
    for sample, label in zip(x, y, strict=True):
        middle = first(sample[None])
        outputs = last(middle.tanh().flatten(1))
        loss = functional.cross_entropy(outputs, label[None])
        of_middle, of_outputs = torch.autograd.grad(loss, [middle, outputs])
        for t in range(4):
            left += torch.outer(of_middle[0, :, t], of_middle[0, :, t]) / 5 / 4
            patch = sample[:, t : t + 2].flatten()
            right += torch.outer(patch, patch) / 5
        left_last += torch.outer(of_outputs[0], of_outputs[0]) / 5
        features = middle.detach().tanh().flatten()
        right_last += torch.outer(features, features) / 5
    torch.testing.assert_close(found["0"].left, left)
    torch.testing.assert_close(found["0"].right, right)
    torch.testing.assert_close(found["3"].left, left_last)
    torch.testing.assert_close(found["3"].right, right_last)


@pytest.mark.parametrize(
    ("labels", "samples", "atol"), [("sampled", 10**5, 4e-3), ("expected", 2, 0)]
)
def test_fisher_of_softmax_regression(labels, samples, atol):
    torch.manual_seed(0)
    model, x = nn.Linear(2, 3, dtype=DOUBLE), randn(1, 2)
    left = fisher_metrics(model, [x.expand(samples, 2)], labels=labels)[""].left
    chances = model(x)[0].softmax(0).detach()
    expected = chances.diag() - torch.outer(chances, chances)
    torch.testing.assert_close(left, expected, atol=atol, rtol=1e-12)


@pytest.mark.parametrize(
    ("labels", "samples", "atol"), [("sampled", 10**5, 2e-2), ("expected", 2, 0)]
)
def test_fisher_of_regression(labels, samples, atol):
    first, last = nn.Linear(2, 3, dtype=DOUBLE), nn.Linear(3, 2, bias=False, dtype=DOUBLE)
    model, x = nn.Sequential(first, last), randn(samples, 2)
    left = fisher_metrics(model, [x], labels=labels, likelihood="normal")["0"].left
    weight = last.weight.detach()
    torch.testing.assert_close(left, weight.mT @ weight, atol=atol, rtol=1e-12)


def test_empirical_fisher_of_regression():
    model, x, y = nn.Linear(2, 3, dtype=DOUBLE), randn(4, 2), randn(4, 3, seed=1)
    left = fisher_metrics(model, [(x, y)], labels="given", likelihood="normal")[""].left
    residual = (model(x) - y).detach()
    torch.testing.assert_close(left, residual.mT @ residual / 4)


def test_left_factor_of_a_grouped_convolution_keeps_groups_apart():
    model = nn.Sequential(nn.Conv1d(2, 4, 1, groups=2, dtype=DOUBLE), nn.Flatten())
    left = fisher_metrics(model, [randn(9, 2, 3)])["0"].left
    assert left is not None
    assert left[:2, 2:].count_nonzero() == 0 and left[2:, :2].count_nonzero() == 0
    assert left[:2, :2].count_nonzero() == 4 and left[2:, 2:].count_nonzero() == 4


@pytest.fixture
def curvlinops():
    with warnings.catch_warnings():
        # What it stands on is compiled in a way that torch has deprecated.
        warnings.simplefilter("ignore", DeprecationWarning)
        import curvlinops
    return curvlinops


@pytest.mark.parametrize("labels", ["sampled", "given"])
def test_curvlinops_agrees(labels, curvlinops):
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(2, 3, 3, 2, 1, dtype=DOUBLE),
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(27, 4, dtype=DOUBLE),
    )
    x, y = randn(8, 2, 6, 6), torch.arange(8) % 4
    batches = [(x[:5], y[:5]), (x[5:], y[5:])]
    parameters = [p for p in model.parameters() if p.dim() > 1]
    theirs = curvlinops.KFACLinearOperator(
        model,
        nn.CrossEntropyLoss(),
        parameters,
        batches,
        fisher_type="empirical" if labels == "given" else "mc",
        check_deterministic=False,
        seed=5,  # both draw in the same way
    )
    ours = fisher_metrics(model, batches, labels=labels, seed=5)
    changes = [randn(*p.shape, seed=2) for p in parameters]
    expected = theirs @ changes
    assert len(ours) == len(expected) == 2
    for change, metric, moved in zip(changes, ours.values(), expected, strict=True):
        found = metric.left @ change.flatten(1) @ metric.right
        torch.testing.assert_close(found, moved.flatten(1))


class Odd(nn.Module):
    """A model with layers in odd places: one used twice, one in place, one unused, one by name."""

    def __init__(self):
        super().__init__()
        self.twice = nn.Linear(3, 3, dtype=DOUBLE)
        self.unused = nn.Linear(3, 3, dtype=DOUBLE)
        self.last = nn.Linear(3, 2, dtype=DOUBLE)
        self.drop = nn.Dropout(0.5)
        self.norm = nn.BatchNorm1d(3, dtype=DOUBLE)
        self.failing = False

    def forward(self, x):
        x = self.norm(self.drop(self.twice(x).relu_()))
        x = self.twice(input=x).relu_()
        if self.failing:
            raise RuntimeError("failing")
        return self.last(x)


def test_a_layer_used_twice_sums_over_both_uses():
    torch.manual_seed(0)
    model, x = Odd(), randn(4, 3)
    y = torch.tensor([0, 1, 1, 0])
    found = fisher_metrics(model, [(x, y)], labels="given")
    assert list(found) == ["twice", "last"]
    model.eval()
    first = model.twice(x)
    between = model.norm(first.relu())
    second = model.twice(between)
    loss = functional.cross_entropy(model.last(second.relu()), y, reduction="sum")
    gradients = torch.cat(torch.autograd.grad(loss, [first, second]))
    inputs = torch.cat([x, between]).detach()
    torch.testing.assert_close(found["twice"].left, gradients.mT @ gradients / 8)
    torch.testing.assert_close(found["twice"].right, inputs.mT @ inputs / 4)


@pytest.mark.parametrize("estimate", [activation_metrics, fisher_metrics])
@pytest.mark.parametrize("failing", [False, True])
@pytest.mark.parametrize("frozen", [False, True])
def test_the_model_is_left_as_it_was(estimate, failing, frozen):
    model = Odd().requires_grad_(not frozen)
    model.drop.eval()
    model.last.weight.grad = torch.ones(2, 3, dtype=DOUBLE)
    model.failing = failing
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    if failing:
        with pytest.raises(RuntimeError, match="failing"):
            estimate(model, [randn(4, 3)])
    else:
        with torch.no_grad():
            found = estimate(model, [randn(4, 3)])
        assert found["last"].right.count_nonzero() > 0
        assert not found["last"].right.requires_grad
    assert model.training and model.twice.training and not model.drop.training
    for module in model.modules():
        assert not module._forward_hooks and not module._forward_hooks_with_kwargs
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
    assert torch.equal(torch.get_rng_state(), state)
    assert model.last.weight.grad.eq(1).all()
    assert all(p.grad is None for p in model.parameters() if p is not model.last.weight)
    assert all(p.requires_grad is not frozen for p in model.parameters())


def test_labels_are_drawn_by_the_seed_alone():
    torch.manual_seed(0)
    model, x = nn.Linear(3, 3, dtype=DOUBLE), randn(20, 3)
    lefts = []
    for seed, disturbance in ((0, 1), (0, 2), (1, 1)):
        torch.manual_seed(disturbance)
        lefts.append(fisher_metrics(model, [x], seed=seed)[""].left)
    assert torch.equal(lefts[0], lefts[1])
    assert not torch.equal(lefts[0], lefts[2])


def test_how_data_are_cut_into_batches_does_not_matter():
    torch.manual_seed(0)
    model, x = nn.Sequential(nn.Linear(3, 3)), randn(20, 3, dtype=torch.float32)
    whole, parts = activation_metrics(model, [x]), activation_metrics(model, x.split(7))
    torch.testing.assert_close(whole["0"].right, parts["0"].right, rtol=1e-14, atol=0)
    assert whole["0"].right.dtype == DOUBLE


def test_large_inputs_are_taken_in_parts(monkeypatch):
    layer, x = convolutions()[0]
    whole = activation_metrics(layer, [x])[""].right
    monkeypatch.setattr("prodsumnet.fitting.layers._PART", 100)
    torch.testing.assert_close(activation_metrics(layer, [x])[""].right, whole)
    linear, y = nn.Linear(6, 2, dtype=DOUBLE), randn(100, 6)
    parts = activation_metrics(linear, [y])[""].right
    torch.testing.assert_close(parts, y.mT @ y / 100)


def test_layers_can_be_chosen():
    model, x = Odd(), randn(4, 3)
    assert list(activation_metrics(model, [x], layers=["last"])) == ["last"]
    for names, message in (
        (["norm"], "the model has no linear or convolution layer 'norm', only twice, unused, last"),
        (["unused"], "the model does not use its layer 'unused'"),
    ):
        with pytest.raises(ValueError, match=message):
            activation_metrics(model, [x], layers=names)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((3, []), TypeError, "expected a torch module, got 3"),
        ((nn.Linear(3, 3), []), ValueError, "there is no sample in the batches"),
        ((nn.Linear(3, 3), [torch.ones(0, 3)]), ValueError, "there is no sample"),
        ((nn.ReLU(), [torch.ones(1, 3)]), ValueError, "no linear or convolution layer"),
        ((nn.Linear(3, 3), [{"x": 1}]), TypeError, "a batch must be a tensor or a pair"),
        ((nn.Linear(3, 3), [(torch.ones(1, 3),) * 3]), TypeError, "a batch must be a tensor"),
        ((nn.Linear(3, 3), [torch.ones(1, 3)], "0"), TypeError, "a sequence of names, got '0'"),
        ((nn.Linear(3, 3), [torch.full((1, 3), torch.nan)]), ValueError, "are not all finite"),
    ],
)
@pytest.mark.parametrize("estimate", [activation_metrics, fisher_metrics])
def test_bad_arguments(estimate, arguments, error, message):
    with pytest.raises(error, match=message):
        estimate(*arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": "true"}, "labels must be 'sampled', 'expected' or 'given', got 'true'"),
        ({"labels": "given"}, r"labels 'given' needs batches of pairs \(inputs, labels\)"),
        ({"likelihood": "poisson"}, "likelihood must be 'categorical' or 'normal', got 'poisson'"),
        ({"seed": -1}, "seed must lie between"),
    ],
)
def test_bad_options_of_fishers(options, message):
    with pytest.raises(ValueError, match=message):
        fisher_metrics(nn.Linear(3, 3), [torch.ones(1, 3)], **options)


def test_expected_labels_need_one_output_a_sample():
    with pytest.raises(ValueError, match=r"needs a model with outputs \(N, n\), got \(1, 3, 3\)"):
        fisher_metrics(nn.Linear(3, 3), [torch.ones(1, 3, 3)], labels="expected")


def test_a_fisher_needs_real_outputs():
    with pytest.raises(TypeError, match=r"one real tensor, got torch\.complex64"):
        fisher_metrics(Dense(2, 3, dtype=torch.complex64), [torch.ones(1, 3)])

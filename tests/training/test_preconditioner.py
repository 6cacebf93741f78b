"""The Kronecker-factored Fisher of structured layers' numbers, against matrices written out."""

import pytest
import torch
from tests.training.synthetic import dataset, network
from torch import nn
from torch.nn import functional

from prodsumnet import nn as layers
from prodsumnet.fitting.layers import input_vectors
from prodsumnet.operators import Dense, kron
from prodsumnet.training import KroneckerFisher, Preconditioner, Trainer, Training

DOUBLE = torch.float64
DAMPING = 0.25


def drawn_labels(model, x, seed):
    chances = model(x).double().softmax(1)
    return chances.multinomial(1, generator=torch.Generator().manual_seed(seed))[:, 0]


def linear():
    return nn.Sequential(layers.Linear(3, 3, Dense(3, 3, dtype=DOUBLE))), torch.randn(6, 3)


def nested():
    operator = kron(Dense(3, 2, dtype=DOUBLE), Dense(1, 2, dtype=DOUBLE)) @ Dense(
        4, 4, dtype=DOUBLE
    )
    bias = kron(Dense(3, 1, dtype=DOUBLE), Dense(1, 1, dtype=DOUBLE))
    return nn.Sequential(layers.Linear(4, 3, operator, bias)), torch.randn(5, 4)


def convolution():
    operator = kron(Dense(3, 2, dtype=DOUBLE), Dense(1, 2, dtype=DOUBLE))
    layer = layers.Conv1d(2, 3, 2, operator, stride=2, padding=1)
    return nn.Sequential(layer, nn.AdaptiveAvgPool1d(1), nn.Flatten()), torch.randn(4, 2, 4)


def make(build):
    torch.manual_seed(0)
    model, x = build()
    model[0].reset_parameters()
    if isinstance(model[0].bias, nn.Module):
        model[0].bias.reset_parameters()
    return model, x.double()


def written_out(model, x, seed):
    """``J^T (L (x) R) J`` of the only layer, bias included, damped: from dense matrices."""
    layer, outputs = model[0], []
    hook = layer.register_forward_hook(lambda *arguments: outputs.append(arguments[2]))
    logits = model(x)
    hook.remove()
    loss = functional.cross_entropy(logits, drawn_labels(model, x, seed), reduction="sum")
    (g,) = torch.autograd.grad(loss, outputs[0])
    g = g.movedim(1, -1).flatten(0, -2)
    a = torch.cat([part[0] for part in input_vectors(layer, x)])
    a = torch.cat([a, torch.ones(len(a), 1, dtype=DOUBLE)], 1)
    left, right = g.mT @ g / len(g), a.mT @ a / len(x)
    parameters = list(layer.parameters())

    def augmented(*values):
        named = dict(zip((n for n, _ in layer.named_parameters()), values, strict=True))

        class Dense(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = layer

            def forward(self):
                bias = self.layer.bias
                column = bias.to_dense() if isinstance(bias, nn.Module) else bias[:, None]
                return torch.cat([self.layer.operator.to_dense(), column], 1)

        prefixed = {f"layer.{name}": value for name, value in named.items()}
        return torch.func.functional_call(Dense(), prefixed, ())

    jacobian = torch.autograd.functional.jacobian(augmented, tuple(parameters))
    flat = torch.cat([j.flatten(2).flatten(0, 1) for j in jacobian], 1)
    fisher = flat.mT @ torch.kron(left, right) @ flat
    diagonal = fisher.diagonal().split([p.numel() for p in parameters])
    return fisher + DAMPING * torch.cat([d.mean().expand(len(d)) for d in diagonal]).diag()


@pytest.mark.parametrize("build", [linear, nested, convolution])
def test_a_step_is_the_natural_gradient_step(build):
    model, x = make(build)
    y = torch.arange(len(x)) % 3
    preconditioner = KroneckerFisher(model, DAMPING, None)
    fisher = written_out(model, x, seed=7)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    functional.cross_entropy(model(x), y).backward()
    parameters = list(model[0].parameters())
    gradient = torch.cat([p.grad.flatten() for p in parameters])
    before = torch.cat([p.detach().flatten() for p in parameters])
    preconditioner.refresh(x, seed=7)
    preconditioner.precondition()
    optimizer.step()
    after = torch.cat([p.detach().flatten() for p in parameters])
    torch.testing.assert_close(after, before - torch.linalg.solve(fisher, gradient))
    assert not torch.allclose(after, before - gradient)


def test_drawn_pairs_estimate_what_all_give():
    model, x = make(convolution)
    gradients = []
    for pairs in (None, 40_000):
        preconditioner = KroneckerFisher(model, DAMPING, pairs)
        preconditioner.refresh(x, seed=7)
        for p in model.parameters():
            p.grad = torch.ones_like(p)
        preconditioner.precondition()
        gradients.append(torch.cat([p.grad.flatten() for p in model.parameters()]))
    torch.testing.assert_close(*gradients, rtol=0.05, atol=0.02)


def test_seeds_decide_what_is_drawn_and_the_model_stays_as_it_is():
    model, x = make(convolution)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    factors = []
    for seed in (0, 0, 1):
        preconditioner = KroneckerFisher(model, DAMPING, 50)
        preconditioner.refresh(x, seed)
        factors.append(preconditioner.factors()["0"])
    assert torch.equal(factors[0], factors[1]) and not torch.equal(factors[0], factors[2])
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())
    assert model.training and not model[0]._forward_hooks


def test_before_the_first_estimate_and_without_gradients_nothing_happens():
    model, x = make(linear)
    preconditioner = KroneckerFisher(model, DAMPING, 50)
    for p in model.parameters():
        p.grad = torch.ones_like(p)
    preconditioner.precondition()
    assert all(p.grad.eq(1).all() for p in model.parameters())
    preconditioner.refresh(x, 0)
    model.zero_grad()
    preconditioner.precondition()
    assert all(p.grad is None for p in model.parameters())


def shared():
    operator = Dense(3, 3)
    return nn.Sequential(layers.Linear(3, 3, operator), layers.Linear(3, 3, operator))


@pytest.mark.parametrize(
    ("model", "damping", "pairs", "message"),
    [
        (linear, 0.0, 5, "damping must be positive, got 0.0"),
        (linear, 0.1, 0, "pairs must lie between 1 and"),
        (lambda: [nn.Linear(3, 3)], 0.1, 5, "no structured layer"),
        (
            lambda: [layers.Linear(99, 99, Dense(99, 99))],
            0.1,
            5,
            "has 9900 numbers, .* at most 8192",
        ),
        (lambda: [shared()], 0.1, 5, "layer '1' shares numbers"),
        (
            lambda: [layers.Linear(3, 3, Dense(3, 3, dtype=torch.complex64))],
            0.1,
            5,
            "layer '' has complex numbers",
        ),
        (lambda: [layers.Conv1d(2, 2, 1, Dense(2, 1), groups=2)], 0.1, 5, "layer '' has groups"),
    ],
)
def test_refusals(model, damping, pairs, message):
    with pytest.raises(ValueError, match=message):
        KroneckerFisher(model()[0], damping, pairs)


def test_a_training_with_it_resumes_to_the_same_numbers(tmp_path):
    data = dataset()
    chosen = Preconditioner(every=2, pairs=64)
    settings = Training(
        epochs=2, batch_size=32, augmentation=None, precision="float32", preconditioner=chosen
    )

    def train(state, resume=False, stop=False):
        trainer = Trainer(network(norm=False), settings, 0, state)

        def progress(step, steps, epoch):
            if stop and epoch is not None:
                raise KeyboardInterrupt

        try:
            trainer.fit(data, progress, resume)
        except KeyboardInterrupt:
            return None
        return torch.cat([p.detach().flatten() for p in trainer.model.parameters()])

    whole = train(tmp_path / "a")
    assert train(tmp_path / "b", stop=True) is None
    assert torch.equal(train(tmp_path / "b", resume=True), whole)
    plain = settings.model_copy(update={"preconditioner": None})
    trainer = Trainer(network(norm=False), plain, 0)
    trainer.fit(data)
    numbers = torch.cat([p.detach().flatten() for p in trainer.model.parameters()])
    assert not torch.equal(numbers, whole)


def test_without_it_settings_are_written_as_before():
    assert "preconditioner" not in Training().model_dump(mode="json")
    chosen = Training(preconditioner=Preconditioner())
    written = chosen.model_dump_json()
    assert Training.model_validate_json(written) == chosen


def test_several_processes_are_refused(monkeypatch):
    monkeypatch.setattr("prodsumnet.training.loop.process_count", lambda: 2)
    settings = Training(preconditioner=Preconditioner())
    with pytest.raises(ValueError, match="several processes cannot train with a preconditioner"):
        Trainer(network(norm=False), settings, 0)

"""The training loop: what it learns, and what each setting changes."""

import dataclasses

import numpy as np
import pytest
import torch
from tests.training.synthetic import (
    BATCH,
    STEPS,
    TRAINED,
    VALIDATION,
    dataset,
    network,
    numbers,
    same,
)
from torch import nn
from torch.nn import functional

from prodsumnet.training import NonFiniteLossError, Trainer, Training, accuracy

PLAIN = Training(
    epochs=2, batch_size=BATCH, averaging=None, precision="float32", augmentation=None, warmup=0.0
)


class StopError(Exception):
    """Raised by the tests to leave a training where they want to look at it."""


def plain(**changes):
    return PLAIN.model_copy(update=changes)


def stopping_after(step):
    def progress(done, total, last):
        if done == step:
            raise StopError

    return progress


def after_steps(settings, steps, seed=0, model=None):
    """The model, with its last gradients, after some steps of a training."""
    model = network(norm=False) if model is None else model
    with pytest.raises(StopError):
        Trainer(model, settings, seed).fit(dataset(), stopping_after(steps))
    return model


def test_it_learns():
    trainer = Trainer(network(), Training(epochs=4, batch_size=BATCH, augmentation=None), 0)
    result = trainer.fit(dataset())
    losses = [epoch.loss for epoch in trainer.history]
    assert losses[-1] < 0.3 * losses[0]
    data = dataset()
    assert accuracy(result, data.test_images, data.test_labels) > 0.9
    assert trainer.history[-1].validation_accuracy > 0.9
    assert trainer.seconds > 0
    assert not result.training


@pytest.mark.parametrize("averaging", [None, 0.3])
def test_history_says_what_the_result_gets_right(averaging):
    trainer = Trainer(network(), plain(averaging=averaging), 0)
    result, data = trainer.fit(dataset()), dataset()
    assert [epoch.epoch for epoch in trainer.history] == [1, 2]
    expected = accuracy(result, data.train_images[TRAINED:], data.train_labels[TRAINED:])
    assert trainer.history[-1].validation_accuracy == expected
    assert result is trainer.result


def test_the_seed_decides():
    results = [Trainer(network(), plain(), seed).fit(dataset()) for seed in (0, 0, 1)]
    first, again, other = map(numbers, results)
    assert same(first, again)
    assert not same(first, other)


@pytest.mark.parametrize("size", [0.05, 3.0])
def test_the_learning_rate_is_relative_to_the_initial_numbers(size):
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 4))
    with torch.no_grad():
        model[1].weight.mul_(size / model[1].weight.square().mean().sqrt())
        model[1].bias.zero_()
    before = numbers(model)
    after_steps(plain(epochs=1, learning_rate=0.01), 1, model=model)
    # Adam's first step is the learning rate in each coordinate, and the schedule is at 1/10.
    fraction = (1 + np.cos(np.pi / STEPS)) / 2
    moved = (model[1].weight - before["1.weight"]).abs().median()
    assert moved.item() == pytest.approx(0.01 * fraction * size, rel=1e-3)
    moved = (model[1].bias - before["1.bias"]).abs().median()
    assert moved.item() == pytest.approx(0.01 * fraction, rel=1e-3)


def test_warmup_starts_small():
    start = next(network(norm=False).parameters())
    moved = []
    for warmup in (0.0, 0.5):
        model = after_steps(plain(epochs=1, warmup=warmup), 1)
        moved.append((next(model.parameters()) - start).norm().item())
    fraction = (1 + np.cos(np.pi / STEPS)) / 2
    assert moved[1] / moved[0] == pytest.approx(0.2 / fraction, rel=1e-3)


def test_the_last_step_has_no_learning_rate():
    settings = plain(epochs=1, batch_size=TRAINED)
    result = Trainer(network(norm=False), settings, 0).fit(dataset())
    assert same(numbers(result), numbers(network(norm=False)))


def test_weight_decay_shrinks_the_numbers():
    before = list(network(norm=False).parameters())
    without, with_decay = (
        list(after_steps(plain(epochs=1, weight_decay=decay), 1).parameters())
        for decay in (0.0, 2.0)
    )
    fraction = (1 + np.cos(np.pi / STEPS)) / 2
    for start, free, decayed in zip(before, without, with_decay, strict=True):
        rms = start.square().mean().sqrt().item() or 1.0
        shrunk = 2.0 * PLAIN.learning_rate * rms * fraction * start
        torch.testing.assert_close(decayed, free - shrunk, rtol=1e-4, atol=1e-6)


def test_clipping_bounds_the_gradient():
    def norm(model):
        return torch.cat([p.grad.reshape(-1) for p in model.parameters()]).norm().item()

    free = norm(after_steps(plain(), 1))
    assert free > 0.1
    assert norm(after_steps(plain(clip_norm=0.1), 1)) == pytest.approx(0.1, rel=1e-3)
    assert norm(after_steps(plain(clip_norm=2 * free), 1)) == pytest.approx(free)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_the_loss_is_the_smoothed_cross_entropy(smoothing):
    trainer = Trainer(
        network(norm=False),
        plain(epochs=1, batch_size=TRAINED, label_smoothing=smoothing),
        0,
    )
    trainer.fit(dataset())
    data, model = dataset(), network(norm=False)
    logits = model(data.train_images[:TRAINED].float() / 255).detach().double().numpy()
    logs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    right = logs[np.arange(TRAINED), data.train_labels[:TRAINED].numpy()]
    expected = -((1 - smoothing) * right + smoothing * logs.mean(1)).mean()
    assert trainer.history[0].loss == pytest.approx(expected, rel=1e-5)


def test_the_loss_of_an_epoch_is_the_mean_of_its_steps():
    class Recorder(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight, self.losses = nn.Parameter(torch.zeros(4, 64)), []

        def forward(self, x):
            return functional.linear(x.flatten(1), self.weight)

    model = Recorder()
    trainer = Trainer(model, plain(epochs=1), 0)
    step = trainer._step
    trainer._step = lambda *a: model.losses.append(step(*a)) or model.losses[-1]
    trainer.fit(dataset())
    assert len(model.losses) == STEPS
    assert trainer.history[0].loss == pytest.approx(np.mean(model.losses), rel=1e-12)


class Spy(nn.Module):
    """A linear layer that notes what it is given and the types it computes in."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.full((4, 64), 0.1))
        self.seen = {True: [], False: []}
        self.dtypes = {True: set(), False: set()}

    def forward(self, x):
        y = functional.linear(x.flatten(1), self.weight)
        self.seen[self.training].append(x.clone())
        self.dtypes[self.training].add(y.dtype)
        return y


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_precision_is_that_of_the_training_steps_only(precision):
    model = Spy()
    Trainer(model, plain(precision=precision), 0).fit(dataset())
    assert model.dtypes == {True: {getattr(torch, precision)}, False: {torch.float32}}
    assert model.weight.dtype == torch.float32


def rows(images):
    return sorted(images.flatten(1).tolist())


def test_every_training_image_is_seen_once_an_epoch_and_no_other():
    model, data = Spy(), dataset()
    Trainer(model, plain(), 0).fit(data)
    images = data.train_images.float() / 255
    epochs = [torch.cat(model.seen[True][k * STEPS : (k + 1) * STEPS]) for k in range(2)]
    assert [rows(epoch) for epoch in epochs] == [rows(images[:TRAINED])] * 2
    assert not torch.equal(epochs[0], epochs[1])
    checked = torch.cat(model.seen[False])
    assert torch.equal(checked, images[TRAINED:].repeat(2, 1, 1, 1))
    assert len(checked) == 2 * VALIDATION


def test_images_are_augmented_anew_every_epoch():
    model, data = Spy(), dataset()
    settings = plain(augmentation=Training().augmentation)
    Trainer(model, settings, 0).fit(data)
    images = rows(data.train_images[:TRAINED].float() / 255)
    epochs = [torch.cat(model.seen[True][k * STEPS : (k + 1) * STEPS]) for k in range(2)]
    assert images != rows(epochs[0]) != rows(epochs[1])


def test_the_test_set_is_not_touched():
    class Poison:
        def __getattr__(self, name):
            raise AssertionError(f"the test set was asked for {name}")

    data = dataclasses.replace(dataset(), test_images=Poison(), test_labels=Poison())
    Trainer(network(), plain(), 0).fit(data)


def test_validation_labels_are_not_learnt():
    data = dataset()
    labels = data.train_labels.clone()
    labels[TRAINED:] = 99  # an index error, if the loss saw it
    trainer = Trainer(network(), plain(), 0)
    result = trainer.fit(dataclasses.replace(data, train_labels=labels))
    assert [epoch.validation_accuracy for epoch in trainer.history] == [0.0, 0.0]
    assert same(numbers(result), numbers(Trainer(network(), plain(), 0).fit(data)))


@pytest.mark.parametrize("averaging", [0.05, 0.4, 50.0])
def test_averaging_follows_the_weights(averaging):
    model, steps = network(norm=False), {}

    def progress(done, total, last):
        steps[done] = np.concatenate([p.detach().numpy().ravel() for p in model.parameters()])

    result = Trainer(model, plain(averaging=averaging), 0).fit(dataset(), progress)
    horizon, expected = max(1.0, averaging * STEPS), 0.0
    for step in range(1, 2 * STEPS + 1):
        expected = expected + (steps[step] - expected) / min(step, horizon)
    found = np.concatenate([p.detach().numpy().ravel() for p in result.parameters()])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert (result is model) is False


def test_progress_is_told_every_step_and_every_epoch():
    calls = []
    trainer = Trainer(network(), plain(), 0)
    trainer.fit(dataset(), lambda done, total, last: calls.append((done, total, last)))
    first, second = trainer.history
    expected = [(done, 20, None) for done in range(1, 11)] + [(10, 20, first)]
    expected += [(done, 20, first) for done in range(11, 21)] + [(20, 20, second)]
    assert calls == expected


class Failing(nn.Module):
    """Gives a bad value, or a bad gradient, at one training step."""

    def __init__(self, step, what, value):
        super().__init__()
        self.weight = nn.Parameter(torch.full((4, 64), 0.1))
        self.step, self.what, self.value, self.count = step, what, value, 0
        self.before = None
        self.weight.register_hook(lambda grad: grad * self.factor("gradient"))

    def factor(self, what):
        return self.value if (self.count, self.what) == (self.step, what) else 1.0

    def forward(self, x):
        self.count += self.training
        if self.count == self.step:
            self.before = self.weight.detach().clone()
        return functional.linear(x.flatten(1), self.weight) * self.factor("value")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_says_where(value, tmp_path):
    model = Failing(STEPS + 3, "value", value)
    trainer = Trainer(model, plain(), 0, tmp_path / "state")
    with pytest.raises(NonFiniteLossError, match="loss is nan in epoch 2, step 3 of 10") as caught:
        trainer.fit(dataset())
    assert "learning rate 0.08" in str(caught.value)
    assert torch.equal(model.weight, model.before)
    assert [epoch.epoch for epoch in trainer.history] == [1]


def test_a_bad_gradient_is_found_at_the_next_step():
    with pytest.raises(NonFiniteLossError, match="loss is nan in epoch 1, step 5 of 10"):
        Trainer(Failing(4, "gradient", float("nan")), plain(), 0).fit(dataset())


def test_a_bad_gradient_of_the_last_step_is_found_before_it_is_kept(tmp_path):
    state = tmp_path / "state"
    model = Failing(2 * STEPS, "gradient", float("nan"))
    with pytest.raises(NonFiniteLossError, match="not finite after epoch 2, step 10 of 10"):
        Trainer(model, plain(), 0, state).fit(dataset())
    trainer = Trainer(Failing(-1, "", 1.0), plain(), 0, state)
    trainer.fit(dataset(), resume=True)
    assert len(trainer.history) == 2


def test_mistakes_are_told_at_once():
    with pytest.raises(ValueError, match="batch_size 321 exceeds the 320 training samples"):
        Trainer(network(), plain(batch_size=TRAINED + 1), 0).fit(dataset())
    with pytest.raises(ValueError, match="seed must lie between"):
        Trainer(network(), plain(), -1)
    with pytest.raises(ValueError, match="empty parameter list"):
        Trainer(nn.Flatten(), plain(), 0)
    few = dataclasses.replace(dataset(), train_labels=dataset().train_labels[:VALIDATION])
    with pytest.raises(ValueError, match="validation"):
        Trainer(network(), plain(), 0).fit(few)


def test_numbers_that_start_near_zero_are_as_fast_as_zeros():
    """Otherwise a pool of few shared numbers would stay where it was drawn."""
    moved = {}
    for start in (0.0, 4e-3, 6e-3):
        model = network(norm=False)
        numbers = next(p for p in model.parameters() if p.shape == (12,))
        with torch.no_grad():
            numbers.fill_(start)
        Trainer(model, Training(epochs=1, batch_size=32, averaging=None, augmentation=None), 0).fit(
            dataset()
        )
        moved[start] = (numbers - start).abs().max().item()
    assert moved[4e-3] > 0.5 * moved[0.0]
    assert moved[6e-3] < 0.1 * moved[0.0]

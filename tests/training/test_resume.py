"""A training that is taken up again ends in the numbers of the one that was never stopped."""

import pytest
import torch
from tests.training.synthetic import BATCH, STEPS, dataset, network, numbers, same
from torch import nn

from prodsumnet.storage import save, tensors
from prodsumnet.training import Augmentation, Trainer, Training

EPOCHS = 3
SETTINGS = {
    "plain": Training(epochs=EPOCHS, batch_size=BATCH, averaging=None, augmentation=None),
    "averaged": Training(epochs=EPOCHS, batch_size=BATCH, averaging=0.5, precision="float32"),
    "all": Training(
        epochs=EPOCHS,
        batch_size=BATCH,
        averaging=2.0,
        weight_decay=0.1,
        clip_norm=0.5,
        label_smoothing=0.1,
        augmentation=Augmentation(flip=True),
    ),
}
ALL = SETTINGS["all"]


class StopError(Exception):
    """Raised by the tests where a training is interrupted."""


class Odd(nn.Module):
    """Complex, shared, frozen and unused numbers, some without a decimal representation."""

    def __init__(self, seed):
        super().__init__()
        torch.manual_seed(seed)
        self.unused = nn.Parameter(torch.randn(3))
        self.frozen = nn.Parameter(torch.randn(64), requires_grad=False)
        self.first = self.second = nn.Parameter(torch.randn(64, 4, dtype=torch.complex64) / 8)
        self.scale = nn.Parameter(torch.ones(()))
        self.register_buffer("seeded", torch.ones(64), persistent=False)

    def forward(self, x):
        x = x.flatten(1) * self.frozen * self.seeded
        return self.scale * (x.to(torch.complex64) @ (self.first + self.second.conj() / 2)).abs()


BUILDERS = {"network": network, "odd": Odd}


def interrupted(model, settings, state, step):
    def progress(done, total, last):
        if done == step:
            raise StopError

    with pytest.raises(StopError):
        Trainer(model, settings, 5, state).fit(dataset(), progress)


@pytest.fixture(scope="module")
def uninterrupted():
    """What each network and setting ends in."""
    ends = {}
    for kind, build in BUILDERS.items():
        for name, settings in SETTINGS.items():
            trainer = Trainer(build(0), settings, 5)
            trainer.fit(dataset())
            ends[kind, name] = trainer
    return ends


@pytest.mark.parametrize("step", [STEPS + 1, 2 * STEPS - 1, 2 * STEPS, EPOCHS * STEPS])
@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("kind", BUILDERS)
def test_same_numbers_after_an_interruption(kind, name, step, uninterrupted, tmp_path):
    build, settings, state = BUILDERS[kind], SETTINGS[name], tmp_path / "state"
    interrupted(build(0), settings, state, step)
    # Even the initial numbers come from the state.
    trainer = Trainer(build(1), settings, 5, state)
    steps = []
    result = trainer.fit(dataset(), lambda done, total, last: steps.append(done), resume=True)
    # The first call at the end of an epoch is that of its last step, when it is not yet kept.
    assert steps[0] == ((step - 1) // STEPS) * STEPS + 1
    expected = uninterrupted[kind, name]
    assert same(numbers(result), numbers(expected.result))
    assert same(numbers(trainer.model), numbers(expected.model))
    assert trainer.history == expected.history


def test_interrupted_after_every_epoch(uninterrupted, tmp_path):
    state = tmp_path / "state"
    for epoch in range(1, EPOCHS + 1):

        def progress(done, total, last, epoch=epoch):
            if last is not None and last.epoch == epoch:
                raise StopError

        trainer = Trainer(network(epoch - 1), ALL, 5, state)
        with pytest.raises(StopError):
            trainer.fit(dataset(), progress, resume=True)
        assert len(trainer.history) == epoch
    expected = uninterrupted["network", "all"]
    assert trainer.history == expected.history
    assert same(numbers(trainer.result), numbers(expected.result))


def test_seconds_add_up(tmp_path):
    state = tmp_path / "state"
    first = Trainer(network(), ALL, 5, state)
    first.fit(dataset())
    again = Trainer(network(), ALL, 5, state)
    again.fit(dataset(), resume=True)
    assert again.seconds == first.seconds > 0


def test_a_finished_training_is_taken_up_as_it_is(uninterrupted, tmp_path):
    state = tmp_path / "state"
    Trainer(network(), ALL, 5, state).fit(dataset())
    before, calls = state.read_bytes(), []
    result = Trainer(network(3), ALL, 5, state).fit(
        dataset(), lambda *call: calls.append(call), resume=True
    )
    assert same(numbers(result), numbers(uninterrupted["network", "all"].result))
    assert (calls, state.read_bytes()) == ([], before)


def test_without_a_state_it_starts(uninterrupted, tmp_path):
    result = Trainer(network(), ALL, 5, tmp_path / "none").fit(dataset(), resume=True)
    assert same(numbers(result), numbers(uninterrupted["network", "all"].result))


def test_without_resuming_it_starts_anew(uninterrupted, tmp_path):
    state = tmp_path / "state"
    interrupted(network(7), ALL, state, STEPS + 1)
    result = Trainer(network(), ALL, 5, state).fit(dataset())
    assert same(numbers(result), numbers(uninterrupted["network", "all"].result))


@pytest.fixture
def state(tmp_path):
    path = tmp_path / "state"
    interrupted(network(), ALL, path, STEPS + 1)
    return path


OTHERS = {
    "another training": (network, ALL.model_copy(update={"clip_norm": 0.6}), 5, dataset),
    "another seed": (network, ALL, 6, dataset),
    "another data digest": (network, ALL, 5, lambda: dataset(1)),
    "another network": (lambda: network(norm=False), ALL, 5, dataset),
    "of another network": (lambda: network().double(), ALL, 5, dataset),
}


@pytest.mark.parametrize("message", OTHERS)
def test_another_training_is_refused_and_nothing_changes(message, state):
    build, settings, seed, data = OTHERS[message]
    model, before = build(), state.read_bytes()
    trainer = Trainer(model, settings, seed, state)
    start = numbers(model)
    with pytest.raises(ValueError, match=message):
        trainer.fit(data(), resume=True)
    assert same(numbers(model), start)
    assert (trainer.history, trainer.seconds) == ([], 0.0)
    assert state.read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"\x08" + bytes(7) + b"{}      ", bytes(100)],
    ids=["empty", "short", "no-metadata", "zeros"],
)
def test_a_file_that_is_no_state_is_refused(content, tmp_path):
    path = tmp_path / "state"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"state (is not a readable|was not written)"):
        Trainer(network(), ALL, 5, path).fit(dataset(), resume=True)


def test_a_saved_network_is_not_a_state(tmp_path):
    save(network(), tmp_path / "state")
    with pytest.raises(ValueError, match="is not the state of a training"):
        Trainer(network(), ALL, 5, tmp_path / "state").fit(dataset(), resume=True)


@pytest.mark.parametrize(
    "changes", [{"format": "x"}, {"history": [{"epoch": 1}]}, {"rates": [None]}, {"more": 1}]
)
def test_a_state_with_another_header_is_refused(changes, state):
    found, header = tensors.read(state)
    tensors.write(state, found, {**header, **changes})
    with pytest.raises(ValueError, match="is not the state of a training"):
        Trainer(network(), ALL, 5, state).fit(dataset(), resume=True)


def test_a_cut_state_is_refused(state):
    content = state.read_bytes()
    for length in range(0, len(content), len(content) // 20):
        state.write_bytes(content[:length])
        with pytest.raises(ValueError, match="not"):
            Trainer(network(), ALL, 5, state).fit(dataset(), resume=True)


def test_seeded_structure_is_not_in_the_state(tmp_path):
    path = tmp_path / "state"
    interrupted(Odd(0), ALL, path, STEPS + 1)
    assert b"seeded" not in path.read_bytes()
    assert b"model.frozen" in path.read_bytes()

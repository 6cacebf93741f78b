"""Trainings that the test runs in one process, and ``torchrun`` in two: what each finds is kept.

The numbers are in float64 and their gradients too, so that rounding is far below any mistake.
"""

import json
import math
import os
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from tests.training.synthetic import CLASSES, STEPS, dataset, network, numbers, same
from torch import nn

from prodsumnet.storage import tensors
from prodsumnet.training import Augmentation, NonFiniteLossError, Trainer, Training, process_count

SEED, EPOCHS, SHARE = 5, 3, 16
PLAIN = Training(
    epochs=EPOCHS, batch_size=SHARE, averaging=None, augmentation=None, precision="float32"
)
EVERYTHING = Training(
    epochs=EPOCHS,
    batch_size=SHARE,
    averaging=0.5,
    weight_decay=0.1,
    clip_norm=0.2,
    label_smoothing=0.1,
    augmentation=Augmentation(flip=True),
)


class Exact(nn.Module):
    """A network in float64, whatever autocast says."""

    def __init__(self):
        super().__init__()
        self.inside = network(norm=False).double()

    def forward(self, images):
        with torch.autocast("cpu", enabled=False):
            return self.inside(images.double())


class Complex(nn.Module):
    """A layer of complex numbers."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        start = torch.randn(CLASSES, 64, dtype=torch.complex128, generator=generator)
        self.weight = nn.Parameter(start / 8)

    def forward(self, images):
        return (images.flatten(1).to(self.weight.dtype) @ self.weight.T).abs()


class Failing(nn.Module):
    """Is not finite in one step of one process."""

    def __init__(self, step, rank):
        super().__init__()
        self.weight = nn.Parameter(torch.full((CLASSES, 64), 0.1))
        self.left = step if rank == int(os.environ["RANK"]) else math.inf

    def forward(self, images):
        self.left -= self.training
        return images.flatten(1) @ self.weight.T * (math.nan if self.left == 0 else 1.0)


CASES = {"plain": (Exact, PLAIN), "everything": (Exact, EVERYTHING), "complex": (Complex, PLAIN)}


def train(name, times=1):
    """Train a case on batches so many times as large; return what is found."""
    build, settings = CASES[name]
    model = build()
    settings = settings.model_copy(update={"batch_size": times * settings.batch_size})
    trainer = Trainer(model, settings, SEED)
    found = numbers(trainer.fit(dataset()))
    gradients = {f"gradient.{key}": p.grad for key, p in model.named_parameters()}
    found = {
        key: tensors.as_real(tensor).contiguous() for key, tensor in (found | gradients).items()
    }
    return found, [epoch.model_dump() for epoch in trainer.history]


def resumed(state):
    """Whether a training that all processes left and took up again ends in the same numbers."""

    class StopError(Exception):
        pass

    def stopping(done, total, last):
        if done == STEPS + 3:
            raise StopError

    expected = Trainer(Exact(), EVERYTHING, SEED).fit(dataset())
    try:
        Trainer(Exact(), EVERYTHING, SEED, state).fit(dataset(), stopping)
    except StopError:
        steps = []
        trainer = Trainer(Exact(), EVERYTHING, SEED, state)
        found = trainer.fit(dataset(), lambda done, *_: steps.append(done), resume=True)
        return steps[0] == STEPS + 1 and same(numbers(expected), numbers(found))
    return False


def refusals(folder, rank):
    """What several processes are told that cannot train together."""
    tries = {
        "normalised": lambda: Trainer(network(), PLAIN, SEED),
        "large": lambda: Trainer(Exact(), PLAIN.model_copy(update={"batch_size": 161}), SEED).fit(
            dataset()
        ),
        "seeds": lambda: Trainer(Exact(), PLAIN, SEED + rank).fit(dataset()),
        "folders": lambda: Trainer(Exact(), EVERYTHING, SEED, folder / f"of-{rank}").fit(
            dataset(), resume=True
        ),
        "first": lambda: Trainer(Failing(STEPS + 4, 0), PLAIN, SEED).fit(dataset()),
        "second": lambda: Trainer(Failing(STEPS + 4, 1), PLAIN, SEED).fit(dataset()),
    }
    for name, attempt in tries.items():
        try:
            attempt()
        except (ValueError, NonFiniteLossError) as error:
            yield name, str(error)


def main(folder, rank):
    found = {"processes": process_count(), "resumed": resumed(folder / "of-0")}
    for name in CASES:
        kept, found[name] = train(name)
        save_file(kept, folder / f"{name}-{rank}.safetensors")
    found["refusals"] = dict(refusals(folder, rank))
    (folder / f"{rank}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(os.environ["RANK"]))

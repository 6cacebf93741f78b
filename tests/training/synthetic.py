"""A small problem: which quarter of a noisy image is bright."""

import torch
from torch import nn

from prodsumnet.data import Dataset
from prodsumnet.nn import Linear, Network
from prodsumnet.operators import Dense

CLASSES, STEPS, BATCH = 4, 10, 32
TRAINED = STEPS * BATCH
VALIDATION = 5000


def dataset(seed=0, test=50, side=8):
    generator = torch.Generator().manual_seed(seed)
    count = TRAINED + VALIDATION + test
    labels = torch.randint(CLASSES, (count,), generator=generator)
    images = torch.randint(0, 120, (count, 1, side, side), generator=generator)
    half = side // 2
    for label in range(CLASSES):
        rows, columns = (slice(k * half, (k + 1) * half) for k in divmod(label, 2))
        images[labels == label, :, rows, columns] += 60
    images, known = images.to(torch.uint8), TRAINED + VALIDATION
    digest = f"synthetic-{seed}"
    return Dataset(
        "synthetic", images[:known], labels[:known], images[known:], labels[known:], digest
    )


def network(seed=0, norm=True, side=8):
    torch.manual_seed(seed)
    layers = (
        nn.Flatten(),
        Linear(side**2, 12, Dense(12, 4) @ Dense(4, side**2)),
        *([nn.BatchNorm1d(12)] if norm else []),
        nn.ReLU(),
        Linear(12, CLASSES, Dense(CLASSES, 12)),
    )
    return Network(*layers, input_shape=(1, side, side))


def numbers(model):
    """Copies of everything that a module keeps."""
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def same(first, second):
    """Whether two dicts of tensors are equal to the bit."""
    assert first.keys() == second.keys()
    return all(torch.equal(first[name], second[name]) for name in first)

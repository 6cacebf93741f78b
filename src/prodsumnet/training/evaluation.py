"""What a network gets right."""

import torch
from torch import nn

from prodsumnet.training.inputs import to_inputs

_BATCH = 200
"""Images at a time: of more, what a first layer makes of them would be fetched from memory."""


@torch.no_grad()
def predictions(model: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Return the class with the largest logit, ``(N,)``, of every image or row of a table.

    Parameters
    ----------
    model : Module
        Maps floats, of images in [0, 1], to logits.
    images : Tensor
        ``(N, ...)``, floats, or bytes, which are divided by 255.
    """
    device = next(model.parameters()).device
    training = model.training
    model.eval()
    classes = []
    for part in images.split(_BATCH):
        classes.append(model(to_inputs(part.to(device))).argmax(dim=1).cpu())
    model.train(training)
    return torch.cat(classes)


def accuracy(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    """Return the fraction of images whose class is predicted, in float32 arithmetic."""
    return (predictions(model, images) == labels.cpu()).double().mean().item()


def confusion_matrix(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return how many images of each class (row) are taken for each class (column).

    Parameters
    ----------
    model, images
        As in `predictions`.
    labels : Tensor
        ``(N,)``, the true classes.

    Returns
    -------
    Tensor
        int64, ``(classes, classes)``, for the classes up to the largest that is true or predicted.
    """
    taken = predictions(model, images)
    classes = int(max(taken.max(), labels.max())) + 1
    pairs = labels.cpu() * classes + taken
    return torch.bincount(pairs, minlength=classes**2).view(classes, classes)

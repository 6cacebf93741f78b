"""The state of an unfinished training, written after every epoch."""

from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from torch import nn

from prodsumnet.storage import tensors
from prodsumnet.training.settings import Settings, Training

FORMAT = "prodsumnet-training"


class Epoch(Settings):
    """What is known at the end of an epoch: mean loss, and accuracy on the validation split."""

    epoch: int
    loss: float
    validation_accuracy: float


class Header(Settings):
    """What a training is, and how far it has come."""

    format: str = FORMAT
    seed: int
    training: Training
    data_digest: str
    history: list[Epoch]
    seconds: float


def save_state(
    path: Path, header: Header, modules: dict[str, nn.Module], optimizer: torch.optim.Optimizer
) -> None:
    """Write a header, modules and the optimizer's tensors, atomically."""
    found = _module_tensors(modules) | _optimizer_tensors(optimizer)
    tensors.write(path, found, header.model_dump(mode="json"))


def load_state(
    path: Path, header: Header, modules: dict[str, nn.Module], optimizer: torch.optim.Optimizer
) -> Header:
    """Fill modules and optimizer from a file that `save_state` wrote; return its header.

    Parameters
    ----------
    path : Path
        The file.
    header : Header
        Of the training that wants to go on; its history and its seconds do not matter.
    modules, optimizer
        To be filled; unchanged if the file is refused.

    Raises
    ------
    ValueError
        If the file is not the state of this training of these modules.
    """
    found, fields = tensors.read(path)
    theirs = _parse(path, fields)
    for name in ("seed", "training", "data_digest"):
        if getattr(theirs, name) != getattr(header, name):
            raise ValueError(
                f"{path} is of a training with another {name.replace('_', ' ')}; "
                "give another folder or start without resuming"
            )
    expected = _module_tensors(modules)
    moments = _empty_moments(optimizer, found)
    for index, values in moments.items():
        expected |= {f"optimizer.{index}.{key}": v for key, v in values.items()}
    if _layout(expected) != _layout(found):
        raise ValueError(f"{path} is of a training of another network")
    for key, value in expected.items():
        value.copy_(found[key])
    for index, parameter in enumerate(_parameters(optimizer)):
        if index in moments:
            optimizer.state[parameter] = moments[index]
    return theirs


def _parse(path: Path, fields: dict[str, Any]) -> Header:
    if fields.get("format") != FORMAT:
        raise ValueError(f"{path} is not the state of a training")
    try:
        return Header.model_validate(fields)
    except ValidationError as error:
        raise ValueError(
            f"{path} is not the state of a training: {error.errors()[0]['msg']}"
        ) from error

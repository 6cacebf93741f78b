"""The state of an unfinished training, written after every epoch."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from torch import nn

from prodsumnet.storage import tensors
from prodsumnet.training.settings import Settings, Training

FORMAT = "prodsumnet-training"

_IDENTITY = {
    "seed": "seed",
    "training": "training",
    "data_digest": "data digest",
    "processes": "number of processes",
}
"""Fields of a header that say which training it is of, in words."""

Moments = dict[str, torch.Tensor]
"""What Adam keeps of one parameter."""


class Epoch(Settings):
    """What is known at the end of an epoch: mean loss, and accuracy on the validation split."""

    epoch: int
    loss: float
    validation_accuracy: float


class Header(Settings):
    """What a training is, and how far it has come.

    The learning rate of every parameter is kept, since it comes from the initial numbers.
    """

    format: str = FORMAT
    seed: int
    training: Training
    data_digest: str
    processes: int = 1
    rates: list[float]
    history: list[Epoch]
    seconds: float


def save_state(
    path: Path, header: Header, modules: dict[str, nn.Module], optimizer: torch.optim.Optimizer
) -> None:
    """Write a header, modules and the optimizer's tensors, atomically."""
    found = _module_tensors(modules) | _optimizer_tensors(optimizer, optimizer.state)
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
        Of the training that wants to go on; what it is must agree, how far it has come may not.
    modules, optimizer
        To be filled; unchanged if the file is refused.

    Raises
    ------
    ValueError
        If the file is not the state of this training of these modules.
    """
    found, fields = tensors.read(path)
    theirs = _parse(path, fields)
    for name, words in _IDENTITY.items():
        if getattr(theirs, name) != getattr(header, name):
            raise ValueError(
                f"{path} is of a training with another {words}; "
                "give another folder or start without resuming"
            )
    moments = _no_moments(optimizer, found)
    expected = _module_tensors(modules) | _optimizer_tensors(optimizer, moments)
    if _layout(expected) != _layout(found):
        raise ValueError(f"{path} is of a training of another network")
    for key, value in expected.items():
        value.copy_(found[key])
    optimizer.state.update(moments)
    return theirs


def _parse(path: Path, fields: dict[str, Any]) -> Header:
    if fields.get("format") != FORMAT:
        raise ValueError(f"{path} is not the state of a training")
    try:
        return Header.model_validate_json(json.dumps(fields))
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise ValueError(f"{path} is not the state of a training: {reason}") from error


def _layout(found: dict[str, torch.Tensor]) -> dict[str, tuple[torch.dtype, torch.Size]]:
    return {key: (tensor.dtype, tensor.shape) for key, tensor in found.items()}


def _module_tensors(modules: dict[str, nn.Module]) -> dict[str, torch.Tensor]:
    """Return the numbers of modules that are state, in their own memory."""
    found = {}
    for name, module in modules.items():
        persistent = module.state_dict().keys()
        for key, tensor in (*module.named_parameters(), *module.named_buffers()):
            if key in persistent:
                found[f"{name}.{key}"] = tensors.as_real(tensor)
    return found


def _optimizer_tensors(
    optimizer: torch.optim.Optimizer, state: Mapping[torch.Tensor, Moments]
) -> dict[str, torch.Tensor]:
    """Return what an optimizer keeps of every parameter that it has moved, in its own memory."""
    return {
        _moment_key(index, name): tensors.as_real(value)
        for index, (parameter, _) in enumerate(_parameters(optimizer))
        for name, value in state.get(parameter, {}).items()
    }


def _no_moments(
    optimizer: torch.optim.Optimizer, found: dict[str, torch.Tensor]
) -> dict[torch.Tensor, Moments]:
    """Return what Adam would keep, at zero, of the parameters that a file has something of."""
    return {
        parameter: {
            "step": torch.zeros((), device=parameter.device if fused else None),
            "exp_avg": torch.zeros_like(parameter),
            "exp_avg_sq": torch.zeros_like(parameter),
        }
        for index, (parameter, fused) in enumerate(_parameters(optimizer))
        if _moment_key(index, "step") in found
    }


def _moment_key(index: int, name: str) -> str:
    return f"optimizer.{index}.{name}"


def _parameters(optimizer: torch.optim.Optimizer) -> list[tuple[torch.Tensor, bool]]:
    return [(p, bool(group["fused"])) for group in optimizer.param_groups for p in group["params"]]

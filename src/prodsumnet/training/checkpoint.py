"""The state of an unfinished training, written after every epoch."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from prodsumnet.storage import tensors

FORMAT = "prodsumnet-training"


def save_state(
    path: Path,
    modules: dict[str, nn.Module],
    optimizer: torch.optim.Optimizer,
    header: dict[str, Any],
) -> None:
    """Write modules, the optimizer's tensors and a JSON header, atomically."""
    found = {f"optimizer.{key}": value for key, value in _optimizer_tensors(optimizer).items()}
    for name, module in modules.items():
        found |= {f"{name}.{key}": value for key, value in _module_tensors(module).items()}
    tensors.write(path, found, {"format": FORMAT, **header})


def read_header(path: Path) -> dict[str, Any]:
    """Return the header of a training state.

    Raises
    ------
    ValueError
        If the file is not a training state.
    """
    header = tensors.read(path)[1]
    if header.get("format") != FORMAT:
        raise ValueError(f"{path} is not the state of a training")
    return header


@torch.no_grad()
def load_state(
    path: Path, modules: dict[str, nn.Module], optimizer: torch.optim.Optimizer
) -> dict[str, Any]:
    """Fill modules and optimizer from a file that `save_state` wrote; return its header.

    Raises
    ------
    ValueError
        If the file holds other tensors than these modules have.
    """
    found, header = tensors.read(path)
    for parameter in (p for group in optimizer.param_groups for p in group["params"]):
        optimizer.state[parameter] = {
            "step": torch.zeros(()),
            "exp_avg": torch.zeros_like(parameter),
            "exp_avg_sq": torch.zeros_like(parameter),
        }
    expected = {f"optimizer.{key}": value for key, value in _optimizer_tensors(optimizer).items()}
    for name, module in modules.items():
        expected |= {f"{name}.{key}": value for key, value in _module_tensors(module).items()}
    shapes = {key: value.shape for key, value in expected.items()}
    if header.get("format") != FORMAT or shapes != {key: t.shape for key, t in found.items()}:
        raise ValueError(f"{path} is not the state of a training of this network")
    for key, value in expected.items():
        value.copy_(found[key])
    return header


def _optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    return {
        f"{index}.{key}": value
        for index, parameter in enumerate(parameters)
        for key, value in optimizer.state[parameter].items()
    }


def _module_tensors(module: nn.Module) -> dict[str, torch.Tensor]:
    entries = [*module.named_parameters(), *module.named_buffers()]
    persistent = module.state_dict().keys()
    return {name: tensor for name, tensor in entries if name in persistent}

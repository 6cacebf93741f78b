"""Lightning Fabric as the trainings here need it.

Its import brings a part of torch that takes a second, which the first optimizer brings as well. So
only a `Trainer` imports this file, and the package stays quick to import.
"""

import atexit
import inspect
import logging
from contextlib import AbstractContextManager
from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import Precision
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning_fabric.strategies.ddp import DDPStrategy
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from prodsumnet.training.processes import local_process_count, process_count

# Its import lets it tell the terminal what it was asked for.
logging.getLogger("lightning_fabric").setLevel(logging.WARNING)

_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


class _Autocast(Precision):
    """bfloat16 where autocast takes it. Fabric's own would round the images to it as well."""

    precision = "bf16-mixed"

    def __init__(self, device: str) -> None:
        self._device = device

    def forward_context(self) -> AbstractContextManager:
        return torch.autocast(self._device, torch.bfloat16)


def launch(model: nn.Module, precision: str) -> Fabric:
    """Return Fabric for this process alone, or joined to the processes of ``torchrun``.

    Parameters
    ----------
    model : Module
        What is to be trained, where it is. Of several processes on GPUs each takes the one of its
        local rank.
    precision : str
        ``"float32"`` or ``"bfloat16"``.

    Raises
    ------
    ValueError
        If several processes shall train a network with batch normalisation.
    """
    device = next(model.parameters()).device
    together = process_count() > 1
    if together and any(isinstance(module, _BATCH_NORMS) for module in model.modules()):
        raise ValueError(
            f"{process_count()} processes cannot train a network with batch normalisation: "
            "each would normalise over its own part of a batch; train it in one process"
        )
    alone_on = 1 if device.type == "cpu" else [device.index or 0]
    fabric = Fabric(
        accelerator=device.type,
        strategy=_strategy() if together else "auto",
        devices=local_process_count() if together else alone_on,
        num_nodes=process_count() // local_process_count(),
        plugins=[
            _Autocast(device.type) if precision == "bfloat16" else Precision(),
            # Named, so that no other environment is looked for, such as that of a batch system.
            TorchElasticEnvironment() if together else LightningEnvironment(),
        ],
    )
    fabric.launch()
    if together:
        # Fabric does it for NCCL alone, and threads of gloo that nobody joins abort the process.
        atexit.register(_leave)
    return fabric


def _leave() -> None:
    if distributed.is_initialized():
        distributed.destroy_process_group()


def _strategy() -> DDPStrategy:
    # What our networks hold beside parameters is fixed, so it is not sent in every step. The name
    # of this option depends on the version of torch.
    known = inspect.signature(DistributedDataParallel).parameters
    name = "forward_sync_buffers" if "forward_sync_buffers" in known else "broadcast_buffers"
    options: dict[str, Any] = {name: False}
    return DDPStrategy(**options)

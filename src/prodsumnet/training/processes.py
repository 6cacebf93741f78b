"""The processes that train one network together under ``torchrun``; otherwise there is one."""

import os

import torch
from torch import distributed


def process_count() -> int:
    """Return how many processes ``torchrun`` started, on all machines; one if it did not."""
    launched = distributed.is_available() and distributed.is_torchelastic_launched()
    return int(os.environ["WORLD_SIZE"]) if launched else 1


def process_rank() -> int:
    """Return the number of this process among them, from zero."""
    return int(os.environ["RANK"]) if process_count() > 1 else 0


def local_process_count() -> int:
    """Return how many of them are on this machine."""
    return int(os.environ["LOCAL_WORLD_SIZE"]) if process_count() > 1 else 1


def own_places(batches: int, size: int) -> torch.Tensor:
    """Return which samples this process takes, of batches that lie one after the other.

    Parameters
    ----------
    batches : int
        How many.
    size : int
        How many samples of a batch each process takes.

    Returns
    -------
    Tensor
        ``(batches * size,)``, one part of every batch after the other.
    """
    places = torch.arange(batches * process_count() * size).view(batches, process_count(), size)
    return places[:, process_rank()].flatten()


def is_first_process() -> bool:
    """Whether this is the process that writes files and speaks for all."""
    return process_rank() == 0

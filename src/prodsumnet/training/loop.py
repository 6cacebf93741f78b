"""The training loop: resumable after every epoch, to the same numbers as without interruption."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

from prodsumnet.data import Dataset
from prodsumnet.numerics import streams
from prodsumnet.training.augmentation import augment
from prodsumnet.training.checkpoint import load_state, read_header, save_state
from prodsumnet.training.evaluation import accuracy
from prodsumnet.training.schedule import one_cycle
from prodsumnet.training.settings import Training

_STARTS_AT_ZERO = 2e-3


class NonFiniteLossError(ArithmeticError):
    """The loss became infinite or not a number; training stops where it happened."""


@dataclass(frozen=True)
class Epoch:
    """What is known at the end of an epoch: mean loss, and accuracy on the validation split."""

    epoch: int
    loss: float
    validation_accuracy: float


Progress = Callable[[int, int, Epoch | None], None]
"""Called after every step with the steps done, the steps in all, and the last epoch's results."""


class Trainer:
    """Train one network on one data set.

    Everything random in an epoch comes from a generator seeded by (seed, epoch), so a training that
    goes on from a checkpoint is the one that was never interrupted, to the bit on one machine with
    one number of threads.

    Parameters
    ----------
    model : Module
        The network, with its initial numbers; trained in place.
    settings : Training
        How.
    seed : int
        Of the order of the images and of their augmentation.
    state : Path, optional
        File of the training state, replaced after every epoch; without it nothing is kept.

    Attributes
    ----------
    history : list of Epoch
        What is known of the epochs that are done.
    seconds : float
        Wall time of the epochs that are done, over all sessions.
    """

    def __init__(
        self, model: nn.Module, settings: Training, seed: int, state: Path | None = None
    ) -> None:
        self.model, self.settings, self.seed, self.state = model, settings, seed, state
        self.history: list[Epoch] = []
        self.seconds = 0.0
        self._rates = [settings.learning_rate * _scale(p) for p in model.parameters()]
        self._optimizer = torch.optim.AdamW(
            [{"params": [p]} for p in model.parameters()],
            betas=settings.betas,
            weight_decay=settings.weight_decay,
            fused=True,
        )
        self._average: AveragedModel | None = None

    @property
    def result(self) -> nn.Module:
        """The network to use: the average of the weights where averaging is on."""
        return self.model if self._average is None else self._average.module

    def resume(self) -> bool:
        """Take up the state file, if there is one, and say whether there was.

        Raises
        ------
        ValueError
            If the file is of another network, other settings or another seed.
        """
        if self.state is None or not self.state.is_file():
            return False
        header = read_header(self.state)
        if header.get("settings") != self._identity():
            raise ValueError(
                f"{self.state} was written with other settings or another seed; "
                "give another folder or start without resuming"
            )
        steps = int(header["steps_per_epoch"])
        load_state(self.state, self._modules(steps), self._optimizer)
        self.history = [Epoch(**entry) for entry in header["history"]]
        self.seconds = float(header["seconds"])
        return True

    def fit(self, data: Dataset, progress: Progress | None = None) -> nn.Module:
        """Train the epochs that remain and return the network to use.

        Parameters
        ----------
        data : Dataset
            Its training split is learnt from and its validation split is evaluated after every
            epoch; its test set is not touched.
        progress : callable, optional
            See `Progress`.

        Raises
        ------
        NonFiniteLossError
            If the loss becomes infinite or not a number; the message says where.
        ValueError
            If the batch size exceeds the number of training images.
        """
        device = next(self.model.parameters()).device
        split = data.split()
        images = split.train_images.to(device).float() / 255
        labels = split.train_labels.to(device)
        steps = len(labels) // self.settings.batch_size
        if steps == 0:
            raise ValueError(
                f"batch_size {self.settings.batch_size} exceeds the {len(labels)} training images"
            )
        modules = self._modules(steps)
        for epoch in range(len(self.history), self.settings.epochs):
            started = time.monotonic()
            loss = self._epoch(epoch, images, labels, steps, progress)
            correct = accuracy(self.result, split.validation_images, split.validation_labels)
            self.history.append(Epoch(epoch + 1, loss, correct))
            self.seconds += time.monotonic() - started
            if self.state is not None:
                header = {
                    "settings": self._identity(),
                    "steps_per_epoch": steps,
                    "seconds": self.seconds,
                    "history": [asdict(entry) for entry in self.history],
                }
                save_state(self.state, modules, self._optimizer, header)
        return self.result

    def _identity(self) -> dict[str, Any]:
        return {"seed": self.seed, "training": self.settings.model_dump(mode="json")}

    def _modules(self, steps_per_epoch: int) -> dict[str, nn.Module]:
        """Return what a checkpoint holds; the average exists from the first call on."""
        if self.settings.averaging is not None and self._average is None:
            horizon = max(1.0, self.settings.averaging * steps_per_epoch)
            self._average = AveragedModel(self.model, multi_avg_fn=_moving_average(horizon))
        modules = {"model": self.model}
        return modules if self._average is None else {**modules, "average": self._average}

    def _epoch(
        self,
        epoch: int,
        images: torch.Tensor,
        labels: torch.Tensor,
        steps: int,
        progress: Progress | None,
    ) -> float:
        """Train one epoch and return its mean loss."""
        settings, total = self.settings, 0.0
        generator = torch.Generator().manual_seed(streams.derive(self.seed, epoch))
        order = torch.randperm(len(labels), generator=generator).to(images.device)
        shuffled, targets = images[order], labels[order]
        if settings.augmentation is not None:
            shuffled = augment(shuffled, settings.augmentation, generator)
        self.model.train()
        for step in range(steps):
            position = epoch * steps + step
            span = slice(step * settings.batch_size, (step + 1) * settings.batch_size)
            fraction = one_cycle((position + 1) / (settings.epochs * steps), settings.warmup)
            loss = self._step(shuffled[span], targets[span], fraction)
            if not math.isfinite(loss):
                raise NonFiniteLossError(
                    f"the loss is {loss} in epoch {epoch + 1}, step {step + 1} of {steps}, at "
                    f"{fraction:.3f} of the learning rate {settings.learning_rate}; "
                    "lower the learning rate or set clip_norm"
                )
            total += loss
            if progress is not None:
                last = self.history[-1] if self.history else None
                progress(position + 1, settings.epochs * steps, last)
        return total / steps

    def _step(self, images: torch.Tensor, targets: torch.Tensor, fraction: float) -> float:
        settings = self.settings
        for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * fraction
        half = settings.precision == "bfloat16"
        with torch.autocast(images.device.type, torch.bfloat16, enabled=half):
            logits = self.model(images)
        loss = functional.cross_entropy(
            logits.float(), targets, label_smoothing=settings.label_smoothing
        )
        self._optimizer.zero_grad()
        loss.backward()
        if settings.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), settings.clip_norm)
        value = loss.item()
        if math.isfinite(value):
            self._optimizer.step()
            if self._average is not None:
                self._average.update_parameters(self.model)
        return value


def _scale(numbers: torch.Tensor) -> float:
    """Return the root mean square of initial numbers; one for those that start at zero."""
    size = numbers.detach().abs().square().mean().sqrt().item()
    return size if size > _STARTS_AT_ZERO else 1.0


def _moving_average(horizon: float) -> Callable[[Sequence[Any], Sequence[Any], Any], None]:
    """Return the update of a plain mean that becomes an exponential one after ``horizon`` steps."""

    @torch.no_grad()
    def update(average: Sequence[Any], current: Sequence[Any], count: Any) -> None:
        torch._foreach_lerp_(list(average), list(current), 1 / min(float(count) + 1, horizon))

    return update
